import { newRow, type Row } from "../query/row.ts"

/** Lines of progress come no closer together. */
const APART_MS = 200

/** How far a query is, told as rows of one field between its own: `{"_progress":"3/24"}`, parts read and to be read. */
export class Progress {
  readonly #wanted: boolean
  #done = 0
  #all = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(wanted: boolean) {
    this.#wanted = wanted
  }

  /** The parts one after another; the one before is done when the next is taken. */
  *through<T>(parts: readonly T[]): Generator<T> {
    this.#all = parts.length
    for (const [done, part] of parts.entries()) {
      this.#done = done
      yield part
    }
  }

  /** A row, where that was asked for and nothing was told for a while. */
  *told(): Generator<readonly Row[]> {
    const now = performance.now()
    if (!this.#wanted || now - this.#toldAt < APART_MS) return
    this.#toldAt = now
    const row = newRow()
    row._progress = `${this.#done}/${this.#all}`
    yield [row]
  }
}
