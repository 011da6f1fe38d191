import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"
import { saidOf } from "../base/said.ts"
import type { Clock } from "../base/time.ts"
import type { PlacedRecord } from "../event/record.ts"
import {
  areWords,
  formatWords,
  isKind,
  isSource,
  LINE_BYTES_MAX,
  type NewRecord,
  RESERVED,
} from "../event/record.ts"
import type { Delivered } from "../intake/source.ts"
import type { Loss } from "./control.ts"
import { type Disk, isSyncError } from "./disk.ts"
import type { JournalPlace } from "./files.ts"
import { GroupWriter } from "./group.ts"
import { GroupFile } from "./group-file.ts"
import { KnownSources } from "./known-sources.ts"
import { JOURNAL_LIMITS, type JournalLimits } from "./limits.ts"
import { type Place, Placing } from "./placing.ts"
import { type Entry, Queue } from "./queue.ts"
import { type ReadLimits, readRecords } from "./reader.ts"
import { Recent } from "./recent.ts"
import { type Recovered, recoverJournal, type SealedMark } from "./recovery.ts"
import type { Reserve } from "./reserve.ts"
import type { Hole } from "./runs.ts"

/** How far the journal is on disk. */
export type JournalPosition = {
  /** File name in the journal's folder; empty before the first group. */
  readonly file: string
  /** Committed and synced length of that file. */
  readonly bytes: number
  /** Number of the next record. */
  readonly next: number
}

export type HeldRange = { readonly first: number; readonly last: number }

export interface Journal {
  /**
   * Resolves after the sync. The records' bodies must not change any more, ever. Refuses `journal.unavailable` (503) when
   * the disk is full, the queue is over its budget, or the journal is closing or dead; `source.tooMany` where a source is
   * new and there are as many as are counted.
   */
  append(batch: readonly NewRecord[]): Promise<Delivered>
  /** The same for the ledger's own records, which are taken as long as anything can be written at all. */
  appendControl(batch: readonly NewRecord[]): Promise<Delivered>
  /** Appends a record of every source's next number. Due at least once a minute, also when idle. */
  heartbeat(): Promise<Delivered>
  /** Number of the next record; all below are committed. */
  readonly next: number
  /** Bytes that wait for the next sync, about as they will stand on disk. */
  readonly waitingBytes: number
  /** Bytes of the newest records, which are in memory until they are sealed. */
  readonly recentBytes: number
  position(): JournalPosition
  /**
   * Committed records from number `from` on: neighbours, at least one if there is one. From memory where they are still
   * there: whoever asks from a number on needs none below it from memory again.
   */
  read(from: number, limits: ReadLimits): Promise<readonly PlacedRecord[]>
  /** The records below are sealed: they need no memory any more. */
  release(below: number): void
  /** Which records it holds: stretches without a gap, in order, both ends included. Damage leaves more than one. */
  held(): readonly HeldRange[]
  /** Deletes whole files that hold only records below; never the newest. */
  forget(below: number): Promise<void>
  /** Takes nothing more, and resolves when all that was taken is on disk. */
  close(): Promise<void>
}

export type JournalOptions = {
  readonly place: JournalPlace
  readonly sealed: SealedMark | undefined
  readonly clock: Clock
  /** A clock that never steps, in microseconds from any zero. */
  readonly steady: () => number
  readonly reserve?: Reserve | undefined
  /** Sources of the configuration: those of credentials and followed files. The same list as long as nothing changes. */
  readonly owners?: (() => readonly string[]) | undefined
  readonly limits?: Partial<JournalLimits> | undefined
  /** After each sync of a group: how long it took. */
  readonly onSync?: ((seconds: number, records: number) => void) | undefined
  /** Damage found at the start, and failures that were answered. */
  readonly onTrouble?: ((trouble: Refusal) => void) | undefined
  /** The process must end: nobody knows what is on the disk. */
  readonly onFatal: (error: unknown) => void
}

/** Recovers what is there and opens it for appending. One process at a time: the ledger's lock sees to that. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const recovered = await recoverJournal(options.place, { sealed: options.sealed, now: options.clock() })
  for (const loss of recovered.losses) options.onTrouble?.(damaged(loss))
  return new OpenJournal(options, recovered)
}

function damaged({ why, first, count, bytes, detail }: Loss): Refusal {
  const range = `records ${first} to ${first + count - 1}`
  return new Refusal("journal.damaged", `${range} cannot be read from the journal (${detail})`, {
    why,
    first,
    count,
    bytes,
  })
}

/** What a line has besides source and words: 1 + 6 fields with their separators, at their longest. */
const LINE_BYTES_BESIDE = 180

