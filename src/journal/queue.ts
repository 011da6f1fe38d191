import type { NewRecord } from "../event/record.ts"
import type { Delivered } from "../intake/source.ts"

/** A request that waits for its group. A heartbeat is made when its place is known. */
export type Entry = {
  readonly batch: readonly NewRecord[] | "heartbeat"
  readonly from: "sender" | "ledger"
  /** About what it takes on disk; never 0. */
  readonly bytes: number
  readonly resolve: (delivered: Delivered) => void
  readonly reject: (why: unknown) => void
}

/** Requests in the order they came. */
export class Queue {
  #entries: Entry[] = []
  /** Of all that wait. */
  bytes = 0

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.bytes += entry.bytes
  }

  /** The oldest ones, whole, up to `bytesMax` together; at least one. */
  take(bytesMax: number): Entry[] {
    let bytes = 0
    let count = 0
    for (const entry of this.#entries) {
      if (count > 0 && bytes + entry.bytes > bytesMax) break
      bytes += entry.bytes
      count++
    }
    this.bytes -= bytes
    return this.#entries.splice(0, count)
  }
}
