import { rm } from "node:fs/promises"
import { join } from "node:path"
import { pause } from "../base/loop.ts"
import type { Micros } from "../base/time.ts"
import type { Disk } from "../journal/disk.ts"
import type { BloomCache } from "../store/bloom-cache.ts"
import type { Catalogue, CatalogueEntry } from "../store/catalogue.ts"
import { compact, planCompaction } from "../store/compact.ts"
import type { Duckdb } from "../store/duckdb.ts"
import type { LostRange, SeededBlock } from "../store/seeded-block.ts"
import { firstBlocks, type LoadedSegment, loadSegment, writeLoaded } from "../store/segment.ts"
import { bloomPath, segmentPath } from "../store/segment-name.ts"
import type { JournalEnd } from "../store/stage.ts"
import { dropTail } from "../store/table.ts"
import type { SealedSeed, SearchLimits, SegmentNews } from "./message.ts"
import type { Tail } from "./tail.ts"

/**
 * Records in one segment at most, two row groups: what has waited while the process was away comes in pieces of this size.
 * Two of them are in memory under load, 120 MiB each at 1.5 KB an event.
 */
const SEGMENT_RECORDS_MAX = 40_960
/** How often it is looked whether something is due, and how long a failed try waits for the next. */
const LOOK_MS = 1_000
const RETRY_MS = 15_000
/** Compaction begins when nobody has asked anything for so long. */
const QUIET_MS = 10_000

type Loaded = LoadedSegment & { readonly kept: boolean }

export type SegmenterOptions = {
  readonly db: Duckdb
  readonly disk: Disk
  readonly dir: string
  readonly catalogue: Catalogue
  readonly tail: Tail
  readonly blooms: BloomCache
  readonly limits: SearchLimits
  /** Records that no segment can have: nothing waits for them. */
  readonly lost?: readonly LostRange[]
  /** Default: {@link SEGMENT_RECORDS_MAX}. */
  readonly segmentRecordsMax?: number
  /** What is committed in the journal; undefined before the first news. */
  readonly position: () => JournalEnd | undefined
  /** Has the segment recorded in the log; resolves with whether that is sealed. */
  readonly record: (made: SegmentNews) => Promise<boolean>
  /** Milliseconds since the last query ended; 0 while one runs. */
  readonly quietMs: () => number
  readonly now: () => Micros
  readonly onTrouble: (error: unknown) => void
  /** Resolves when no query that began before this call reads its snapshot any more. */
  readonly drained: () => Promise<void>
}

/**
 * Makes segments from sealed records, one at a time:
 * write → read back → fsync → rename (store/segment.ts) → recorded and sealed (the parent) → in the catalogue → the tail forgets.
 * A crash between any two leaves either no file, or a file without its record, which nobody reads and which is made again.
 *
 * Under load two are under way. While one waits, for seconds, for its record to be sealed, the next is written; when it is
 * recorded, the one after is loaded, beside what is still being written, since each takes one thread for about as long. There
 * is never a third table in memory. A segment's record is asked for only when that of the one before is sealed, so the order
 * in which segments count is that of their records, and at most two files are without one.
 */
export class Segmenter {
  readonly #options: SegmenterOptions
  readonly #recordsMax: number
  /** Sealed blocks that are in no segment, in order, each with the time it was heard of. */
  #waiting: (SealedSeed & { readonly heard: number })[] = []
  #wanted: (() => void)[] = []
  #retryAt = 0
  /** Aborted when there is something to do before the next look. */
  #wake = new AbortController()

  constructor(options: SegmenterOptions) {
    this.#options = options
    this.#recordsMax = options.segmentRecordsMax ?? SEGMENT_RECORDS_MAX
  }

