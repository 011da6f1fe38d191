import { quote, quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { type Sql, sql } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { type ValueTest, valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { findPhrase, NOT_WORD, wordEdges } from "../words.ts"

/** `word`, `"some words"`: stands in the value, as whole words. The empty phrase means that the field is empty. */
export const phrase: FilterWord = {
  word: "phrase",
  example: `refused objectRef.name:"db-password"`,
  parse: (reader, field) => phraseFilter(field, reader.compound("a word or phrase")),
}

export function phraseFilter(field: string | undefined, text: string): Filter {
  return valueLeaf(field, phraseTest(text))
}

export function phraseTest(text: string): ValueTest {
  return {
    word: "phrase",
    text: text === "" ? quote("") : quoteIfNeeded(text),
    test: (value) => (text === "" ? value === "" : findPhrase(value, text) >= 0),
    sql: (value) => (text === "" ? sql`${value} = ''` : containsPhrase(value, text)),
  }
}

/** Both, and the second only where the first holds: AND leaves DuckDB free to begin with either. */
export function ifContains(contains: Sql, matches: Sql): Sql {
  return sql`CASE WHEN ${contains} THEN ${matches} END`
}

/** `contains` is thirty times as fast as the regular expression and rules most rows out. */
export function containsPhrase(value: Sql, text: string, open = false): Sql {
  const contains = sql`contains(${value}, ${text})`
  const edges = wordEdges(text)
  const start = edges.start ? `(^|${NOT_WORD})` : ""
  const end = edges.end && !open ? `($|${NOT_WORD})` : ""
  if (start === "" && end === "") return contains
  return ifContains(contains, sql`regexp_matches(${value}, ${start + escapeRegexp(text) + end})`)
}
