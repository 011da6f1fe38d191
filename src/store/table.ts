import { open, readFile, rm } from "node:fs/promises"
import { assert } from "../base/assert.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import {
  createTableSql,
  ident,
  REFUSED_SQL,
  repairSql,
  STAGED_TEXT,
  stagedLines,
  stagedSelect,
} from "./columns.ts"
import type { Duckdb } from "./duckdb.ts"
import { plainEvent } from "./plain.ts"
import type { Staged } from "./stage.ts"

/**
 * Tables in memory with the records that are in no segment yet: searched as the tail of every query, then
 * written as a segment, so a line is parsed once. Dropped whole: DELETE frees no memory.
 */
export async function createTail(db: Duckdb, table: string): Promise<void> {
  await db.query(createTableSql(table))
}

export async function dropTail(db: Duckdb, table: string): Promise<void> {
  db.forgetPlansOf(ident(table))
  await db.query(`DROP TABLE IF EXISTS ${ident(table)}`)
}

/**
 * Puts what was staged into a table. An empty one takes it at 7 µs per record; one that holds records already at 20,
 * since DuckDB then copies what it has just made: give much at once a table of its own.
 *
 * Resolves with the times of what was loaded. Throws `segment.unlike` when not every line arrived as it was staged. The staged files may be removed afterwards
 * ({@link removeStaged}).
 */
export async function loadStaged(db: Duckdb, table: string, staged: Staged): Promise<Times> {
  if (staged.files.length > 0) await insert(db, table, await relationOf(staged))
  for (const line of staged.long) await loadLong(db, table, line)
  const measured = await measure(db, table, staged.first)
  const { records, rawBytes, refused, times } = measured
  if (records !== staged.records || rawBytes !== staged.rawBytes) {
    const expected = `${staged.records} records, ${staged.rawBytes} bytes`
    throw new Refusal("segment.unlike", `staged ${expected}; read back ${records} records, ${rawBytes} bytes`)
  }
  if (refused === 0) return times
  await repair(db, table, staged)
  return (await measure(db, table, staged.first)).times
}

export async function removeStaged(staged: Staged): Promise<void> {
  for (const file of staged.files) await rm(file, { force: true })
  for (const { raw, json } of staged.long) {
    await rm(raw, { force: true })
    if (json !== undefined) await rm(json, { force: true })
  }
}

/** Nearly always all events are JSON to DuckDB too; where one is not, the statement fails as a whole and is run warily. */
async function insert(db: Duckdb, table: string, { relation, params }: Lines): Promise<void> {
  const into = `INSERT INTO ${ident(table)}`
  try {
    const trusting = `${into} ${stagedSelect(relation, "trusting")}`
    await (params.length > 0 ? db.queryAgain(trusting, params) : db.query(trusting))
  } catch (error) {
    if (!isRefusal(error, "store.failed")) throw error
    await db.query(`${into} ${stagedSelect(relation, "wary")}`, params)
  }
}

type Lines = { readonly relation: string; readonly params: readonly string[] }

/**
 * Bytes of bodies up to which their lines are a parameter of a statement whose plan is kept: of 800 records in a file a third
 * of the time is planning and opening a reader, and the JSON of 3,200 takes a third longer there too.
 */
const TEXT_BYTES_MAX = 8 * 1024 * 1024

async function relationOf({ files, rawBytes }: Staged): Promise<Lines> {
  if (rawBytes > TEXT_BYTES_MAX) return { relation: stagedLines(files), params: [] }
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")))
  return { relation: STAGED_TEXT, params: [texts.join("")] }
}

/** `_time` of the first and the last of some records; 0 where there are none. */
export type Times = { readonly timeMin: Micros; readonly timeMax: Micros }

type Measure = {
  readonly records: number
  readonly rawBytes: number
  readonly refused: number
  readonly times: Times
}

/** From record `first` on. What a table holds already has smaller numbers, and is not looked through again for each load. */
async function measure(db: Duckdb, table: string, first: number): Promise<Measure> {
  const rows = await db.queryAgain(
    `SELECT count(*), coalesce(sum(strlen("raw")), 0)::BIGINT, count(*) FILTER (${REFUSED_SQL}),
     min(epoch_us("_time")), max(epoch_us("_time")) FROM ${ident(table)} WHERE "record" >= $1`,
    [first],
  )
  const row = rows.single()
  const [records = 0, rawBytes = 0, refused = 0, timeMin = 0, timeMax = 0] = [0, 1, 2, 3, 4].map((column) =>
    row.integer(column),
  )
  return { records, rawBytes, refused, times: { timeMin, timeMax } }
}

/**
 * A record whose line no reader takes. Where its event is too much for DuckDB (a list of millions of groups,
 * say), its columns stay NULL; the record is there.
 */
async function loadLong(db: Duckdb, table: string, line: Staged["long"][number]): Promise<void> {
  const into = (json: string) =>
    `INSERT INTO ${ident(table)} ${stagedSelect(
      `(SELECT $1::VARCHAR AS head, r.content AS raw, ${json} AS json, $3::VARCHAR AS seed, $4::VARCHAR AS hint
        FROM read_text($2::VARCHAR) AS r)`,
      "wary",
    )}`
  const without = into("'-'")
  const values = [line.head, line.raw, line.seed, line.hint]
  if (line.json === undefined) {
    await db.query(without, values)
    return
  }
  try {
    await db.query(into("(SELECT content FROM read_text($5::VARCHAR))"), [...values, line.json])
  } catch (error) {
    if (!isRefusal(error, "store.memory") && !isRefusal(error, "store.failed")) throw error
    await db.query(without, values)
  }
}

/** Bodies held at once while they are repaired; each is at most a mebibyte. */
const REPAIRS_AT_ONCE = 256

/** Reads again, in JavaScript, the events whose JSON DuckDB refused, and fills in their columns. */
async function repair(db: Duckdb, table: string, staged: Staged): Promise<void> {
  let after = staged.first - 1
  for (;;) {
    const rows = await db.query(
      `SELECT "record", encode(CASE "rawEncoding" WHEN 'base64' THEN '' ELSE "raw" END) FROM ${ident(table)}
       WHERE "record" > $1 AND ${REFUSED_SQL} ORDER BY "record" LIMIT ${REPAIRS_AT_ONCE}`,
      [after],
    )
    if (rows.count === 0) return
    const path = `${staged.path}.repaired`
    const file = await open(path, "w")
    try {
      for (const batch of rows.batches()) {
        for (let row = 0; row < batch.count; row++) {
          const record = batch.integer(0, row)
          const body = batch.column(1).bytes(row)
          assert(record !== undefined && body !== undefined, "the query gives neither as NULL")
          after = record
          const json = plainEvent(body)
          if (json !== undefined) await file.write(`${repairHead(record)}\t\t${json}\t\t\n`)
        }
      }
    } finally {
      await file.close()
    }
    await db.query(repairSql(table, path))
    await rm(path)
  }
}

/** A head that says of an event what its columns need; the rest of the record stays as it is. */
function repairHead(record: number): string {
  return `${record} 1970-01-01T00:00:00.000000Z repaired 0 k8s.audit text`
}
