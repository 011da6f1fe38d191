import { formatNanos, parseNanos } from "./nanos.ts"
import { parseNumber } from "./number.ts"
import { fieldValue, type Row } from "./row.ts"
import type { SortKey } from "./tree.ts"
import { compareTexts } from "./words.ts"

/**
 * Order of values for `sort`, `top`, `min` and `max`: numbers by size, times by when; other texts naturally, so that node-2
 * comes before node-10, and what begins with a digit before all others. Negative when `a` comes first, 0 for `1` and `1.0`.
 */
export function compareValues(a: string, b: string): number {
  if (a === b) return 0
  const [earlier, later] = [timeKey(a), timeKey(b)]
  if (earlier !== undefined && later !== undefined) return compareTexts(earlier, later)
  const x = parseNumber(a)
  const y = Number.isNaN(x) ? Number.NaN : parseNumber(b)
  if (!Number.isNaN(y)) return x === y ? 0 : x - y
  return compareRuns(a, b)
}

/** The same for different texts: those that stand for one value have an order too. */
export function compareNatural(a: string, b: string): number {
  return compareValues(a, b) || compareTexts(a, b)
}

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/

/** Times are written without the zeros at the end of their fraction: as numbers .5 would come before .25. */
function timeKey(text: string): string | undefined {
  if (text[10] !== "T" && text[10] !== " ") return undefined
  const [, day, hours = "", fraction = "", zone = "Z"] = TIME.exec(text) ?? []
  if (day === undefined) return undefined
  if (zone === "Z") return `${day}T${hours}${fraction.padEnd(9, "0")}`
  const nanos = parseNanos(text)
  return nanos === undefined ? undefined : timeKey(formatNanos(nanos))
}

const RUNS = /[0-9]+|[^0-9]+/g

function compareRuns(a: string, b: string): number {
  const [left, right] = [a.match(RUNS) ?? [], b.match(RUNS) ?? []]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = "", y = ""] = [left[i], right[i]]
    if (x === y) continue
    const numbers = Number(isDigit(y)) - Number(isDigit(x))
    if (numbers !== 0) return numbers
    return isDigit(x) ? Number(x) - Number(y) || x.length - y.length : compareTexts(x, y)
  }
  return left.length - right.length
}

function isDigit(text: string): boolean {
  return text >= "0" && text < ":"
}

/** Order of rows by the keys, one after another; by all fields where there are no keys. */
export function compareRows(a: Row, b: Row, by: readonly SortKey[]): number {
  for (const { field, descending } of by) {
    const order = compareValues(fieldValue(a, field), fieldValue(b, field))
    if (order !== 0) return descending ? -order : order
  }
  return by.length === 0 ? compareWhole(a, b) : 0
}

function compareWhole(a: Row, b: Row): number {
  for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareTexts)) {
    const order = compareValues(fieldValue(a, name), fieldValue(b, name))
    if (order !== 0) return order
  }
  return 0
}

/** Order of lists of the same length, item by item. */
export function compareTuples(a: readonly string[], b: readonly string[]): number {
  for (const [i, value] of a.entries()) {
    const order = compareValues(value, b[i] ?? "")
    if (order !== 0) return order
  }
  return 0
}

/** Keeps the first `most` rows in an order, or all of them; holds at most twice as many. */
export class TopRows {
  readonly #rows: Row[] = []
  readonly #compare: (a: Row, b: Row) => number
  readonly #most: number

  constructor(compare: (a: Row, b: Row) => number, most = Number.POSITIVE_INFINITY) {
    this.#compare = compare
    this.#most = most
  }

  add(row: Row): void {
    this.#rows.push(row)
    if (this.#rows.length >= 2 * this.#most + 1_000) {
      this.#rows.sort(this.#compare)
      this.#rows.length = this.#most
    }
  }

  /** In order; rows that compare equal stay as they came. */
  sorted(): readonly Row[] {
    return this.#rows.sort(this.#compare).slice(0, this.#most)
  }
}
