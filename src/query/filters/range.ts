import { parseDecimal, parseNumber } from "../number.ts"
import { type Sql, sql, trusted } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { numberLike, numberSql } from "./compare.ts"

const INFINITE = /^[+-]?inf$/i

/** `field:range(1, 10]`: a number between two; a bracket takes its bound in, a parenthesis leaves it out. */
export const range: FilterWord = {
  word: "range",
  example: `responseStatus.code:range[400, 499]`,
  parse(reader, field) {
    reader.next()
    const opening = reader.next().text
    const number = (what: string): readonly [string, number] => {
      const start = reader.token
      const text = reader.compound(what)
      const value = parseNumber(text)
      if (Number.isNaN(value)) throw reader.refuse(`expected ${what}, a number`, start)
      return [text, value]
    }
    const [minText, min] = number("the lower bound")
    reader.expect(",", "between the bounds of range")
    const [maxText, max] = number("the upper bound")
    if (!reader.is(")", "]")) throw reader.refuse(`expected ")" or "]" after the bounds of range`)
    const closing = reader.next().text
    const unit =
      [minText, maxText].find((text) => Number.isNaN(parseDecimal(text)) && !INFINITE.test(text)) ?? "0"
    const inside = (value: number) =>
      (opening === "[" ? value >= min : value > min) && (closing === "]" ? value <= max : value < max)
    const from = opening === "[" ? trusted(">=") : trusted(">")
    const to = closing === "]" ? trusted("<=") : trusted("<")
    const between = (value: Sql) => sql`(${value} ${from} ${min} AND ${value} ${to} ${max})`
    return valueLeaf(field, {
      word: "range",
      text: `range${opening}${minText}, ${maxText}${closing}`,
      test: (value) => inside(numberLike(unit, value)),
      sql: (value) => between(numberSql(unit, value)),
      integer: between,
    })
  },
}
