import { DECIMAL_RE2, parseNumber } from "../number.ts"
import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { type Sql, sql, trusted } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { compareTexts } from "../words.ts"

/** `field:>400`, `>=`, `<`, `<=`: as numbers where the bound is one (values that are none do not match), else as texts. */
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
  const number = parseNumber(bound)
  return Number.isNaN(number)
    ? textFilter(field, operator, bound)
    : numberFilter(field, operator, number, bound)
}

function numberFilter(field: string | undefined, operator: Operator, bound: number, text: string): Filter {
  return valueLeaf(field, {
    word: operator,
    text: operator + text,
    test: (value) => holds(operator, parseNumber(value) - bound),
    sql: (value) => sql`${decimalSql(value)} ${SQL_OPERATORS[operator]} ${finite(bound)}`,
    integer: (column) => sql`${column} ${SQL_OPERATORS[operator]} ${finite(bound)}`,
  })
}

function textFilter(field: string | undefined, operator: Operator, bound: string): Filter {
  return valueLeaf(field, {
    word: operator,
    text: operator + quoteIfNeeded(bound),
    test: (value) => holds(operator, compareTexts(value, bound)),
    sql: (value) => sql`${value} ${SQL_OPERATORS[operator]} ${bound}`,
  })
}

function holds(operator: Operator, difference: number): boolean {
  if (operator === ">") return difference > 0
  if (operator === ">=") return difference >= 0
  return operator === "<" ? difference < 0 : difference <= 0
}

/** The number a column's text stands for. Only decimals: sizes and durations as values are compared in memory alone. */
export function decimalSql(value: Sql): Sql {
  return sql`TRY_CAST(regexp_extract(${value}, ${`^(?:${DECIMAL_RE2})$`}) AS DOUBLE)`
}

/** A bound as a parameter: DuckDB compares BIGINT with DOUBLE as DOUBLE. */
function finite(bound: number): number {
  return bound
}
