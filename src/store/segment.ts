import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { toHex } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import type { Disk } from "../journal/disk.ts"
import type { BloomCache } from "./bloom-cache.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import { COLUMNS, ident } from "./columns.ts"
import type { Duckdb } from "./duckdb.ts"
import { type DuplicatesFound, markDuplicates } from "./duplicates.ts"
import { writeSegmentFile } from "./segment-file.ts"
import { type JournalEnd, STAGE_LIMITS, type StageLimits, stageJournal } from "./stage.ts"
import { createTail, dropTail, loadStaged, removeStaged } from "./table.ts"

/** A sealed block, as far as a segment needs it. */
export type SeededBlock = {
  /** Number of its first record. */
  readonly first: number
  readonly count: number
  /** 16 bytes, from which the salts of its records follow. */
  readonly seed: Uint8Array
  /** First two bytes, big endian, of each record's hash, where the sealer has them at hand. */
  readonly hints?: Uint16Array
}

/** Numbers from `first` up to and without `next` that no record has any more: what a `loss` says. */
export type LostRange = { readonly first: number; readonly next: number }

export type TailSegment = {
  readonly db: Duckdb
  readonly disk: Disk
  /** The ledger's directory. */
  readonly dir: string
  /** Tables that hold every record of the blocks, in the order of their records. */
  readonly tables: readonly string[]
  /** Whole, consecutive, at least one. */
  readonly blocks: readonly SeededBlock[]
  /** Sealed records that are known to be lost. */
  readonly lost?: readonly LostRange[]
}

/**
 * Writes the records of sealed blocks from the tables they were searched in as a segment, and reads it back.
 * The file counts from its `segment.made` on; until then a crash makes nothing of it (see
 * `writeSegmentFile`).
 *
 * Throws `segment.damagedJournal` when records of the blocks are missing that are not known to be lost.
 */
export async function segmentFromTables(segment: TailSegment): Promise<CatalogueEntry> {
  const { db, disk, dir, tables, blocks, lost = [] } = segment
  const [first, next] = rangeOf(blocks)
  const missing = lost.reduce((sum, range) => sum + overlap(range, { first, next }), 0)
  await mkdir(join(dir, "tmp"), { recursive: true })
  const seeds = `seeds_${first}`
  await createSeeds(db, seeds, blocks)
  try {
    const relation = seededRelation(tables, seeds)
    const rows = await db.query(`SELECT count(*) FROM ${relation}`)
    const found = rows.single().integer(0) ?? 0
    if (found !== next - first - missing) {
      const wanted = `${next - first - missing} records from ${first} on`
      throw new Refusal(
        "segment.damagedJournal",
        `the blocks have ${wanted}, the journal has ${found} of them`,
      )
    }
    return await writeSegmentFile({ db, disk, dir, relation, order: "record", inOrder: true, replaces: [] })
  } finally {
    await db.query(`DROP TABLE ${ident(seeds)}`)
  }
}

export type JournalSegment = {
  readonly db: Duckdb
  readonly disk: Disk
  readonly dir: string
  readonly journalDir: string
  readonly end: JournalEnd
  /** Blocks whose records are in no segment, whole, consecutive; as many as fit are taken. */
  readonly blocks: readonly SeededBlock[]
  readonly lost?: readonly LostRange[]
  /** The segments there are, and their filters: where first deliveries may be. */
  readonly entries: readonly CatalogueEntry[]
  readonly blooms: BloomCache
  readonly limits?: Partial<StageLimits>
}

export type SegmentWritten = { readonly entry: CatalogueEntry; readonly duplicates: DuplicatesFound }

/** Makes a segment straight from the journal, for as many of the blocks as one segment holds. */
export async function writeSegment(segment: JournalSegment): Promise<SegmentWritten> {
  const { db, dir, entries, blooms, journalDir, end } = segment
  const limits = { ...STAGE_LIMITS, ...segment.limits }
  const wanted = firstBlocks(segment.blocks, limits.recordsMax)
  const [first, below] = rangeOf(wanted)
  const table = `segment_${first}`
  await mkdir(join(dir, "tmp"), { recursive: true })
  const path = join(dir, "tmp", `${table}.tsv`)
  const staged = await stageJournal({ journalDir, end, first, below, limits, path })
  try {
    await createTail(db, table)
    await loadStaged(db, table, staged)
    const duplicates = await markDuplicates({ db, dir, table, first, earlier: [], entries, blooms })
    const whole = wanted.filter((block) => block.first + block.count <= staged.next)
    const blocks = staged.next >= below || whole.length === 0 ? wanted : whole
    const entry = await segmentFromTables({ ...segment, tables: [table], blocks })
    return { entry, duplicates }
  } finally {
    await dropTail(db, table)
    await removeStaged(staged)
  }
}

/** The blocks that make a segment of about `recordsMax` records; at least one. */
export function firstBlocks(blocks: readonly SeededBlock[], recordsMax: number): readonly SeededBlock[] {
  let records = 0
  const end = blocks.findIndex((block) => {
    records += block.count
    return records > recordsMax
  })
  return end < 0 ? blocks : blocks.slice(0, Math.max(1, end))
}

function rangeOf(blocks: readonly SeededBlock[]): readonly [first: number, next: number] {
  const [start] = blocks
  assert(start !== undefined, "a segment holds at least one block")
  let next = start.first
  for (const { first, count } of blocks) {
    assert(first === next, "the blocks of a segment are consecutive")
    next += count
  }
  return [start.first, next]
}

function overlap(a: LostRange, b: LostRange): number {
  return Math.max(0, Math.min(a.next, b.next) - Math.max(a.first, b.first))
}

async function createSeeds(db: Duckdb, table: string, blocks: readonly SeededBlock[]): Promise<void> {
  await db.query(`DROP TABLE IF EXISTS ${ident(table)}`)
  await db.query(
    `CREATE TABLE ${ident(table)} AS SELECT unnest(range(first, first + count)) AS record, seed, NULL::USMALLINT AS hint
     FROM (SELECT unnest($1::BIGINT[]) AS first, unnest($2::BIGINT[]) AS count, unnest($3::VARCHAR[]) AS seed)`,
    [
      blocks.map(({ first }) => first),
      blocks.map(({ count }) => count),
      blocks.map(({ seed }) => toHex(seed)),
    ],
  )
  for (const { first, count, hints } of blocks) {
    if (hints === undefined) continue
    assert(hints.length === count, "a block has a hint for each of its records")
    await db.query(
      `UPDATE ${ident(table)} AS s SET hint = h.hint FROM (SELECT unnest(range($1::BIGINT, $1 + $2)) AS record,
        unnest($3::BIGINT[]) AS hint) AS h WHERE s.record = h.record`,
      [first, count, [...hints]],
    )
  }
}

/**
 * The rows of the blocks with their seeds. Each table is joined by itself: over their union the engine would build its hash
 * table of the rows, bodies and all, instead of the seeds. The join keeps the order of a table; the file is checked for it.
 */
function seededRelation(tables: readonly string[], seeds: string): string {
  const own: Readonly<Record<string, string>> = { seed: "s.seed", leafHint: `s.hint AS "leafHint"` }
  const columns = COLUMNS.map(({ name }) => own[name] ?? `t.${ident(name)}`).join(", ")
  const parts = tables.map(
    (table) =>
      `SELECT ${columns} FROM ${ident(table)} AS t JOIN ${ident(seeds)} AS s ON t."record" = s.record`,
  )
  return `(${parts.join(" UNION ALL ")})`
}
