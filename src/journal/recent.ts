import type { PlacedRecord } from "../event/record.ts"
import { isOver, type ReadLimits } from "./reader.ts"

type Kept = { readonly first: number; readonly records: readonly PlacedRecord[]; readonly bytes: number }

/**
 * The newest committed records, so that sealing does not read what was just written. They keep the memory of the
 * requests they came in; what is asked for from number N on says that nothing below N is needed here any more.
 */
export class Recent {
  #groups: Kept[] = []
  #bytes = 0
  readonly #bytesMax: number

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(records: readonly PlacedRecord[], bytes: number): void {
    this.#groups.push({ first: records[0]?.number ?? 0, records, bytes })
    this.#bytes += bytes
    let dropped = 0
    while (this.#bytes > this.#bytesMax && dropped < this.#groups.length) this.#forget(dropped++)
    this.#groups.splice(0, dropped)
  }

  /** Of the groups held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Lets groups go that hold only records below. */
  release(below: number): void {
    let passed = 0
    while (passed < this.#groups.length && isBelow(this.#groups[passed], below)) this.#forget(passed++)
    this.#groups.splice(0, passed)
  }

  /** Neighbours from `from` on, within the limits; undefined where the oldest here is newer. */
  read(from: number, limits: ReadLimits): PlacedRecord[] | undefined {
    this.release(from)
    const oldest = this.#groups[0]
    if (oldest === undefined || oldest.first > from) return undefined
    const taken: PlacedRecord[] = []
    let bytes = 0
    for (const { first, records } of this.#groups) {
      for (let at = Math.max(0, from - first); at < records.length; at++) {
        const record = records[at]
        if (record === undefined || isOver(limits, taken.length, bytes, record)) return taken
        taken.push(record)
        bytes += record.body.length
      }
    }
    return taken
  }

  #forget(at: number): void {
    this.#bytes -= this.#groups[at]?.bytes ?? 0
  }
}

function isBelow(group: Kept | undefined, number: number): boolean {
  return group !== undefined && group.first + group.records.length <= number
}
