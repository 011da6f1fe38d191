import type { Micros } from "../base/time.ts"
import { type NewRecord, type PlacedRecord, RESERVED } from "../event/record.ts"
import { type LastTime, type Reading, stepClock } from "./clock-step.ts"
import { clockJump, heartbeat, sortedCounts } from "./control.ts"
import { controlRecord } from "./control-kind.ts"

/** Where the next record goes. Changes only when a group is committed. */
export type Place = {
  readonly next: number
  readonly time: LastTime | undefined
}

/**
 * Gives the records of one group their numbers and their time. Nothing outside changes until {@link Placing.commit}: a
 * group that does not reach the disk leaves no gap.
 */
export class Placing {
  readonly records: PlacedRecord[] = []
  readonly #sources: Map<string, number>
  readonly #changed = new Map<string, number>()
  readonly #first: number
  readonly #time: LastTime
  readonly #receivedAt: Micros
  // Neighbours mostly share their source: no look-up for them.
  #source = ""
  #n = 0

  constructor(place: Place, sources: Map<string, number>, now: Reading) {
    const { at, jumpMicros } = stepClock(place.time, now)
    this.#sources = sources
    this.#first = place.next
    this.#receivedAt = at
    this.#time = { ...now, given: at }
    if (jumpMicros !== undefined && place.time !== undefined) {
      const jump = { before: place.time.given, after: at, jumpMicros }
      this.add([controlRecord(clockJump.format(jump))])
    }
  }

  get next(): number {
    return this.#first + this.records.length
  }

  /** Places a batch; returns the number of its first record. */
  add(batch: readonly NewRecord[]): number {
    const first = this.next
    for (const { source, kind, words, body } of batch) {
      if (source !== this.#source) this.#turnTo(source)
      const number = this.next
      this.records.push({ number, source, n: this.#n++, kind, words, body, receivedAt: this.#receivedAt })
    }
    return first
  }

  /** Places a record of the counts as they stand here. */
  addHeartbeat(): number {
    this.#turnTo(RESERVED)
    const next = sortedCounts(new Map([...this.#sources, ...this.#changed, [RESERVED, this.#n]]))
    return this.add([controlRecord(heartbeat.format({ next }))])
  }

  /** The group is on disk: its numbers are taken. */
  commit(): Place {
    this.#turnTo("")
    for (const [source, n] of this.#changed) this.#sources.set(source, n)
    return { next: this.next, time: this.#time }
  }

  #turnTo(source: string): void {
    if (this.#source !== "") this.#changed.set(this.#source, this.#n)
    this.#source = source
    if (source !== "") this.#n = this.#changed.get(source) ?? this.#sources.get(source) ?? 0
  }
}
