import { assert } from "../base/assert.ts"
import type { Plan } from "../query/plan.ts"
import { newRow, type Row } from "../query/row.ts"
import type { Sink } from "../query/tree.ts"
import { MESSAGE_CHARS, MESSAGE_ROWS } from "./message.ts"

/** How rows are shown: fields by name or as the pipes left them; without a value or not at all. */
export type RowShape = { readonly sorted: boolean; readonly empties: boolean }

/** The end of all pipes: counts, cuts, and gathers rows into pieces of a size to send. */
export class Output implements Sink {
  readonly #offset: number
  readonly #limit: number
  readonly #rowsMax: number
  readonly #shape: RowShape
  #seen = 0
  #ready: (readonly Row[])[] = []
  #rows: Row[] = []
  #chars = 0
  #begun = false
  count = 0
  partial: string | undefined

  constructor({ limit, offset }: Pick<Plan, "limit" | "offset">, rowsMax: number, shape: RowShape) {
    assert(rowsMax >= 0, "rowsMax is a count")
    this.#limit = limit ?? Number.POSITIVE_INFINITY
    this.#offset = offset
    this.#rowsMax = rowsMax
    this.#shape = shape
  }

  take(row: Row): boolean {
    if (this.#seen++ < this.#offset) return true
    if (this.count >= this.#limit) return false
    if (this.count >= this.#rowsMax) {
      this.partial ??= `rows: more than ${this.#rowsMax}`
      return false
    }
    this.count++
    this.#gather(row)
    return this.count < this.#limit
  }

  /** No more rows are wanted. */
  get isFull(): boolean {
    return this.count >= this.#limit
  }

  end(): void {}

  #gather(row: Row): void {
    const shown = newRow()
    const names = Object.keys(row)
    for (const name of this.#shape.sorted ? names.sort() : names) {
      const value = row[name] ?? ""
      if (value === "" && !this.#shape.empties) continue
      shown[name] = value
      this.#chars += name.length + value.length
    }
    this.#rows.push(shown)
    if (this.#rows.length >= MESSAGE_ROWS || this.#chars >= MESSAGE_CHARS) this.#close()
  }

  #close(): void {
    this.#begun = true
    this.#ready.push(this.#rows)
    this.#rows = []
    this.#chars = 0
  }

  /** Pieces that are full; the very first rows as soon as they are there, since somebody waits for them. */
  *full(): Generator<readonly Row[]> {
    if (!this.#begun && this.#rows.length > 0) this.#close()
    const ready = this.#ready
    this.#ready = []
    yield* ready
  }

  *all(): Generator<readonly Row[]> {
    if (this.#rows.length > 0) this.#close()
    yield* this.full()
  }
}
