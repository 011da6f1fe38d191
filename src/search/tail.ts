import { join } from "node:path"
import { type Bell, pause, ring } from "../base/loop.ts"
import type { BloomCache } from "../store/bloom-cache.ts"
import type { CatalogueEntry } from "../store/catalogue.ts"
import { ident } from "../store/columns.ts"
import type { Duckdb } from "../store/duckdb.ts"
import { markDuplicates } from "../store/duplicates.ts"
import type { LostRange } from "../store/seeded-block.ts"
import type { LoadedSegment } from "../store/segment.ts"
import {
  type JournalCursor,
  type JournalEnd,
  type Staged,
  type StageLimits,
  stageJournal,
} from "../store/stage.ts"
import { createTail, dropTail, loadStaged, removeStaged } from "../store/table.ts"
import type { TailTable } from "./snapshot.ts"

/** Records in one table: what one segment is made of; then it is dropped whole. */
const TABLE_RECORDS = 40_000
/** So much at once gets a table of its own: into one that holds records already it costs three times as much. */
const FRESH_RECORDS = 5_000
/** Records and bytes in all tables. Beyond, queries see what is loaded (see {@link Tail.load}) and say so; segments make room. */
const TAIL_RECORDS_MAX = 200_000
const TAIL_BYTES_MAX = 128 * 1024 ** 2

/** How long news of a segment may be on its way, from the process that lets the journal's files go. */
const NEWS_MS_MAX = 5_000
/** So long after a table for a segment was there, or a segment recorded, more of them are expected: a large one on a busy machine. */
const MOVING_MS = 15_000
const NEVER = new AbortController().signal

type Table = {
  readonly name: string
  readonly first: number
  next: number
  bytes: number
  timeMin: number
  timeMax: number
  repeats: boolean
  /** Made for a segment: nothing is added to it. */
  readonly isShared: boolean
  /** Snapshots that read it. */
  uses: number
  dropped: boolean
}

export type TailOptions = {
  readonly db: Duckdb
  /** The ledger's directory. */
  readonly dir: string
  /** Where staged lines are written for a moment. */
  readonly tempDir: string
  readonly blooms: BloomCache
  /** Segments there are now: where first deliveries may be. */
  readonly entries: () => readonly CatalogueEntry[]
  /** First record that is in no segment. */
  readonly first: number
  /** Records that cannot be read. */
  readonly lost?: readonly LostRange[]
  /** Default: {@link TAIL_BYTES_MAX}. */
  readonly bytesMax?: number
  /** Milliseconds of a clock that only goes forward. */
  readonly steady?: () => number
}

/**
 * The journal's committed records that are in no segment, as tables in memory. Loaded when a query needs them, at 20 µs a
 * record, unless a segment that is being made has loaded them already. Dropped when their records are in a segment and
 * no query reads them any more.
 */
export class Tail {
  readonly #options: TailOptions
  #tables: Table[] = []
  #retired: Table[] = []
  #cursor: JournalCursor | undefined
  #next: number
  #made = 0
  #full = false
  /** Since there was no room, not all that was asked for has been loaded. */
  #behind = false
  /** The table to which a load is adding: it stays, whatever segments say of the records it has already. */
  #filling: Table | undefined
  #loading: Promise<void> = Promise.resolve()
  /** Rings when segments have taken records over. */
  readonly #forgotten: Bell = new EventTarget()
  /** The load that begins next, and the newest end that anybody asked for. */
  #queued: Promise<void> | undefined
  #wanted: JournalEnd | undefined
  /** Of the records loaded last, on average; 0 before there were any. */
  #recordBytes = 0
  /** When segments last went on. */
  #movedAt = Number.NEGATIVE_INFINITY

  constructor(options: TailOptions) {
    this.#options = options
    this.#next = options.first
  }

  /** Number after the last record loaded. */
  get next(): number {
    return this.#next
  }

  /** There was no room for all that was asked for: answers lack the newest records until segments make room. */
  get isFull(): boolean {
    return this.#full
  }

  /** Records from `first` on that should be loaded and are in no table: damage, or a segment nobody knows of. */
  missing(first: number): { readonly first: number; readonly next: number } | undefined {
    let next = first
    for (const table of this.#tables) {
      if (table.first > next) return { first: next, next: table.first }
      next = Math.max(next, table.next)
    }
    return next < this.#next ? { first: next, next: this.#next } : undefined
  }

  /** Names of all tables, in the order of their records. */
  get tables(): readonly string[] {
    return this.#tables.map(({ name }) => name)
  }

