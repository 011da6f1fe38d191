import { quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { type Sql, sql } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { findPhrase, foldCase, NOT_WORD, wordEdges } from "../words.ts"
import { containsAnyPhrase, ifContains } from "./phrase.ts"

/** `field:i(word)`, `i(word*)`: a phrase or prefix, capital letters or small. */
export const anyCase: FilterWord = {
  word: "i",
  example: `responseStatus.message:i(forbidden)`,
  parse(reader, field) {
    reader.next()
    reader.expect("(", "after i")
    const text = reader.is("*") ? "" : reader.compound("a word or phrase")
    const open = !reader.token.spaced && reader.skip("*")
    reader.expect(")", "after the argument of i()")
    const printed = open && text === "" ? "" : quoteIfNeeded(text)
    const folded = foldCase(text)
    return valueLeaf(field, {
      word: "i",
      ...(open ? {} : { says: { kind: "anyCase", text } }),
      text: `i(${printed}${open ? "*" : ""})`,
      test: (value) => {
        if (text === "") return open ? value !== "" : value === ""
        return findPhrase(foldCase(value), folded, 0, open) >= 0
      },
      sql: (value) => {
        if (text === "") return open ? sql`${value} <> ''` : sql`${value} = ''`
        return foldedPhrase(value, folded, open)
      },
    })
  },
}

/** Any of the phrases, none of them empty. */
export function anyOfCaseFilter(field: string, phrases: readonly string[]): Filter {
  const folded = phrases.map(foldCase)
  return valueLeaf(field, {
    word: "i",
    text: `(${phrases.map((phrase) => `i(${quoteIfNeeded(phrase)})`).join(" or ")})`,
    test: (value) => folded.some((phrase) => findPhrase(foldCase(value), phrase) >= 0),
    sql: (value) => containsAnyPhrase(sql`lower(${value})`, folded),
  })
}

/** On `lower()`, which is ten times as fast as `ilike`. */
function foldedPhrase(value: Sql, folded: string, open: boolean): Sql {
  const edges = wordEdges(folded)
  const start = edges.start ? `(^|${NOT_WORD})` : ""
  const end = edges.end && !open ? `($|${NOT_WORD})` : ""
  const contains = sql`contains(lower(${value}), ${folded})`
  if (start === "" && end === "") return contains
  return ifContains(contains, sql`regexp_matches(lower(${value}), ${start + escapeRegexp(folded) + end})`)
}
