import { parseNumber } from "../number.ts"
import { sql } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"

/** `field:len_range(10, 20)`: so many characters (code points), both bounds taken in. An absent field has none. */
export const lenRange: FilterWord = {
  word: "len_range",
  example: `userAgent:len_range(200, inf)`,
  parse(reader, field) {
    const start = reader.token
    const [from = "", to = ""] = readArguments(reader, { min: 2, max: 2 })
    const [min, max] = [parseLength(from), parseLength(to)]
    if (min === undefined || max === undefined) throw reader.refuse("len_range() takes two lengths", start)
    return valueLeaf(field, {
      word: "len_range",
      text: `len_range(${from}, ${to})`,
      test: (value) => inside([...value].length),
      sql: (value) => sql`length(${value}) BETWEEN ${min} AND ${Math.min(max, Number.MAX_SAFE_INTEGER)}`,
    })

    function inside(length: number): boolean {
      return min !== undefined && max !== undefined && length >= min && length <= max
    }
  },
}

/** A whole number, a size, a duration (in nanoseconds) or `inf`. */
function parseLength(text: string): number | undefined {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY
  const whole = /^[0-9][0-9_]*$/.test(text) || (/[A-Za-z]/.test(text) && !/^[0-9.]+e/i.test(text))
  const value = whole ? parseNumber(text) : Number.NaN
  return Number.isNaN(value) || value < 0 ? undefined : Math.floor(value)
}
