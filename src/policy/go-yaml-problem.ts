import type { Refusal } from "../base/refusal.ts"

/** Where ours stopped: the text before, and the line. */
type At = { readonly before: string; readonly rest: string; readonly line: string; readonly text: string }
type Row = readonly [ours: string, go: string | ((at: At) => string), lines?: number | ((at: At) => number)]

const KEY = "did not find expected key"
const NO_VALUES = "mapping values are not allowed in this context"
const NO_COLON = "could not find expected ':'"
const INDICATOR = "found unexpected document indicator"
const NO_CONTENT = "did not find expected node content"

/**
 * What ours says (the `yaml` package's words begin so), what Go's reader says of the same text, and how far the line that it names
 * is from ours. Found by giving both the same texts; where one of ours stands for several of theirs, the most frequent.
 */
const ROWS: readonly Row[] = [
  ["key on several lines in braces", "did not find expected ',' or '}'", -1],
  ["Implicit keys of flow sequence pairs", "did not find expected ',' or ']'"],
  ["Implicit keys need to be on a single line", longKey, ({ rest }) => (rest.startsWith("- ") ? -1 : 1)],
  ["Implicit map keys need to be followed by map values", NO_COLON, 1],
  ["Nested mappings are not allowed", nested, ({ line }) => (/: .*:(?: |$)|: \? /.test(line) ? 0 : 1)],
  ["Sequence item without - indicator", KEY, -1],
  ["All mapping items must start at the same column", KEY, -1],
  ["All sequence items must start at the same column", "did not find expected '-' indicator", -1],
  ["A block sequence may not be used as an implicit map key", KEY, -1],
  ["Unexpected flow-", ({ before }) => (/(?:^|[:-])\s*$/.test(before) ? NO_CONTENT : KEY), -1],
  ["Unexpected scalar at node end", KEY, -1],
  ["Unexpected double-quoted-scalar", KEY, -1],
  ["Unexpected single-quoted-scalar", KEY, -1],
  ["Unexpected , in flow", NO_CONTENT, -1],
  ["Flow sequence must end", openOr("]")],
  ["Flow map must end", openOr("}")],
  ["Flow sequence in block collection", openOr("]"), beforeEnd],
  ["Flow map in block collection", openOr("}"), beforeEnd],
  ["Missing , or : between flow sequence", "did not find expected ',' or ']'", -1],
  ["Missing , or : between flow map", "did not find expected ',' or '}'", -1],
  ["Block collections are not allowed within flow", "did not find expected ',' or ']'", -1],
  [
    "Missing closing",
    ({ text }) => (markInside(text) < 0 ? "found unexpected end of stream" : INDICATOR),
    lineOfMark,
  ],
  ["Unexpected block-seq-ind on same line", "block sequence entries are not allowed in this context"],
  ["Tabs are not allowed as indentation", tab],
  [
    "Block scalar lines must not begin with tabs",
    "found a tab character where an indentation space is expected",
  ],
  ["Plain value cannot start with", "found character that cannot start any token"],
  ["Alias cannot be an empty string", "did not find expected alphabetic or numeric character"],
  ["Anchor cannot be an empty string", "did not find expected alphabetic or numeric character"],
  ["Invalid escape sequence", "found unknown escape character"],
  ["Block scalar header includes extra", "did not find expected comment or line break"],
  ["Verbatim tags must end", "did not find expected tag URI"],
]
/** Told of a line by Go's scanner: of the first it does not tell the number. */
const SCANNED =
  /^found |^mapping |^could not |^block sequence |alphabetic|escape character|comment or line|tag URI/

/** The problem as kube-apiserver would print it, behind `failed decoding: yaml: `. */
export function goYamlProblem({ message, facts }: Refusal, text: string): string {
  const words = message.replace(/^policy:(?:\d+:\d+:)? /, "")
  const anchor = /^an alias without its anchor: (.*)$/s.exec(words)?.[1]
  if (anchor !== undefined) return `unknown anchor '${anchor}' referenced`
  if (words.startsWith("what is merged")) return "map merge requires map or sequence of maps as the value"
  if (facts.line === undefined) return message
  const at = placeIn(text, Number(facts.line), Number(facts.column))
  const [, go = words, lines = 0] = ROWS.find(([ours]) => words.startsWith(ours)) ?? []
  const problem = typeof go === "string" ? go : go(at)
  const line = Number(facts.line) + (typeof lines === "number" ? lines : lines(at))
  return line < 1 || (line === 1 && SCANNED.test(problem)) ? problem : `line ${line}: ${problem}`
}

function placeIn(text: string, line: number, column: number): At {
  const lines = text.split("\n")
  const [here = ""] = lines.slice(line - 1)
  const before = [...lines.slice(0, line - 1), here.slice(0, column - 1)].join("\n")
  return { before, rest: text.slice(before.length), line: here, text }
}

/** What stands where a key is due, and goes on in another line; where there was no key before, it is no key yet. */
function longKey({ before, rest }: At): string {
  if (rest.startsWith("- ")) return KEY
  return /:\s/.test(before) ? NO_COLON : NO_VALUES
}

function nested({ line }: At): string {
  return line.includes(": ? ") ? "mapping keys are not allowed in this context" : NO_VALUES
}

function openOr(close: string): (at: At) => string {
  return ({ before }) => (/[[{,:]\s*$/.test(before) ? NO_CONTENT : `did not find expected ',' or '${close}'`)
}

function beforeEnd({ before, rest }: At): number {
  return rest === "" && !before.endsWith("\n") ? 0 : -1
}

/** Where a line begins with the mark of another document, behind the first document's first line; -1 where none does. */
function markInside(text: string): number {
  const start = /^(?:(?:[ \t]*(?:#.*)?|%.*|---(?:[ \t].*)?)\r?\n)*/.exec(text)?.[0].length ?? 0
  const found = text.slice(start).search(/^(?:---|\.\.\.)(?:\s|$)/m)
  return found < 0 ? -1 : start + found
}

/** Quotes that are open at such a mark end there for Go's reader, at the end of the text for ours. */
function lineOfMark({ text, before }: At): number {
  const mark = markInside(text)
  return mark < 0 ? 0 : linesIn(text.slice(0, mark)) - linesIn(before)
}

function linesIn(text: string): number {
  return text.split("\n").length
}

/** Behind a plain text Go's reader takes the tab for a part of it. */
function tab({ before }: At): string {
  const last = before.trimEnd().split("\n").at(-1) ?? ""
  const isPlain = /[^\s:\]}"'|>-]$/.test(last) && !/(?:^|\s)#/.test(last)
  return isPlain
    ? "found a tab character that violates indentation"
    : "found character that cannot start any token"
}
