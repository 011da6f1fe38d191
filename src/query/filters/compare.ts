import { DECIMAL_RE2 } from "../number.ts"
import { instantOf, isNan, parseQuantity, quantitySql, timeQuantitySql } from "../quantity.ts"
import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { type Sql, sql, trusted } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { NOTHING, valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { compareTexts } from "../words.ts"

/**
 * `field:>400`, `>=`, `<`, `<=`: where the bound is a number (also `1KiB`, `5s`, an address, a time), values that are numbers
 * are compared with it; else texts with a text.
 */
export const greater: FilterWord = {
  word: ">",
  example: `responseStatus.code:>=400`,
  parse: readComparison,
}

export const less: FilterWord = {
  word: "<",
  example: `responseStatus.code:<300`,
  parse: readComparison,
}

type Operator = ">" | ">=" | "<" | "<="
/** Written once, so that no operator of a query becomes SQL text. */
const SQL_OPERATORS: Readonly<Record<Operator, Sql>> = {
  ">": trusted(">"),
  ">=": trusted(">="),
  "<": trusted("<"),
  "<=": trusted("<="),
}

function readComparison(reader: Reader, field: string | undefined): Filter {
  const sign = reader.next().text === ">" ? ">" : "<"
  const operator: Operator = !reader.token.spaced && reader.skip("=") ? `${sign}=` : sign
  const bound = reader.compound("a number or text")
  const number = parseQuantity(bound)
  // Nothing is more or less than what is no number; SQL would take NaN for the greatest of all.
  if (isNan(bound)) return valueLeaf(field, { word: operator, text: operator + bound, ...NOTHING })
  return Number.isNaN(number)
    ? textFilter(field, operator, bound)
    : numberFilter(field, operator, number, bound)
}

function numberFilter(field: string | undefined, operator: Operator, bound: number, text: string): Filter {
  const sign = SQL_OPERATORS[operator]
  const instant = instantOf(text)
  return valueLeaf(field, {
    word: operator,
    text: operator + printBound(text),
    test: (value) => holds(operator, parseQuantity(value), bound),
    sql: (value) => sql`${quantitySql(value)} ${sign} ${bound}`,
    integer: (column) => sql`${column} ${sign} ${bound}`,
    time: (column) =>
      instant === undefined
        ? sql`${timeQuantitySql(column)} ${sign} ${bound}`
        : sql`${column} ${sign} make_timestamp(${BigInt(instant)})`,
  })
}

/** A bound as it is printed: times stand without quotes too, where they hold no space. */
export function printBound(text: string): string {
  const isTime = text[10] === "T" && instantOf(text) !== undefined
  return isTime || NUMBER_LIKE.test(text) ? text : quoteIfNeeded(text)
}

/** Numbers stand without quotes; times and addresses are texts to those who read them. */
const NUMBER_LIKE = /^[+-]?[.0-9A-Za-z_µ]+([eE][+-]?[0-9]+)?$/

function textFilter(field: string | undefined, operator: Operator, bound: string): Filter {
  const sign = SQL_OPERATORS[operator]
  return valueLeaf(field, {
    word: operator,
    text: operator + quoteIfNeeded(bound),
    test: (value) => holds(operator, compareTexts(value, bound), 0),
    sql: (value) => sql`${value} ${sign} ${bound}`,
  })
}

function holds(operator: Operator, value: number, bound: number): boolean {
  if (operator === ">") return value > bound
  if (operator === ">=") return value >= bound
  return operator === "<" ? value < bound : value <= bound
}

/** The plain number a text stands for, else NULL. */
export function decimalSql(value: Sql): Sql {
  return sql`TRY_CAST(regexp_extract(${value}, ${`^(?:${DECIMAL_RE2})$`}) AS DOUBLE)`
}
