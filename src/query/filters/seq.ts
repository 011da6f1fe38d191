import { QUERY_LIMITS } from "../limits.ts"
import { quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { andSql, sql, TRUE } from "../sql.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { findPhrase, NOT_WORD, wordEdges } from "../words.ts"
import { readArguments } from "./arguments.ts"
import { ifContains } from "./phrase.ts"

/** `field:seq(a, "b c")`: the phrases stand in the value one after another. */
export const seq: FilterWord = {
  word: "seq",
  example: `responseStatus.message:seq(User, "cannot list")`,
  parse(reader, field) {
    const start = reader.token
    const phrases = readArguments(reader, { min: 0, max: QUERY_LIMITS.itemsMax })
    const useful = phrases.filter((phrase) => phrase !== "")
    const pattern = sequencePattern(useful)
    if (pattern.length > QUERY_LIMITS.regexpCharsMax) {
      throw reader.refuse("the phrases of seq() are too long", start, "query.tooLarge")
    }
    return valueLeaf(field, {
      word: "seq",
      text: `seq(${phrases.map(quoteIfNeeded).join(",")})`,
      test: (value) => standInOrder(value, useful),
      sql: (value) => {
        if (useful.length === 0) return TRUE
        const contains = andSql(useful.map((phrase) => sql`contains(${value}, ${phrase})`))
        return ifContains(contains, sql`regexp_matches(${value}, ${pattern})`)
      },
    })
  },
}

function standInOrder(value: string, phrases: readonly string[]): boolean {
  let from = 0
  for (const phrase of phrases) {
    const at = findPhrase(value, phrase, from)
    if (at < 0) return false
    from = at + phrase.length
  }
  return true
}

/**
 * One RE2 for the whole sequence. It has no look-around and its `\b` knows only ASCII, so the character beside a word is
 * read too, and two words in a row may share one.
 */
function sequencePattern(phrases: readonly string[]): string {
  const any = "(?s:.*?)"
  let pattern = ""
  let before: "start" | "word" | "other" = "start"
  for (const phrase of phrases) {
    const edges = wordEdges(phrase)
    if (before === "start") pattern += edges.start ? `(?:^|${NOT_WORD})` : ""
    else if (before === "word")
      pattern += edges.start ? `${NOT_WORD}(?:${any}${NOT_WORD})?` : `(?:${NOT_WORD}${any})?`
    else pattern += edges.start ? `(?:${any}${NOT_WORD})?` : any
    pattern += escapeRegexp(phrase)
    before = edges.end ? "word" : "other"
  }
  return before === "word" ? `${pattern}(?:$|${NOT_WORD})` : pattern
}
