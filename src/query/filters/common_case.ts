import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { compileRegexp, escapeRegexp } from "../regexp.ts"
import { FALSE, sql, TRUE } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { NOT_WORD, wordEdges } from "../words.ts"
import { readArguments } from "./arguments.ts"
import { QUERY_LIMITS } from "../limits.ts"

/** Capital letters in one text: VictoriaLogs writes all of its 2ⁿ forms out, and takes no more. */
const CAPITALS_MAX = 10

/**
 * `field:contains_common_case(VictoriaMetrics)`: the phrase as people write it: each capital letter may be small, or all are
 * capital. Cheaper to think about than `i()`: `vIcToria…` is not meant.
 */
export const containsCommonCase: FilterWord = {
  word: "contains_common_case",
  example: `userAgent:contains_common_case(Kubectl)`,
  parse: (reader, field) => readCommonCase(reader, field, "contains_common_case"),
}

/** `field:equals_common_case(Forbidden)`: the same for the whole value. */
export const equalsCommonCase: FilterWord = {
  word: "equals_common_case",
  example: `responseStatus.reason:equals_common_case(NotFound)`,
  parse: (reader, field) => readCommonCase(reader, field, "equals_common_case"),
}

function readCommonCase(
  reader: Reader,
  field: string | undefined,
  word: "contains_common_case" | "equals_common_case",
): Filter {
  const start = reader.token
  const texts = readArguments(reader, { min: 0, max: QUERY_LIMITS.itemsMax })
  const tooMany = texts.find((text) => [...text].filter(isCapital).length > CAPITALS_MAX)
  if (tooMany !== undefined)
    throw reader.refuse(`more than ${CAPITALS_MAX} capital letters in one text of ${word}()`, start)
  const whole = word === "equals_common_case"
  const source = texts.map((text) => formsOf(text, whole)).join("|")
  const text = `${word}(${texts.map(quoteIfNeeded).join(",")})`
  // The empty phrase stands in everything; no phrase in nothing.
  const always = !whole && texts.includes("")
  const constant = always || texts.length === 0
  const compiled = constant ? undefined : compileRegexp(source)
  return valueLeaf(field, {
    word,
    text,
    test: (value) => compiled?.test(value) ?? always,
    sql: (value) =>
      constant ? (always ? TRUE : FALSE) : sql`regexp_matches(${value}, ${compiled?.re2 ?? ""})`,
  })
}

function isCapital(char: string): boolean {
  return char !== char.toLowerCase()
}

function formsOf(text: string, whole: boolean): string {
  const mixed = [...text].map((char) => {
    const small = char.toLowerCase()
    return small === char || [...small].length !== 1
      ? escapeRegexp(char)
      : `[${escapeRegexp(char)}${escapeRegexp(small)}]`
  })
  const forms = `(?:${mixed.join("")}|${escapeRegexp(text.toUpperCase())})`
  if (whole) return `^${forms}$`
  const edges = wordEdges(text)
  return `${edges.start ? `(?:^|${NOT_WORD})` : ""}${forms}${edges.end ? `(?:$|${NOT_WORD})` : ""}`
}
