import { stat } from "node:fs/promises"
import { join } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import type { Disk } from "../journal/disk.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import type { Duckdb } from "./duckdb.ts"
import { relationSql } from "./relation.ts"
import { type WrittenOrder, writeSegmentFile } from "./segment-file.ts"
import { segmentDay, segmentPath } from "./segment-name.ts"

/**
 * Compaction: fewer, smaller segments. Records keep their numbers, blocks and bytes, so proofs still work.
 * Two kinds:
 *
 * - `key`, for days that are over: consecutive segments of a day are merged, sorted by resource, verb, user
 *   and name and compressed harder; columns and bodies that resemble each other come together.
 * - `alike`, for what is fresh: a ledger with few events makes a small segment every few minutes; when
 *   enough of them stand in a row they become one.
 */
export type Compaction = { readonly entries: readonly CatalogueEntry[]; readonly order: WrittenOrder }

export type CompactionLimits = {
  /** Of one segment. */
  readonly rowsMax: number
  /** Of the files that become one, as they are on disk; bodies are about six times that. */
  readonly bytesMax: number
  /** A fresh segment with fewer rows counts as small. */
  readonly smallRows: number
  /** So many small ones in a row are merged: each record is then written again once per this factor. */
  readonly smallCount: number
}

export const COMPACTION_LIMITS: CompactionLimits = {
  rowsMax: 163_840,
  bytesMax: 64 * 1024 * 1024,
  smallRows: 20_480,
  smallCount: 8,
}

/**
 * What to compact next, oldest first; undefined when there is nothing. `entries` are all, by record number.
 */
export function planCompaction(
  entries: readonly CatalogueEntry[],
  now: Micros,
  limits: Partial<CompactionLimits> = {},
): Compaction | undefined {
  const bounds = { ...COMPACTION_LIMITS, ...limits }
  const today = new Date(Math.floor(now / 1000)).toISOString().slice(0, 10)
  const newest = segmentDay(
    entries.at(-1)?.name ?? "date=9999-12-31/0000000000000000-0000000000000000-0000000000000000.parquet",
  )
  const isOver = (entry: CatalogueEntry) => segmentDay(entry.name) < today && segmentDay(entry.name) < newest

  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]
    if (entry === undefined || entry.order === "key" || !isOver(entry)) continue
    return {
      entries: run(entries, i, bounds, (next) => next.order !== "key" && sameDay(next, entry)),
      order: "key",
    }
  }
  for (let i = 0; i < entries.length; i++) {
    const isSmall = (next: CatalogueEntry) => next.order !== "key" && next.rows < bounds.smallRows
    const small = run(entries, i, bounds, isSmall)
    if (small.length >= bounds.smallCount) return { entries: small, order: "alike" }
    i += Math.max(0, small.length - 1)
  }
  return undefined
}

function sameDay(a: CatalogueEntry, b: CatalogueEntry): boolean {
  return segmentDay(a.name) === segmentDay(b.name)
}

/**
 * The consecutive entries from `start` on that belong together and make one segment; those before `start`
 * excluded.
 */
function run(
  entries: readonly CatalogueEntry[],
  start: number,
  { rowsMax, bytesMax }: CompactionLimits,
  belongs: (entry: CatalogueEntry) => boolean,
): CatalogueEntry[] {
  const taken: CatalogueEntry[] = []
  let [rows, bytes] = [0, 0]
  for (const entry of entries.slice(start)) {
    const last = taken.at(-1)
    rows += entry.rows
    bytes += entry.bytes
    const fits = last === undefined || (entry.first === last.last + 1 && rows <= rowsMax && bytes <= bytesMax)
    if (!belongs(entry) || !fits) break
    taken.push(entry)
  }
  return taken
}

export type CompactRequest = {
  readonly db: Duckdb
  readonly disk: Disk
  readonly dir: string
  readonly compaction: Compaction
}

/**
 * Writes the merged segment, whose `replaces` names the old ones. These must stay until the `segment.made`
 * of the new one is sealed and no reader holds them: removing them is the caller's. Throws `segment.unlike`
 * when the files hold other than the catalogue says: nothing is replaced by less.
 */
export async function compact({ db, disk, dir, compaction }: CompactRequest): Promise<CatalogueEntry> {
  const { entries, order } = compaction
  const files = entries.map(({ name }) => segmentPath(dir, name))
  for (const [i, file] of files.entries()) {
    const { size } = await stat(file)
    if (size !== entries[i]?.bytes) throw new Refusal("segment.unlike", `${file} has ${size} bytes`)
  }
  const relation = relationSql({ files, tables: [] })
  const rows = entries.reduce((sum, entry) => sum + entry.rows, 0)
  const entry = await writeSegmentFile({
    db,
    disk,
    dir,
    relation,
    order,
    inOrder: false,
    replaces: entries.map(({ name }) => name),
  })
  const [first, last] = [entries[0]?.first, entries.at(-1)?.last]
  if (entry.rows !== rows || entry.first !== first || entry.last !== last) {
    throw new Refusal(
      "segment.unlike",
      `expected ${rows} records from ${first} to ${last} in ${join(...files)}`,
    )
  }
  return entry
}
