import { Refusal } from "../../base/refusal.ts"
import type { Micros } from "../../base/time.ts"
import { DECIMAL_RE2, parseDecimal, parseNumber } from "../number.ts"
import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { type Sql, sql, trusted } from "../sql.ts"
import { parseMoment } from "../time.ts"
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
    test: (value) => holds(operator, numberLike(text, value) - bound),
    sql: (value) => sql`${numberSql(text, value)} ${SQL_OPERATORS[operator]} ${bound}`,
    integer: (column) => sql`${column} ${SQL_OPERATORS[operator]} ${bound}`,
  })
}

function textFilter(field: string | undefined, operator: Operator, bound: string): Filter {
  const text = operator + quoteIfNeeded(bound)
  const sign = SQL_OPERATORS[operator]
  const instant = instantOf(bound)
  if (instant === undefined) {
    return valueLeaf(field, {
      word: operator,
      text,
      test: (value) => holds(operator, compareTexts(value, bound)),
      sql: (value) => sql`${value} ${sign} ${bound}`,
    })
  }
  // Times are compared as such, however they are written; what is none, as text.
  return valueLeaf(field, {
    word: operator,
    text,
    test: (value) => {
      const at = instantOf(value)
      return holds(operator, at === undefined ? compareTexts(value, bound) : at - instant)
    },
    sql: (value) => sql`coalesce(${instantSql(value)} ${sign} ${BigInt(instant)}, ${value} ${sign} ${bound})`,
    time: (column) => sql`${column} ${sign} make_timestamp(${BigInt(instant)})`,
  })
}

const INSTANT_RE2 =
  "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
const INSTANT = new RegExp(`^${INSTANT_RE2}$`)

/** Microseconds of an RFC 3339 time. */
function instantOf(text: string): Micros | undefined {
  const moment = INSTANT.test(text) ? parseMoment(text) : undefined
  return moment?.kind === "span" ? moment.span.first : undefined
}

function instantSql(value: Sql): Sql {
  return sql`CASE WHEN regexp_full_match(${value}, ${INSTANT_RE2}) THEN epoch_us(TRY_CAST(${value} AS TIMESTAMPTZ)) END`
}

function holds(operator: Operator, difference: number): boolean {
  if (operator === ">") return difference > 0
  if (operator === ">=") return difference >= 0
  return operator === "<" ? difference < 0 : difference <= 0
}

/**
 * The number of a value that is compared with `bound`. Beside a plain number only plain numbers count, so that an address
 * is not taken for one; beside a size or a duration others with a unit do too.
 */
export function numberLike(bound: string, value: string): number {
  return Number.isNaN(parseDecimal(bound)) ? parseNumber(value) : parseDecimal(value)
}

/** The same in SQL, which reads plain numbers only. */
export function numberSql(bound: string, value: Sql): Sql {
  if (Number.isNaN(parseDecimal(bound))) {
    throw new Refusal(
      "query.unsupported",
      `${bound} cannot be compared with stored texts yet; write a plain number`,
    )
  }
  return decimalSql(value)
}

/** The plain number a text stands for, else NULL. */
export function decimalSql(value: Sql): Sql {
  return sql`TRY_CAST(regexp_extract(${value}, ${`^(?:${DECIMAL_RE2})$`}) AS DOUBLE)`
}
