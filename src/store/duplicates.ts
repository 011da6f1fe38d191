import type { Micros } from "../base/time.ts"
import { keySql, mayHold } from "./bloom.ts"
import type { BloomCache } from "./bloom-cache.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import { ident } from "./columns.ts"
import { type Duckdb, quote } from "./duckdb.ts"
import { relationSql } from "./relation.ts"
import { segmentPath } from "./segment-name.ts"

/**
 * Marks repeated deliveries: `duplicateOf` becomes the number of the first record with the same body in the
 * same cluster. Candidates share cluster, auditID, stage and stageTimestamp; then all bytes are compared,
 * but for the words that the log back end alone writes first. Nothing is ever dropped: clients choose
 * auditIDs, so equal ids prove nothing.
 *
 * What is bounded, per call: at most {@link SEGMENTS_ASKED_MAX} segments whose range of `_time` holds a time
 * of the batch are asked by their Bloom filter (newest first), at most {@link SEGMENTS_READ_MAX} of them are
 * read (those with most candidates first), at most {@link MATCHES_MAX} earlier records are compared. A
 * sender that invents timestamps can make ranges overlap and reach these bounds; what is passed over stays
 * unmarked (shown twice) and is counted in the answer.
 */
export type DuplicateSearch = {
  readonly db: Duckdb
  readonly dir: string
  /** Holds the new records, from `first` on; records before it are marked already. */
  readonly table: string
  readonly first: number
  /** Tables with records before those of `table` that are in no segment. */
  readonly earlier: readonly string[]
  readonly entries: readonly CatalogueEntry[]
  readonly blooms: BloomCache
}

export type DuplicatesFound = {
  readonly marked: number
  /** Segments that might hold first deliveries and were not asked or read. */
  readonly passedOver: number
}

const SEGMENTS_ASKED_MAX = 256
const SEGMENTS_READ_MAX = 32
const MATCHES_MAX = 200_000

/** What identical deliveries share before their bytes are compared. */
const KEY = ["cluster", "auditID", "stage", "stageTimestamp"]
const KEY_LIST = KEY.map(ident).join(", ")
const IS_EVENT = `"auditID" IS NOT NULL`

const LOG_PREFIX = '{"kind":"Event","apiVersion":"audit.k8s.io/v1",'

/** The body as webhook and log back end both would send it. */
export function bodySql(raw: string): string {
  const rest = `concat('{', substr(${raw}, ${LOG_PREFIX.length + 1}))`
  return `CASE WHEN starts_with(${raw}, ${quote(LOG_PREFIX)}) THEN ${rest} ELSE ${raw} END`
}

export async function markDuplicates(search: DuplicateSearch): Promise<DuplicatesFound> {
  const spans = await spansOfNew(search)
  const within = await markWithin(search, spans.stage)
  const { pairs, passedOver } = await findEarlier(search, spans.time)
  if (pairs.records.length > 0) await markPairs(search, pairs)
  return { marked: within + pairs.records.length, passedOver }
}

/**
 * Groups of records whose ids agree and whose bytes do not: somebody sent two truths, or chose the same
 * audit id twice within a microsecond. Repeated deliveries of one body do not count. Columns: the key and
 * `records`, a list.
 */
export function conflictsSql(relation: string): string {
  return `SELECT ${KEY_LIST}, list("record" ORDER BY "record") AS records FROM ${relation}
    WHERE "duplicateOf" IS NULL AND ${IS_EVENT} GROUP BY ALL HAVING count(*) > 1`
}

