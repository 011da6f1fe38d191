import { isNan, parseQuantity, quantitySql, timeQuantitySql } from "../quantity.ts"
import { quoteIfNeeded } from "../quote.ts"
import { type Sql, sql, trusted } from "../sql.ts"
import { NOTHING, valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"

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
      const value = parseQuantity(text)
      if (Number.isNaN(value) && !isNan(text)) throw reader.refuse(`expected ${what}, a number`, start)
      return [text, value]
    }
    const [minText, min] = number("the lower bound")
    reader.expect(",", "between the bounds of range")
    const [maxText, max] = number("the upper bound")
    if (!reader.is(")", "]")) throw reader.refuse(`expected ")" or "]" after the bounds of range`)
    const closing = reader.next().text
    // Nothing lies beyond an infinite bound: it takes itself in.
    const fromTaken = opening === "[" || !Number.isFinite(min)
    const toTaken = closing === "]" || !Number.isFinite(max)
    const inside = (value: number) =>
      (fromTaken ? value >= min : value > min) && (toTaken ? value <= max : value < max)
    const from = fromTaken ? trusted(">=") : trusted(">")
    const to = toTaken ? trusted("<=") : trusted("<")
    const between = (value: Sql) => sql`(${value} ${from} ${min} AND ${value} ${to} ${max})`
    const print = (bound: string) => (/\s/.test(bound) ? quoteIfNeeded(bound) : bound)
    const text = `range${opening}${print(minText)}, ${print(maxText)}${closing}`
    if (Number.isNaN(min) || Number.isNaN(max)) return valueLeaf(field, { word: "range", text, ...NOTHING })
    return valueLeaf(field, {
      word: "range",
      text,
      test: (value) => inside(parseQuantity(value)),
      sql: (value) => between(quantitySql(value)),
      integer: between,
      time: (column) => between(timeQuantitySql(column)),
    })
  },
}