const NEARLY_FULL = "the disk is nearly full"

class OpenJournal implements Journal {
  readonly #options: JournalOptions
  readonly #limits: JournalLimits
  readonly #disk: Disk
  readonly #dir: string
  readonly #queue = new Queue()
  readonly #writer = new GroupWriter()
  readonly #files: GroupFile
  readonly #recent: Recent
  readonly #sources: Map<string, number>
  readonly #known: KnownSources
  readonly #missing: readonly Hole[]
  #place: Place
  #group: number
  #running: Promise<void> | undefined
  /** Senders were refused for the disk's sake: told once, not for every one of them. */
  #full = false
  #closing = false
  #dead = false

  constructor(options: JournalOptions, recovered: Recovered) {
    const limits = { ...JOURNAL_LIMITS, ...options.limits }
    this.#options = options
    this.#limits = limits
    this.#disk = options.place.disk
    this.#dir = options.place.dir
    this.#recent = new Recent(limits.recentBytesMax)
    this.#sources = recovered.sources
    this.#known = new KnownSources(limits, recovered.sources.keys(), options.owners)
    this.#missing = recovered.missing
    const given = recovered.givenAt
    this.#place = {
      next: recovered.next,
      time: given === undefined ? undefined : { wall: given, steady: undefined, given },
    }
    this.#group = recovered.group
    this.#files = new GroupFile({ ...options.place, fileBytes: limits.fileBytes }, recovered.files)
  }

  get next(): number {
    return this.#place.next
  }

  get waitingBytes(): number {
    return this.#queue.bytes
  }

  get recentBytes(): number {
    return this.#recent.bytes
  }

  release(below: number): void {
    this.#recent.release(below)
  }

  position(): JournalPosition {
    const file = this.#files.committed.at(-1)
    return { file: file?.name ?? "", bytes: file?.bytes ?? 0, next: this.next }
  }

  append(batch: readonly NewRecord[]): Promise<Delivered> {
    for (const record of batch) {
      assert(record.source !== RESERVED && record.kind !== RESERVED, "no source speaks for the ledger")
    }
    return this.#enqueue(batch, "sender")
  }

  appendControl(batch: readonly NewRecord[]): Promise<Delivered> {
    for (const record of batch) {
      assert(record.source === RESERVED && record.kind === RESERVED, "only the ledger's own records")
    }
    return this.#enqueue(batch, "ledger")
  }

  heartbeat(): Promise<Delivered> {
    return this.#enqueue("heartbeat", "ledger")
  }

  async #enqueue(batch: Entry["batch"], from: Entry["from"]): Promise<Delivered> {
    if (this.#dead || this.#closing) throw unavailable("the ledger is stopping")
    if (batch.length === 0) return { first: this.next, count: 0 }
    if (batch !== "heartbeat") this.#check(batch)
    const bytes = bytesOf(batch)
    const waiting = this.#queue.bytes
    if (from === "sender" && waiting > 0 && waiting + bytes > this.#limits.queueBytesMax) {
      throw unavailable(`${waiting} bytes already wait for the disk`)
    }
    return new Promise((resolve, reject) => {
      this.#queue.add({ batch, from, bytes, resolve, reject })
      // A group takes all that came in this turn of the event loop.
      this.#running ??= Promise.resolve().then(() => this.#run())
    })
  }

  #check(batch: readonly NewRecord[]): void {
    let checked: NewRecord | undefined
    for (const record of batch) {
      const { source, kind, words } = record
      if (source !== checked?.source) this.#checkSource(source)
      if (kind !== checked?.kind) assert(isKind(kind), "a record's kind is checked where it is made")
      if (words.length > 0) {
        const length = LINE_BYTES_BESIDE + source.length + formatWords(words).length
        assert(
          areWords(words) && length <= LINE_BYTES_MAX,
          "a record's words are checked where they are made",
        )
      }
      checked = record
    }
  }

  #checkSource(source: string): void {
    if (this.#known.has(source)) return
    assert(isSource(source), "a record's source is checked where it is made")
    this.#known.add(source)
  }

  /** The next group starts when the last sync has returned; there is no timer. */
  async #run(): Promise<void> {
    while (this.#queue.bytes > 0) {
      const entries = this.#queue.take(this.#limits.groupBytesMax)
      const full = this.#isFull()
      const taken = full ? this.#onlyOwn(entries) : entries
      if (taken.length < entries.length && !this.#full) this.#options.onTrouble?.(unavailable(NEARLY_FULL))
      this.#full = full
      if (taken.length > 0) await this.#commit(taken)
    }
    this.#running = undefined
  }

  #isFull(): boolean {
    return this.#disk.usedShare(this.#dir) >= this.#limits.usedShareMax
  }

  #onlyOwn(entries: readonly Entry[]): Entry[] {
    const why = unavailable(NEARLY_FULL)
    for (const { from, reject } of entries) if (from === "sender") reject(why)
    return entries.filter(({ from }) => from === "ledger")
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    const failure = await this.#tryCommit(entries)
    if (failure === undefined) return
    const own = entries.filter(({ from }) => from === "ledger")
    const others = entries.filter(({ from }) => from === "sender")
    const why = unavailable(`the disk takes nothing more: ${saidOf(failure)}`, failure)
    for (const { reject } of others) reject(why)
    this.#options.onTrouble?.(why)
    // The ledger's own records may have the room that was kept for them.
    const again = own.length > 0 && !this.#dead && this.#options.reserve?.release() === true
    const last = again ? await this.#tryCommit(own) : failure
    if (last !== undefined) for (const { reject } of own) reject(why)
  }

  /** Puts the entries on disk as one group; on failure returns it, with the journal as it was. */
  async #tryCommit(entries: readonly Entry[]): Promise<unknown> {
    if (this.#dead) return unavailable("the ledger is stopping")
    try {
      const touched = await this.#files.mend()
      if (touched !== undefined) this.#options.onTrouble?.(touched)
    } catch (error) {
      if (isSyncError(error)) this.#die(error)
      return error
    }
    const placing = new Placing(this.#place, this.#sources, {
      wall: this.#options.clock(),
      steady: this.#options.steady(),
    })
    // Record 0 says what ledger this is, and before it there is nothing to count.
    if (this.#files.startsFile && this.next > 0) placing.addHeartbeat()
    const firsts = entries.map(({ batch }) =>
      batch === "heartbeat" ? placing.addHeartbeat() : placing.add(batch),
    )
    const { records } = placing
    const bytes = this.#writer.write(records, this.#group)
    try {
      const seconds = await this.#files.append(bytes, { first: this.next, count: records.length })
      this.#options.onSync?.(seconds, records.length)
    } catch (error) {
      if (!this.#files.usable) this.#die(error)
      return error
    }
    this.#group++
    this.#place = placing.commit()
    this.#recent.add(records, bytes.length)
    this.#writer.release()
    for (const [at, { batch, resolve }] of entries.entries()) {
      resolve({ first: firsts[at] ?? 0, count: batch === "heartbeat" ? 1 : batch.length })
    }
    return undefined
  }

  #die(error: unknown): void {
    this.#dead = true
    const why = unavailable("the disk failed", error)
    for (const { reject } of this.#queue.take(Number.POSITIVE_INFINITY)) reject(why)
    this.#options.onFatal(error)
  }

  async read(from: number, limits: ReadLimits): Promise<readonly PlacedRecord[]> {
    if (from >= this.next) return []
    const recent = this.#recent.read(from, limits)
    const missing = this.#missing
    return recent ?? readRecords(this.#dir, this.#files.committed, { from, missing, ...limits })
  }

  held(): readonly HeldRange[] {
    const held: HeldRange[] = []
    let first = this.#files.committed[0]?.first ?? this.next
    for (const hole of this.#missing) {
      if (hole.first > first) held.push({ first, last: hole.first - 1 })
      first = Math.max(first, hole.next)
    }
    if (first < this.next) held.push({ first, last: this.next - 1 })
    return held
  }

  async forget(below: number): Promise<void> {
    for (const name of this.#files.forget(below)) this.#disk.remove(join(this.#dir, name))
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#running
    await this.#files.close()
  }
}

function bytesOf(batch: Entry["batch"]): number {
  if (batch === "heartbeat") return 1
  let bytes = 0
  for (const { body } of batch) bytes += body.length + LINE_BYTES_BESIDE
  return bytes
}

function unavailable(why: string, cause?: unknown): Refusal {
  return new Refusal("journal.unavailable", why, {}, cause)
}