/** Among the records that are in no segment. Returns how many were marked. */
async function markWithin({ db, table, first, earlier }: DuplicateSearch, stage: Span): Promise<number> {
  const all = relationSql({ files: [], tables: [...earlier, table] })
  const isCandidate = `${IS_EVENT} AND ${SAME_TIMES}`
  const values = [first, stage.min, stage.max]
  const repeated = await db.queryAgain(
    `SELECT hash(${KEY_LIST}) AS h FROM ${all} WHERE ${isCandidate}
     GROUP BY h HAVING count(*) > 1 AND max("record") >= $1`,
    values,
  )
  if (repeated.count === 0) return 0
  const found = await db.query(
    `WITH repeated AS (SELECT hash(${KEY_LIST}) AS h FROM ${all} WHERE ${isCandidate}
       GROUP BY h HAVING count(*) > 1 AND max("record") >= $1),
     candidates AS (SELECT "record", coalesce("duplicateOf", "record") AS origin, ${KEY_LIST}, ${bodySql('"raw"')} AS body
       FROM ${all} WHERE ${isCandidate} AND hash(${KEY_LIST}) IN (SELECT h FROM repeated))
     SELECT "record", origin FROM (
       SELECT "record", min(origin) OVER (PARTITION BY ${KEY_LIST}, body) AS origin FROM candidates)
     WHERE "record" >= $1 AND origin < "record"`,
    values,
  )
  const pairs = toPairs(found)
  if (pairs.records.length > 0) await update(db, table, "record", pairs)
  return pairs.records.length
}

/**
 * True of all that can have the same time as a new record: those that came before them mostly lie before their times, and
 * are looked at no further. $2 and $3: first and last `stageTimestamp` of the new ones.
 */
const SAME_TIMES = `("stageTimestamp" IS NULL OR "stageTimestamp" BETWEEN make_timestamp($2) AND make_timestamp($3))`

/** Nothing lies in it where `min` is the larger. */
type Span = { readonly min: Micros; readonly max: Micros }

/** Of the new events. */
async function spansOfNew({
  db,
  table,
  first,
}: DuplicateSearch): Promise<{ readonly stage: Span; readonly time: Span }> {
  const ends = ["stageTimestamp", "_time"].map(
    (name) => `min(epoch_us(${ident(name)})), max(epoch_us(${ident(name)}))`,
  )
  const sql = `SELECT ${ends.join(", ")} FROM ${ident(table)} WHERE "record" >= $1 AND ${IS_EVENT}`
  const row = (await db.queryAgain(sql, [first])).single()
  const span = (at: number) => ({ min: row.integer(at) ?? 1, max: row.integer(at + 1) ?? 0 })
  return { stage: span(0), time: span(2) }
}

type Pairs = { readonly records: readonly number[]; readonly origins: readonly number[] }

function toPairs(rows: Awaited<ReturnType<Duckdb["query"]>>): Pairs {
  const records: number[] = []
  const origins: number[] = []
  for (const batch of rows.batches()) {
    const [record, origin] = [batch.column(0), batch.column(1)]
    for (let row = 0; row < batch.count; row++) {
      records.push(record.integer(row) ?? 0)
      origins.push(origin.integer(row) ?? 0)
    }
  }
  return { records, origins }
}

type New = {
  readonly records: Float64Array
  readonly times: Float64Array
  readonly highs: Uint32Array
  readonly lows: Uint32Array
}

/** Looks for first deliveries in segments, for those new records that are the first of their body so far. */
async function findEarlier(
  search: DuplicateSearch,
  time: Span,
): Promise<{ pairs: Pairs; passedOver: number }> {
  const overlapping = search.entries.filter(
    ({ last, timeMin, timeMax }) => last < search.first && timeMax >= time.min && timeMin <= time.max,
  )
  if (overlapping.length === 0) return { pairs: { records: [], origins: [] }, passedOver: 0 }
  const asked = overlapping.slice(-SEGMENTS_ASKED_MAX)
  const fresh = await readNew(search, spanOf(asked))
  const hits: { entry: CatalogueEntry; records: number[] }[] = []
  for (const entry of asked) {
    const records = await hitsIn(search.blooms, entry, fresh)
    if (records.length > 0) hits.push({ entry, records })
  }
  hits.sort((a, b) => b.records.length - a.records.length)
  const read = hits.slice(0, SEGMENTS_READ_MAX)
  const passedOver = overlapping.length - asked.length + (hits.length - read.length)
  if (read.length === 0) return { pairs: { records: [], origins: [] }, passedOver }
  const records = [...new Set(read.flatMap((hit) => hit.records))]
  const files = read.map(({ entry }) => segmentPath(search.dir, entry.name))
  return { pairs: await compare(search, records, files), passedOver }
}

