import type { Columns } from "../column.ts"
import { fieldSet, hasField } from "../fieldset.ts"
import { readParenthesised, readPattern } from "../pipes/read.ts"
import { printFieldPattern } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type Row } from "../row.ts"
import type { Sql } from "../sql.ts"

/** A file in stats/: a function of `| stats`. The reader stands on the parenthesis behind the word. */
export interface StatsWord {
  readonly word: string
  readonly example: string
  parse(reader: Reader): StatsFunction
}

export interface StatsFunction {
  print(): string
  /** Fields it reads: names, `a*`, `*`. */
  readonly fields: readonly string[]
  /** `seconds`: the time that the group is about, for rates; 1 where it is not known. */
  start(seconds: number): Accumulator
  /**
   * The same over one batch in SQL, where `rows` is what `if (…)` keeps: expressions whose values, as text, the
   * accumulator can join. Undefined where SQL cannot say it over these fields.
   */
  partial?(columns: Columns, rows: Sql): readonly Sql[] | undefined
}

/** What a function knows of one group so far. Adding says how many bytes more are held. */
export interface Accumulator {
  add(row: Row): number
  /** What {@link StatsFunction.partial} said of a batch. */
  join(values: readonly (string | null)[]): number
  value(): string
}

/** `(a, b*, *)`: nothing means every field. */
export function readFields(reader: Reader): readonly string[] {
  const patterns = readParenthesised(reader, "after the function's name", readPattern)
  return patterns.length === 0 || patterns.includes("*") ? ["*"] : patterns
}

/** `(a)`: exactly one name. */
export function readOneField(reader: Reader, word: string): string {
  const start = reader.peek(1)
  const fields = readFields(reader)
  const [field = ""] = fields
  if (fields.length !== 1 || field.endsWith("*")) throw reader.refuse(`${word}() takes one field`, start)
  return field
}

export function printFields(word: string, fields: readonly string[]): string {
  return `${word}(${fields.map(printFieldPattern).join(", ")})`
}

/** The fields as names, where there is no prefix among them. */
export function plainFields(fields: readonly string[]): readonly string[] | undefined {
  return fields.some((field) => field.endsWith("*")) ? undefined : fields
}

/** The values of the fields in a row, as they are named; in the row's order where there are prefixes. */
export function valuesIn(fields: readonly string[]): (row: Row) => readonly string[] {
  if (plainFields(fields) !== undefined) return (row) => fields.map((field) => fieldValue(row, field))
  return valuesInRow(fields)
}

/** The values in the row's order, then one for each named field that it has not. */
export function valuesInRow(fields: readonly string[]): (row: Row) => readonly string[] {
  const names = namesIn(fields)
  return (row) => names(row).map((name) => fieldValue(row, name))
}

export function namesIn(fields: readonly string[]): (row: Row) => readonly string[] {
  const set = fieldSet(fields)
  const plain = fields.filter((field) => !field.endsWith("*"))
  return (row) => [
    ...Object.keys(row).filter((name) => hasField(set, name)),
    ...plain.filter((name) => !Object.hasOwn(row, name)),
  ]
}

/** `limit N` behind a function. */
export function readLimit(reader: Reader): number {
  return reader.skip("limit") ? reader.count("a number of values") : 0
}

export function printLimit(limit: number): string {
  return limit > 0 ? ` limit ${limit}` : ""
}
