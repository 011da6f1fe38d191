import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { PlacedRecord } from "../event/record.ts"
import { journalName } from "../journal/files.ts"
import { formatCommit, formatJournalLine, groupCrc } from "../journal/line.ts"
import { COLUMNS, ident } from "../store/columns.ts"
import type { Duckdb } from "../store/duckdb.ts"
import { stageJournal } from "../store/stage.ts"
import { createTail, dropTail, loadStaged } from "../store/table.ts"
import { rereadSegment } from "./reread.ts"
import type { Damage } from "./verdict.ts"

/** Columns that do not follow from the record alone: its block's, and what other records make of it. */
const NOT_DERIVED = new Set(["duplicateOf", "seed", "salt", "digest", "leafHint"])
const TABLE = "derived"
/** Records derived at a time. */
const RECORDS_MAX = 20_000
/** Damages listed per file; a rewritten column is one finding, not 150,000. */
const LISTED_MAX = 1_000

/**
 * Derives every typed column of a segment again, the way it was derived when the segment was written: the records go
 * through a journal file of their own, staging and the same SQL. What differs is in the file and not in the evidence.
 */
export async function checkColumns(
  db: Duckdb,
  file: { readonly path: string; readonly name: string; readonly tempDir: string },
): Promise<Damage[]> {
  const damages: Damage[] = []
  let part: PlacedRecord[] = []
  const unreadable = (): void => undefined // told already, where the records are hashed
  for await (const records of rereadSegment(db, file.path, unreadable)) {
    for (const { content, ...record } of records) {
      if (content.kind === "kept") part.push({ ...record, body: Uint8Array.from(content.body) })
    }
    if (part.length < RECORDS_MAX) continue
    damages.push(...(await checkPart(db, file, part)))
    part = []
  }
  if (part.length > 0) damages.push(...(await checkPart(db, file, part)))
  return damages.slice(0, LISTED_MAX)
}

async function checkPart(
  db: Duckdb,
  { path, name, tempDir }: { readonly path: string; readonly name: string; readonly tempDir: string },
  part: readonly PlacedRecord[],
): Promise<Damage[]> {
  const records = part.toSorted((a, b) => a.number - b.number)
  const dir = join(tempDir, "columns")
  const place = `segments/${name}`
  try {
    await deriveInto(db, dir, records)
    return await compare(db, path, place)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const range = { first: records[0]?.number ?? 0, last: records.at(-1)?.number ?? 0 }
    return [{ thing: "column", cause: "unreadable", ...range, path: place, detail: error.message }]
  } finally {
    await dropTail(db, TABLE)
    await rm(dir, { recursive: true, force: true })
  }
}

/** Writes the records as a file of a journal, neighbours as a group, stages them and fills the table. */
async function deriveInto(db: Duckdb, dir: string, records: readonly PlacedRecord[]): Promise<void> {
  await mkdir(dir, { recursive: true })
  await createTail(db, TABLE)
  const first = records[0]?.number ?? 0
  const bytes = Buffer.concat(neighbours(records).flatMap(groupOf))
  const file = journalName(first)
  await writeFile(join(dir, file), bytes)
  const end = { file, bytes: bytes.length, next: (records.at(-1)?.number ?? first) + 1 }
  const limits = { recordsMax: records.length, bytesMax: Number.POSITIVE_INFINITY }
  const staged = await stageJournal({ journalDir: dir, end, first, limits, path: join(dir, "staged.tsv") })
  await loadStaged(db, TABLE, staged)
  const rows = await db.query(`SELECT count(*) FROM ${ident(TABLE)}`)
  if (rows.single().integer(0) !== records.length) {
    throw new Refusal(
      "segment.malformed",
      "records in it are none that a journal could hold: nothing follows from them",
    )
  }
}

async function compare(db: Duckdb, path: string, place: string): Promise<Damage[]> {
  const columns = COLUMNS.filter(({ name }) => !NOT_DERIVED.has(name)).map(({ name }) => name)
  const wrong = columns.map(
    (name) => `CASE WHEN s.${ident(name)} IS DISTINCT FROM d.${ident(name)} THEN '${name}' END`,
  )
  const sql = `SELECT "record", names FROM (
    SELECT d."record", concat_ws(', ', ${wrong.join(", ")}) AS names
    FROM ${ident(TABLE)} AS d JOIN read_parquet([?]) AS s USING ("record")) WHERE names <> '' ORDER BY 1 LIMIT ${LISTED_MAX}`
  const damages: Damage[] = []
  for (const batch of (await db.query(sql, [path])).batches()) {
    for (let row = 0; row < batch.count; row++) {
      const record = batch.integer(0, row) ?? 0
      const detail = `not what the record says: ${batch.text(1, row)}`
      damages.push({ thing: "column", cause: "changed", first: record, last: record, path: place, detail })
    }
  }
  return damages
}

function groupOf(run: readonly PlacedRecord[], group: number): readonly Uint8Array[] {
  const lines = Buffer.concat(run.map(formatJournalLine))
  const counted = { group, first: run[0]?.number ?? 0, count: run.length }
  return [lines, Buffer.from(formatCommit({ ...counted, crc: groupCrc(lines, counted) }))]
}

function neighbours(records: readonly PlacedRecord[]): PlacedRecord[][] {
  const runs: PlacedRecord[][] = []
  for (const record of records) {
    const run = runs.at(-1)
    if (run !== undefined && run[0]?.number === record.number - run.length) run.push(record)
    else runs.push([record])
  }
  return runs
}