/** Those with a `_time` in the span: of what arrives in order, the few that overlap the segment before. */
async function readNew({ db, table, first }: DuplicateSearch, { min, max }: Span): Promise<New> {
  const rows = await db.queryAgain(
    `SELECT "record", epoch_us("_time"), ${keySql('"auditID"')} FROM ${ident(table)}
     WHERE "record" >= $1 AND "_time" BETWEEN make_timestamp($2) AND make_timestamp($3)
       AND ${IS_EVENT} AND "duplicateOf" IS NULL`,
    [first, min, max],
  )
  const fresh: New = {
    records: new Float64Array(rows.count),
    times: new Float64Array(rows.count),
    highs: new Uint32Array(rows.count),
    lows: new Uint32Array(rows.count),
  }
  let at = 0
  for (const batch of rows.batches()) {
    const columns = [0, 1, 2, 3].map((index) => batch.column(index))
    for (let row = 0; row < batch.count; row++, at++) {
      fresh.records[at] = columns[0]?.integer(row) ?? 0
      fresh.times[at] = columns[1]?.integer(row) ?? 0
      fresh.highs[at] = columns[2]?.integer(row) ?? 0
      fresh.lows[at] = columns[3]?.integer(row) ?? 0
    }
  }
  return fresh
}

function spanOf(entries: readonly CatalogueEntry[]): Span {
  let [min, max] = [Infinity, -Infinity]
  for (const { timeMin, timeMax } of entries) {
    if (timeMin < min) min = timeMin
    if (timeMax > max) max = timeMax
  }
  return { min, max }
}

async function hitsIn(blooms: BloomCache, entry: CatalogueEntry, fresh: New): Promise<number[]> {
  const { records, times, highs, lows } = fresh
  const { timeMin, timeMax } = entry
  const bloom = await blooms.get(entry)
  const hits: number[] = []
  for (let i = 0; i < records.length; i++) {
    const time = times[i] as number
    if (time < timeMin || time > timeMax) continue
    if (mayHold(bloom, highs[i] as number, lows[i] as number)) hits.push(records[i] as number)
  }
  return hits
}

/**
 * First without the bodies, which most candidates do not need: another stage of the same request is no
 * duplicate.
 */
async function compare(
  { db, table }: DuplicateSearch,
  records: readonly number[],
  files: readonly string[],
): Promise<Pairs> {
  const old = relationSql({ files, tables: [] })
  const candidates = `(SELECT * FROM ${ident(table)} WHERE "record" IN (SELECT unnest($1::BIGINT[])))`
  const sameKey = (a: string, b: string) =>
    KEY.map((name) => `${a}.${ident(name)} IS NOT DISTINCT FROM ${b}.${ident(name)}`).join(" AND ")
  const matched = await db.query(
    `SELECT o."record" FROM ${old} AS o SEMI JOIN ${candidates} AS n ON ${sameKey("o", "n")}
     WHERE o."duplicateOf" IS NULL LIMIT ${MATCHES_MAX}`,
    [records],
  )
  if (matched.count === 0) return { records: [], origins: [] }
  const numbers: number[] = []
  for (const batch of matched.batches()) {
    const column = batch.column(0)
    for (let row = 0; row < batch.count; row++) numbers.push(column.integer(row) ?? 0)
  }
  return toPairs(
    await db.query(
      `SELECT n."record", min(o."record") FROM ${candidates} AS n
       JOIN (SELECT * FROM ${old} WHERE "record" IN (SELECT unnest($2::BIGINT[]))) AS o
         ON ${sameKey("o", "n")} AND ${bodySql('o."raw"')} = ${bodySql('n."raw"')}
       GROUP BY n."record"`,
      [records, numbers],
    ),
  )
}

async function markPairs({ db, table }: DuplicateSearch, pairs: Pairs): Promise<void> {
  await update(db, table, "record", pairs)
  // Those that repeat such a record repeat what it repeats.
  await update(db, table, "duplicateOf", pairs)
}

async function update(db: Duckdb, table: string, by: "record" | "duplicateOf", pairs: Pairs): Promise<void> {
  await db.query(
    `UPDATE ${ident(table)} AS t SET "duplicateOf" = p.origin
     FROM (SELECT unnest($1::BIGINT[]) AS record, unnest($2::BIGINT[]) AS origin) AS p WHERE t.${ident(by)} = p.record`,
    [pairs.records, pairs.origins],
  )
}
