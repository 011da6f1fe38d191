import { quoteIfNeeded } from "../quote.ts"
import { sql } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { compareTexts } from "../words.ts"
import { readArguments } from "./arguments.ts"

/** `field:string_range(a, c)`: a text from the first on and before the second, in the order of bytes. */
export const stringRange: FilterWord = {
  word: "string_range",
  example: `user.username:string_range(a, n)`,
  parse(reader, field) {
    const [from = "", to = ""] = readArguments(reader, { min: 2, max: 2 })
    return valueLeaf(field, {
      word: "string_range",
      text: `string_range(${quoteIfNeeded(from)}, ${quoteIfNeeded(to)})`,
      test: (value) => compareTexts(value, from) >= 0 && compareTexts(value, to) < 0,
      sql: (value) => sql`(${value} >= ${from} AND ${value} < ${to})`,
    })
  },
}
