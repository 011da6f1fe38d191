import { newRow, type Row } from "../query/row.ts"

/** Lines of progress come no closer together. */
const APART_MS = 200

/** How far a query is, told as rows of one field between its own: `{"_progress":"3/24"}`, parts of the ledger read and to be read. */
export class Progress {
  readonly #wanted: boolean
  #done = 0
  #all = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(wanted: boolean) {
    this.#wanted = wanted
  }

  begin(parts: number): void {
    this.#all = parts
  }

  /** So many have been read. */
  step(parts: number): void {
    this.#done += parts
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
