import { quoteIfNeeded } from "../quote.ts"
import { sql } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { fieldOr, valueLeaf } from "../value.ts"
import { findPhrase } from "../words.ts"
import { containsAnyPhrase, containsPhrase } from "./phrase.ts"

/** `word*`: a word that begins so. `field:*`: any value. `*` alone: every row. Read together with phrases, in filter.ts. */
export function prefixFilter(field: string | undefined, prefix: string): Filter {
  if (prefix === "" && fieldOr(field) === "_msg") return { kind: "all" }
  return valueLeaf(field, {
    word: "prefix",
    text: prefix === "" ? "*" : `${quoteIfNeeded(prefix)}*`,
    says: { kind: "prefix", text: prefix },
    test: (value) => (prefix === "" ? value !== "" : findPhrase(value, prefix, 0, true) >= 0),
    sql: (value) => (prefix === "" ? sql`${value} <> ''` : containsPhrase(value, prefix, true)),
    integer: (column) =>
      prefix === ""
        ? sql`${column} IS NOT NULL`
        : containsPhrase(sql`CAST(${column} AS VARCHAR)`, prefix, true),
  })
}

/** Any of the prefixes, none of them empty. */
export function anyPrefixFilter(field: string, prefixes: readonly string[]): Filter {
  return valueLeaf(field, {
    word: "prefix",
    text: `(${prefixes.map((prefix) => `${quoteIfNeeded(prefix)}*`).join(" or ")})`,
    test: (value) => prefixes.some((prefix) => findPhrase(value, prefix, 0, true) >= 0),
    sql: (value) => containsAnyPhrase(value, prefixes, true),
  })
}
