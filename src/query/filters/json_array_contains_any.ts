import { QUERY_LIMITS } from "../limits.ts"
import { quoteIfNeeded } from "../quote.ts"
import { FALSE, sql, textsSql, trusted } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"

/** `field:json_array_contains_any(a, b)`: the value is a JSON list, and one of these is an element of it. */
export const jsonArrayContainsAny: FilterWord = {
  word: "json_array_contains_any",
  example: `requestObject.metadata.finalizers:json_array_contains_any(kubernetes, orphan)`,
  parse(reader, field) {
    const items = readArguments(reader, { min: 0, max: QUERY_LIMITS.itemsMax })
    const wanted = new Set(items)
    return valueLeaf(field, {
      word: "json_array_contains_any",
      text: `json_array_contains_any(${items.map(quoteIfNeeded).join(",")})`,
      test: (value) => elementsOf(value).some((element) => wanted.has(element)),
      sql: (value) => {
        if (items.length === 0) return FALSE
        const list = sql`CASE WHEN regexp_matches(${value}, '^[ \t\n\r]*\\[') AND json_valid(${value}) THEN json_extract(${value}, '$[*]') END`
        return sql`list_has_any(list_transform(${list}, lambda item: ${SCALAR}), ${textsSql(items)})`
      },
    })
  },
}

const SCALAR = trusted(
  "CASE WHEN NOT regexp_matches(CAST(item AS VARCHAR), '^[[{]') THEN coalesce(json_extract_string(item, '$'), CAST(item AS VARCHAR)) END",
)

/** Strings as they are, other scalars as they are written; lists and objects inside are no values. */
function elementsOf(text: string): readonly string[] {
  if (!/^[ \t\n\r]*\[/.test(text)) return []
  try {
    const list: unknown = JSON.parse(text, asWritten)
    return Array.isArray(list)
      ? list.filter((item) => item === null || typeof item !== "object").map(String)
      : []
  } catch {
    return []
  }
}

function asWritten(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" ? (context?.source ?? String(value)) : value
}