  add(blocks: readonly SealedSeed[]): void {
    const heard = performance.now()
    const { next } = this.#options.catalogue
    const known = new Set(this.#waiting.map((block) => block.first))
    const fresh = blocks.filter((block) => block.first >= next && !known.has(block.first))
    if (fresh.length === 0) return
    const all = [...this.#waiting, ...fresh.map((block) => ({ ...block, heard }))]
    this.#waiting = all.sort((a, b) => a.first - b.first)
  }

  /** Resolves when everything that is sealed now is in segments, or a try has failed. */
  flush(): Promise<void> {
    this.#wake.abort()
    return new Promise((resolve) => this.#wanted.push(resolve))
  }

  /** Lasts until `stop` aborts. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const flushed = this.#wanted.splice(0)
      try {
        if (flushed.length > 0 || this.#isDue()) await this.#makeAll(stop)
        else if (this.#isQuiet()) await this.#compactOne()
      } catch (error) {
        this.#retryAt = performance.now() + RETRY_MS
        if (!stop.aborted) this.#options.onTrouble(error)
      }
      for (const resolve of flushed) resolve()
      this.#wake = new AbortController()
      if (this.#wanted.length === 0) await pause(LOOK_MS, AbortSignal.any([stop, this.#wake.signal]))
    }
    for (const resolve of this.#wanted.splice(0)) resolve()
  }

  #isDue(): boolean {
    const now = performance.now()
    const [oldest] = this.#waiting
    if (oldest === undefined || now < this.#retryAt) return false
    // Few and large records fill the tail long before there are enough of them, and queries lack the newest.
    if (this.#options.tail.isFull) return true
    const { segmentRecords, segmentWaitMs } = this.#options.limits
    return endOf(this.#waiting) - oldest.first >= segmentRecords || now - oldest.heard >= segmentWaitMs
  }

  /** All that waits now, and while that goes on as much more as fills segments. */
  async #makeAll(stop: AbortSignal): Promise<void> {
    const until = endOf(this.#waiting)
    let recorded = Promise.resolve(true)
    let loaded = await this.#load(until)
    try {
      while (loaded !== undefined && !stop.aborted) {
        const current: Loaded = loaded
        const writing = writeLoaded(this.#options, current)
        const loading = recorded.then((ok) => (ok ? this.#load(until, current) : undefined))
        recorded = Promise.all([recorded, writing]).then(([ok, entry]) => ok && this.#publish(entry))
        recorded.catch(() => undefined) // heard at the end
        const [, next] = await Promise.allSettled([writing, loading])
        loaded = next.status === "fulfilled" ? next.value : undefined
        await this.#drop(current)
        await writing
        await loading
      }
    } finally {
      if (loaded !== undefined) await this.#drop(loaded)
      await recorded
    }
  }

  #isWorthOne(blocks: readonly SeededBlock[], until: number): boolean {
    const [start] = blocks
    if (start === undefined) return false
    return start.first < until || endOf(blocks) - start.first >= this.#options.limits.segmentRecords
  }

  /** Blocks without a gap from record `from` on. */
  #waitingFrom(from: number): readonly SealedSeed[] {
    let next = from
    const start = this.#waiting.findIndex((block) => block.first >= next)
    const waiting = start < 0 ? [] : this.#waiting.slice(start)
    const end = waiting.findIndex((block) => {
      const follows = block.first === next
      next = block.first + block.count
      return !follows
    })
    return end < 0 ? waiting : waiting.slice(0, end)
  }

  /**
   * The next segment's records in a table; undefined where there is not enough for one. They follow those of `before`, which
   * is being written: first deliveries may be there too.
   *
   * Straight from the journal, not from the tables of the tail: reading the lines again costs 10 µs a record, and is saved
   * twice by what is already there then: seeds, and records that resemble each other side by side.
   */
  async #load(until: number, before?: Loaded): Promise<Loaded | undefined> {
    const { db, disk, dir, catalogue, tail, blooms, position, lost = [] } = this.#options
    const from = before === undefined ? catalogue.next : endOf(before.blocks)
    const blocks = firstBlocks(this.#waitingFrom(from), this.#recordsMax)
    const end = position()
    if (end === undefined || !this.#isWorthOne(blocks, until)) return undefined
    const earlier = before === undefined ? [] : [before.table]
    const journalDir = join(dir, "journal")
    const { entries } = catalogue
    const segment = { db, disk, dir, journalDir, end, blocks, entries, blooms, earlier, lost }
    const held = tail.hold(0) // what is looked through stays, though it may be recorded meanwhile
    try {
      return await tail.share(blocks[0]?.first ?? from, () => loadSegment(segment))
    } finally {
      held.release()
    }
  }

  async #drop({ table, kept }: Loaded): Promise<void> {
    if (!kept) await dropTail(this.#options.db, table)
  }

  /** From here on the file counts. The order: sealed, then read by queries, then forgotten elsewhere. */
  async #publish(entry: CatalogueEntry): Promise<boolean> {
    const { catalogue, tail, record } = this.#options
    const { name, first, last, bytes, sha256, replaces } = entry
    if (!(await record({ name, first, last, bytes, sha256, replaces }))) {
      this.#retryAt = performance.now() + RETRY_MS
      return false
    }
    const written = catalogue.add(entry) // counts at once, whatever becomes of its line
    tail.forget(catalogue.next)
    this.#waiting = this.#waiting.filter((block) => block.first >= catalogue.next)
    await written
    return true
  }

  #isQuiet(): boolean {
    return this.#options.quietMs() >= QUIET_MS && performance.now() >= this.#retryAt
  }

  async #compactOne(): Promise<void> {
    const { db, disk, dir, catalogue, now, drained } = this.#options
    const compaction = planCompaction(catalogue.entries, now())
    if (compaction === undefined) return
    const entry = await compact({ db, disk, dir, compaction })
    if (!(await this.#publish(entry))) return
    await drained()
    await removeSegments(dir, entry.replaces)
  }
}

/** Number after the last record of blocks in order; 0 where there are none. */
function endOf(blocks: readonly SeededBlock[]): number {
  const last = blocks.at(-1)
  return last === undefined ? 0 : last.first + last.count
}

/** Removes files of segments whose records are in another one, by a record that is sealed. */
export async function removeSegments(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rm(segmentPath(dir, name), { force: true })
    await rm(bloomPath(dir, name), { force: true })
  }
}