  /**
   * Loads what is committed up to `end`. One load at a time; all who come while it runs wait for the next one together, since
   * a small load costs nearly as much as a large one: with 32 readers each would else wait for all before it. Resolves
   * with false when there was no room for all of it; where that was so before and is so still, at once: an answer that cannot
   * be whole does not wait for a part of what it lacks, which is loaded all the same. While segments are being made, no part is
   * loaded: they take the processor for the very records that would be loaded, and in a flood half of them would be read
   * twice. Throws `segment.damagedJournal` and the like when the journal cannot be
   * read; what was loaded stays.
   */
  async load(end: JournalEnd): Promise<boolean> {
    if (this.#next >= end.next) return true
    if (this.#isMoving && !this.#fits(end)) {
      this.#full = true
      return false
    }
    if (end.next > (this.#wanted?.next ?? 0)) this.#wanted = end
    this.#queued ??= this.#loadNext()
    if (this.#behind && !this.#fits(end)) {
      this.#queued.catch(() => undefined) // whoever waits for the next one hears of it
      return false
    }
    await this.#queued
    return this.#next >= end.next
  }

  /** Whether there seems to be room for all up to `end`, if records are as large as those that are there. */
  #fits(end: JournalEnd): boolean {
    const { bytesMax = TAIL_BYTES_MAX } = this.#options
    const { records, bytes } = this.#held()
    const more = end.next - this.#next
    const each = records === 0 ? this.#recordBytes : bytes / records
    return records + more <= TAIL_RECORDS_MAX && bytes + more * each <= bytesMax
  }

  get #isMoving(): boolean {
    return this.#now() - this.#movedAt < MOVING_MS
  }

  #now(): number {
    const { steady = () => performance.now() } = this.#options
    return steady()
  }

