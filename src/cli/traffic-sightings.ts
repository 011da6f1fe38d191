import { LineCutter } from "../intake/file-lines.ts"
import { createSightingReader, type Sighting } from "../policy/sighting.ts"
import type { TrafficSink } from "./traffic-input.ts"

const [NEWLINE, NUL] = [0x0a, 0x00]

/** Makes a sighting of each event, and counts what is none. */
export class SightingSink implements TrafficSink {
  readonly #take: (sighting: Sighting) => void
  readonly #read = createSightingReader()
  #cutter = new LineCutter(0)
  #notUnderstood = 0

  constructor(take: (sighting: Sighting) => void) {
    this.#take = take
  }

  /** Items that are no audit event of a known stage. */
  get notUnderstood(): number {
    return this.#notUnderstood
  }

  event(bytes: Uint8Array): undefined {
    this.part(bytes, 0, bytes.length)
  }

  lines(chunk: Uint8Array): undefined {
    for (const { bytes } of this.#cutter.push(chunk).lines) this.event(bytes)
  }

  ended(): undefined {
    for (const { bytes } of this.#cutter.finish().lines) this.event(bytes)
    this.#cutter = new LineCutter(0)
  }

  /** Lines as {@link lines} has them, where none goes on in another chunk: nothing is made for a line but its sighting. */
  wholeLines(chunk: Buffer): void {
    if (chunk.includes(NUL)) {
      this.lines(chunk)
      this.ended()
      return
    }
    for (let at = 0; at < chunk.length; ) {
      const newline = chunk.indexOf(NEWLINE, at)
      const end = newline < 0 ? chunk.length : newline
      if (end > at) this.part(chunk, at, end)
      at = end + 1
    }
  }

  /** One event, `bytes[from, to)`. */
  part(bytes: Uint8Array, from: number, to: number): void {
    const sighting = this.#read(bytes, from, to)
    if (sighting === undefined) this.#notUnderstood++
    else this.#take(sighting)
  }
}
