import { isRefusal } from "../../base/refusal.ts"
import type { Reader } from "../reader.ts"
import type { Query } from "../tree.ts"
import { readItems } from "./arguments.ts"

/** What stands in the parentheses of `in(…)`: values, `*`, or a query whose last pipe leaves one field. */
export type Values =
  | { readonly kind: "all" }
  | { readonly kind: "items"; readonly items: readonly string[] }
  | { readonly kind: "query"; readonly query: Query; readonly field: string }

/** Reads `word(…)` with the reader on the word. Where it is neither values nor a query, the error is about the values. */
export function readValues(reader: Reader, word: string): Values {
  reader.next()
  const start = reader.mark()
  try {
    const items = readItems(reader, `after ${word}`, "withStar")
    return items === "*" ? { kind: "all" } : { kind: "items", items }
  } catch (error) {
    if (!isRefusal(error, "query.malformed")) throw error
    reader.reset(start)
    const query = reader.nested(() => readQuery(reader))
    if (query === undefined) throw error
    return query
  }
}

function readQuery(reader: Reader): Values | undefined {
  try {
    reader.next()
    const query = reader.grammar.query(reader)
    const field = onlyField(query)
    if (field === undefined || !reader.skip(")")) return undefined
    return { kind: "query", query, field }
  } catch (error) {
    if (isRefusal(error, "query.malformed")) return undefined
    throw error
  }
}

/** The one field that the query's rows have, where its last pipe says so. */
function onlyField(query: Query): string | undefined {
  return query.pipes.at(-1)?.onlyField
}
