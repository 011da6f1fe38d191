import { quoteIfNeeded } from "../quote.ts"
import { compileRegexp, escapeRegexp } from "../regexp.ts"
import { sql } from "../sql.ts"
import { NOTHING, valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { isWordChar } from "../words.ts"
import { readArguments } from "./arguments.ts"
import { compileAt } from "./regexp.ts"

/** `field:pattern_match("user <N> from <IP4>")`: such a text, as `collapse_nums` would write it, stands in the value. */
export const patternMatch: FilterWord = patternWord(
  "pattern_match",
  `responseStatus.message:pattern_match("port <N>")`,
)
/** The whole value is such a text. */
export const patternMatchFull: FilterWord = patternWord(
  "pattern_match_full",
  `sourceIPs:pattern_match_full("<IP4>")`,
)
/** The value begins so. */
export const patternMatchPrefix: FilterWord = patternWord(
  "pattern_match_prefix",
  `objectRef.name:pattern_match_prefix("<W>-<N>")`,
)
/** The value ends so. */
export const patternMatchSuffix: FilterWord = patternWord(
  "pattern_match_suffix",
  `user.username:pattern_match_suffix(":<W>")`,
)

function patternWord(word: string, example: string): FilterWord {
  return {
    word,
    example,
    parse(reader, field) {
      const start = reader.token
      const [pattern = ""] = readArguments(reader, { min: 1, max: 1 })
      const source = patternRegexp(pattern, {
        fromStart: word.endsWith("_full") || word.endsWith("_prefix"),
        toEnd: word.endsWith("_full") || word.endsWith("_suffix"),
      })
      const named = { word, text: `${word}(${quoteIfNeeded(pattern)})` }
      if (source === undefined) return valueLeaf(field, { ...named, ...NOTHING })
      const { test, re2 } = compileAt(reader, source, start, compileRegexp)
      return valueLeaf(field, { ...named, test, sql: (value) => sql`regexp_matches(${value}, ${re2})` })
    },
  }
}

type Anchors = { readonly fromStart: boolean; readonly toEnd: boolean }

/** What a pattern is made of. */
type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "word" }
  /** One number or several; `end` is what must follow the last. */
  | { readonly kind: "number"; readonly source: (end: string) => string }

const NUMBER = "(?:[0-9]+|(?:[0-9A-Fa-f]{2}){2,})"
const TIME = `${NUMBER}:${NUMBER}:${NUMBER}(?:[.,]${NUMBER})?`
const DATE = `${NUMBER}(?:-${NUMBER}-|/${NUMBER}/)${NUMBER}`
const followed = (source: string) => (end: string) => source + end
/** What `collapse_nums prettify` writes. */
const SHAPES: ReadonlyMap<string, Part> = new Map<string, Part>([
  ["<N>", { kind: "number", source: followed(NUMBER) }],
  ["<UUID>", { kind: "number", source: followed(`${NUMBER}(?:-${NUMBER}){4}`) }],
  ["<IP4>", { kind: "number", source: followed(`${NUMBER}(?:\\.${NUMBER}){3}`) }],
  ["<TIME>", { kind: "number", source: followed(TIME) }],
  ["<DATE>", { kind: "number", source: followed(DATE) }],
  [
    "<DATETIME>",
    { kind: "number", source: (end) => `${DATE}[T ]${TIME}(?:(?:[-+]${NUMBER}:${NUMBER})?${end}|Z)` },
  ],
  ["<W>", { kind: "word" }],
])

/** Letters and digits that cannot stand before a number, and behind one: with them it is part of a name. */
const NOT_BEFORE = "0-9A-SU-WYZa-gi-ln-rtuwyz"
const NOT_BEHIND = "0-9A-SU-Ya-gi-lo-rtv-z"
const mayBegin = new RegExp(`^[^${NOT_BEFORE}]$`, "u")
const mayEnd = new RegExp(`^[^${NOT_BEHIND}]$`, "u")

const WORD = "[\\p{L}\\p{Nd}_]+"
/** A word that may stand right behind a number. */
const WORD_BEHIND_NUMBER = "(?:[TZhmnsu_]|[^\\x00-\\x7f])[\\p{L}\\p{Nd}_]*"
const STRING = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|\`[^\`]*\``

/** As RE2, which cannot look around: what may stand beside a number is checked here. Undefined where nothing can match. */
export function patternRegexp(pattern: string, { fromStart, toEnd }: Anchors): string | undefined {
  const parts = partsOf(pattern)
  let source = fromStart ? "^" : ""
  for (const [at, part] of parts.entries()) {
    const piece = sourceOf(part, { before: parts[at - 1], behind: parts[at + 1], fromStart, toEnd })
    if (piece === undefined) return undefined
    source += piece
  }
  return source + (toEnd ? "$" : "")
}

function partsOf(pattern: string): readonly Part[] {
  const texts = pattern.split(/(<[A-Z0-9]+>)/).filter((text) => text !== "")
  const parts: Part[] = []
  for (const text of texts) {
    const last = parts.at(-1)
    const shape = SHAPES.get(text)
    if (shape !== undefined) parts.push(shape)
    // What is no shape is text, and so is what stands beside it.
    else if (last?.kind === "text") parts[parts.length - 1] = { kind: "text", text: last.text + text }
    else parts.push({ kind: "text", text })
  }
  return parts
}

type Beside = Anchors & { readonly before: Part | undefined; readonly behind: Part | undefined }

function sourceOf(part: Part, beside: Beside): string | undefined {
  switch (part.kind) {
    case "text":
      return escapeRegexp(part.text)
    case "word":
      return wordSource(beside)
    case "number":
      return numberSource(part.source, beside)
  }
}

function wordSource({ before, behind }: Beside): string {
  // A word goes on as far as it can: no word, number or letter stands behind it.
  const isCut = behind?.kind === "number" || (behind?.kind === "text" && isWordChar(firstOf(behind.text)))
  if (isCut || before?.kind === "word") return `(?:${STRING})`
  return `(?:${before?.kind === "number" ? WORD_BEHIND_NUMBER : WORD}|${STRING})`
}

function numberSource(source: (end: string) => string, beside: Beside): string | undefined {
  const { before, behind, fromStart, toEnd } = beside
  if (before?.kind === "number" || behind?.kind === "number") return undefined
  if (before?.kind === "text" && !mayBegin.test(lastOf(before.text))) return undefined
  if (behind?.kind === "text" && !mayEnd.test(firstOf(behind.text))) return undefined
  const begin = before === undefined && !fromStart ? `(?:^|[^${NOT_BEFORE}])` : ""
  return begin + source(behind === undefined && !toEnd ? `(?:$|[^${NOT_BEHIND}])` : "")
}

function firstOf(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0)
}

function lastOf(text: string): string {
  return [...text.slice(-2)].at(-1) ?? ""
}