  #held(): { readonly records: number; readonly bytes: number } {
    return {
      records: this.#tables.reduce((sum, table) => sum + table.next - table.first, 0),
      bytes: this.#tables.reduce((sum, table) => sum + table.bytes, 0),
    }
  }

  #loadNext(): Promise<void> {
    const loading = this.#loading.then(async () => {
      this.#queued = undefined
      if (this.#wanted !== undefined) await this.#loadAll(this.#wanted)
    })
    this.#loading = loading.catch(() => undefined)
    return loading
  }

  /**
   * What is loaded for a segment is part of the tail, where the tail has nothing of it yet: a query that comes meanwhile
   * waits for it instead of loading the same again. Whoever called drops the table, unless the tail keeps it.
   */
  async share(first: number, load: () => Promise<LoadedSegment>): Promise<LoadedSegment & { kept: boolean }> {
    const shared = this.#next === first ? await this.#loadShared(first, load) : undefined
    return shared ?? { ...(await load()), kept: false }
  }

  /** Undefined where loads that were under way have come first: nobody waits then for what the tail does not need. */
  #loadShared(
    first: number,
    load: () => Promise<LoadedSegment>,
  ): Promise<(LoadedSegment & { kept: boolean }) | undefined> {
    const sharing = this.#loading.then(async () => {
      if (this.#next !== first) return undefined
      const loaded = await load()
      this.#movedAt = this.#now()
      const { table, staged, times, duplicates } = loaded
      // Segments may have been recorded meanwhile.
      if (this.#next !== first) return { ...loaded, kept: false }
      const { next, rawBytes: bytes } = staged
      this.#recordBytes = bytes / Math.max(1, next - staged.first)
      const found = { name: table, first, next, bytes, repeats: duplicates.marked > 0, isShared: true }
      this.#tables.push({ ...found, ...times, uses: 0, dropped: false })
      this.#cursor = staged.cursor
      this.#next = next
      return { ...loaded, kept: true }
    })
    this.#loading = sharing.then(
      () => undefined,
      () => undefined,
    )
    return sharing
  }

  /** The tables as they are now, from record `first` on. They stay until `release`. */
  hold(first: number): { readonly tables: readonly TailTable[]; release(): void } {
    const held = this.#tables.filter((table) => table.next > Math.max(first, table.first))
    for (const table of held) table.uses++
    let released = false
    return {
      tables: held.map(({ name, next, timeMin, timeMax, repeats, first: start }) => ({
        name,
        first: Math.max(first, start),
        next,
        timeMin,
        timeMax,
        repeats,
      })),
      release: () => {
        if (released) return
        released = true
        for (const table of held) table.uses--
        this.#sweep()
      },
    }
  }

  /** The records below are in a segment that queries read. */
  forget(below: number): void {
    this.#full = false
    this.#movedAt = this.#now()
    const isGone = (table: Table) => table.next <= below && table !== this.#filling
    const gone = this.#tables.filter(isGone)
    this.#tables = this.#tables.filter((table) => !isGone(table))
    this.#retired.push(...gone)
    this.#sweep()
    if (below > this.#next) {
      this.#next = below
      this.#cursor = undefined
    }
    ring(this.#forgotten)
  }

  #sweep(): void {
    for (const table of this.#retired) {
      if (table.uses > 0 || table.dropped) continue
      table.dropped = true
      // A table that cannot be dropped costs memory, nothing else; the process ends if the engine is broken.
      dropTail(this.#options.db, table.name).catch(() => undefined)
    }
    this.#retired = this.#retired.filter((table) => !table.dropped)
  }

  async #loadAll(end: JournalEnd): Promise<void> {
    const { bytesMax = TAIL_BYTES_MAX } = this.#options
    while (this.#next < end.next) {
      const { records, bytes } = this.#held()
      this.#full = records >= TAIL_RECORDS_MAX || bytes >= bytesMax
      this.#behind ||= this.#full
      if (this.#full) return
      const before = this.#next
      try {
        await this.#loadPiece(end, bytesMax - bytes)
      } catch (error) {
        // Where segments have overtaken a load, the journal may have let go of what it was reading; news of them may be
        // on its way still.
        if (this.#next === before && isGone(error)) await pause(NEWS_MS_MAX, NEVER, this.#forgotten)
        if (this.#next === before) throw error
      }
      if (this.#next === before) return
    }
    this.#behind = false
  }

  #stage(end: JournalEnd, name: string, limits: StageLimits): Promise<Staged> {
    const { dir, tempDir, lost = [] } = this.#options
    return stageJournal({
      journalDir: join(dir, "journal"),
      end,
      first: this.#next,
      ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }),
      limits,
      lost,
      path: join(tempDir, `${name}.tsv`),
    })
  }

  async #loadPiece(end: JournalEnd, bytesMax: number): Promise<void> {
    this.#filling = this.#tables.at(-1)
    try {
      await this.#fill(this.#filling, end, bytesMax)
    } finally {
      this.#filling = undefined
    }
  }

  async #fill(last: Table | undefined, end: JournalEnd, bytesMax: number): Promise<void> {
    const { db, dir, blooms, entries } = this.#options
    const room = last === undefined || last.isShared ? 0 : TABLE_RECORDS - (last.next - last.first)
    const wantsFresh = room <= 0 || end.next - this.#next >= FRESH_RECORDS
    const own = `tail_${this.#next}_${this.#made++}`
    const staged = await this.#stage(end, own, { recordsMax: wantsFresh ? TABLE_RECORDS : room, bytesMax })
    // A table has no gap inside: what is missing is seen between two.
    const fresh = wantsFresh || staged.first > this.#next
    const name = last === undefined || fresh ? own : last.name
    try {
      if (staged.records === 0) {
        this.#cursor = staged.cursor
        return
      }
      if (fresh) await createTail(db, name)
      const times = await loadStaged(db, name, staged)
      const earlier = this.tables.filter((table) => table !== name)
      const { marked } = await markDuplicates({
        db,
        dir,
        table: name,
        first: staged.first,
        earlier,
        entries: entries(),
        blooms,
      })
      // Segments have overtaken it: all of it is in them.
      if (staged.next <= this.#next) {
        if (fresh) await dropTail(db, name)
        return
      }
      // From here on queries see it: only whole pieces, repetitions marked.
      const { next, first } = staged
      this.#recordBytes = staged.rawBytes / staged.records
      if (last === undefined || fresh) {
        const unused = { isShared: false, uses: 0, dropped: false }
        this.#tables.push({
          ...times,
          ...unused,
          next,
          name,
          first,
          bytes: staged.rawBytes,
          repeats: marked > 0,
        })
      } else {
        Object.assign(last, {
          next,
          timeMin: Math.min(last.timeMin, times.timeMin),
          timeMax: Math.max(last.timeMax, times.timeMax),
          bytes: last.bytes + staged.rawBytes,
          repeats: last.repeats || marked > 0,
        })
      }
      this.#cursor = staged.cursor
      this.#next = staged.next
    } catch (error) {
      // Nothing of a piece may stay behind: it will be loaded again.
      const undo = fresh
        ? dropTail(db, name)
        : db.query(`DELETE FROM ${ident(name)} WHERE "record" >= $1`, [staged.first])
      await undo.catch(() => undefined)
      throw error
    } finally {
      await removeStaged(staged)
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT"
}
