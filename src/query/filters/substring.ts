import { quoteIfNeeded } from "../quote.ts"
import { sql, TRUE } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { valueLeaf } from "../value.ts"

/** `field:*text*`: the text stands anywhere in the value, also within a word. */
export function substringFilter(field: string | undefined, text: string): Filter {
  return valueLeaf(field, {
    word: "*",
    text: `*${quoteIfNeeded(text)}*`,
    test: (value) => value.includes(text),
    sql: (value) => (text === "" ? TRUE : sql`contains(${value}, ${text})`),
  })
}
