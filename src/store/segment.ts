import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"
import type { Disk } from "../journal/disk.ts"
import type { BloomCache } from "./bloom-cache.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import { ident } from "./columns.ts"
import type { Duckdb } from "./duckdb.ts"
import { type DuplicatesFound, markDuplicates } from "./duplicates.ts"
import { type LostRange, lostIn, type SeededBlock } from "./seeded-block.ts"
import { writeSegmentFile } from "./segment-file.ts"
import { type JournalEnd, STAGE_LIMITS, type Staged, type StageLimits, stageJournal } from "./stage.ts"
import { createTail, dropTail, loadStaged, removeStaged, type Times } from "./table.ts"

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
  /** Tables with records before these that are in no segment yet: first deliveries may be there too. */
  readonly earlier?: readonly string[]
  readonly limits?: Partial<StageLimits>
}

/** The records of blocks in a table, on their way into a segment. */
export type LoadedSegment = {
  readonly table: string
  readonly blocks: readonly SeededBlock[]
  /** What the table holds; perhaps more than the blocks. */
  readonly staged: Pick<Staged, "first" | "next" | "rawBytes" | "cursor">
  readonly times: Times
  readonly duplicates: DuplicatesFound
}

export type SegmentWritten = { readonly entry: CatalogueEntry; readonly duplicates: DuplicatesFound }

/**
 * Makes a segment of the records of sealed blocks, straight from the journal, for as many of the blocks as one segment
 * holds, and reads it back. The file counts from its `segment.made` on; until then a crash makes nothing of it (see
 * `writeSegmentFile`).
 *
 * Throws `segment.damagedJournal` when records of the blocks are missing that are not known to be lost.
 */
export async function writeSegment(segment: JournalSegment): Promise<SegmentWritten> {
  const loaded = await loadSegment(segment)
  try {
    return { entry: await writeLoaded(segment, loaded), duplicates: loaded.duplicates }
  } finally {
    await dropTail(segment.db, loaded.table)
  }
}

let tables = 0

/** First half of {@link writeSegment}: a table, which is the caller's. */
export async function loadSegment(segment: JournalSegment): Promise<LoadedSegment> {
  const { db, dir, entries, blooms, journalDir, end, earlier = [] } = segment
  const limits = { ...STAGE_LIMITS, ...segment.limits }
  const wanted = firstBlocks(segment.blocks, limits.recordsMax)
  const [first, below] = rangeOf(wanted)
  const table = `segment_${first}_${tables++}`
  await mkdir(join(dir, "tmp"), { recursive: true })
  const path = join(dir, "tmp", `segment_${first}.tsv`)
  const { lost = [] } = segment
  const request = {
    journalDir,
    end,
    first,
    below,
    limits,
    path,
    blocks: wanted,
    lost,
    order: "alike",
  } as const
  const staged = await stageJournal(request)
  try {
    await createTail(db, table)
    const times = await loadStaged(db, table, staged)
    const duplicates = await markDuplicates({ db, dir, table, first, earlier, entries, blooms })
    const whole = wanted.filter((block) => block.first + block.count <= staged.next)
    const blocks = staged.next >= below || whole.length === 0 ? wanted : whole
    return { table, blocks, staged, times, duplicates }
  } catch (error) {
    await dropTail(db, table)
    throw error
  } finally {
    await removeStaged(staged)
  }
}

/** Second half of {@link writeSegment}. */
export async function writeLoaded(
  segment: Pick<JournalSegment, "db" | "dir" | "disk" | "lost">,
  { table, blocks }: LoadedSegment,
): Promise<CatalogueEntry> {
  const { db, dir, disk } = segment
  const relation = await relationOver(segment, table, blocks)
  return writeSegmentFile({ db, disk, dir, relation, order: "alike", inOrder: true, replaces: [] })
}

/** The rows of the blocks, all of them there. */
async function relationOver(
  { db, lost = [] }: Pick<JournalSegment, "db" | "lost">,
  table: string,
  blocks: readonly SeededBlock[],
): Promise<string> {
  const [first, next] = rangeOf(blocks)
  const relation = `(FROM ${ident(table)} WHERE "record" < ${next})`
  const found = (await db.query(`SELECT count(*) FROM ${relation}`)).single().integer(0) ?? 0
  const wanted = next - first - lostIn(lost, { first, next })
  if (found === wanted) return relation
  throw new Refusal(
    "segment.damagedJournal",
    `the blocks have ${wanted} records from ${first} on, the journal has ${found} of them`,
  )
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
