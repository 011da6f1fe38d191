import { FILTER_WORDS, PIPE_WORDS, STATS_WORDS } from "../../../src/query/keywords.ts"

/**
 * Every small change of a query: a token left out, doubled, swapped with the next, cut off with all behind it, quoted in
 * another way, with other spaces around it, with something put in front of it, or replaced by another of its kind.
 */
export function variationsOf(query: string): readonly string[] {
  const pieces = query.match(TOKEN) ?? []
  const made = pieces.flatMap((piece, at) => {
    const [before, after] = [pieces.slice(0, at).join(""), pieces.slice(at + 1).join("")]
    return /^\s/.test(piece) ? [before + after] : insteadOf(piece, before, after)
  })
  return [...new Set(made)].filter((text) => text !== query)
}

export const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[\p{L}\p{N}_.]+|\s+|./gsu

function insteadOf(piece: string, before: string, after: string): readonly string[] {
  const [, space = "", next = "", rest = ""] = SPLIT.exec(after) ?? []
  return [
    ...[before + after, `${before}${piece}${piece}${after}`, `${before}${piece} ${piece}${after}`],
    ...[before + piece, `${before}${next}${space}${piece}${rest}`],
    ...[`${before} ${piece}${after}`, `${before}${piece} ${after}`, `${before}${piece}${after.trimStart()}`],
    ...PUT.map((put) => `${before}${put} ${piece}${after}`),
    ...STUCK.map((put) => `${before}${put}${piece}${after}`),
    ...STUCK.map((put) => `${before}${piece}${put}${after}`),
    ...kindOf(piece).map((other) => before + other + after),
  ]
}

const SPLIT = new RegExp(`^(\\s*)(${TOKEN.source})(.*)$`, "su")
const PUT = [
  ...[
    "(",
    ")",
    ",",
    "|",
    "*",
    ":",
    "=",
    "and",
    "or",
    "not",
    "x",
    '"x y"',
    "1",
    "if (x)",
    "if",
    "by",
    "by (x)",
  ],
  ...[
    "as",
    "as y",
    "from x",
    "at x",
    "limit 1",
    "offset 1",
    "desc",
    "rank",
    "in",
    "fields (x)",
    "stats",
    "count()",
  ],
]
const STUCK = ["(", ")", ",", "*", ":", "=", "!", "-", "~", ">", '"', "."]

/** What may stand in the place of a token. */
function kindOf(piece: string): readonly string[] {
  if (/^["'`]/.test(piece)) return [...quotings(piece.slice(1, -1)), ...VALUES]
  if (!/^[\p{L}\p{N}_.]+$/u.test(piece)) return SIGNS
  const word = piece.toLowerCase()
  const kin = KINDS.find((words) => words.includes(word)) ?? (/^[0-9]/.test(piece) ? NUMBERS : VALUES)
  return [piece.toUpperCase(), `${piece[0]?.toUpperCase()}${piece.slice(1)}`, ...quotings(piece), ...kin]
}

function quotings(text: string): readonly string[] {
  return [text, `"${text}"`, `'${text}'`, `\`${text}\``, `"${text}"*`, `${text}*`]
}

const KINDS: readonly (readonly string[])[] = [
  FILTER_WORDS,
  PIPE_WORDS,
  STATS_WORDS,
  ["and", "or", "not", ""],
  [
    "skip_empty_results",
    "keep_original_fields",
    "result_prefix x",
    "fields (a, b*)",
    "drop_duplicates",
    "prettify",
  ],
  [
    "as",
    "from",
    "at",
    "by",
    "on",
    "if",
    "limit",
    "offset",
    "rank",
    "partition by",
    "hits",
    "with hits",
    "filter",
  ],
  ["desc", "asc", "inner", "prefix p", "before", "after", "time_window"],
  ["second", "minute", "hour", "day", "week", "month", "year", "nanosecond", "microsecond", "millisecond"],
]
const SIGNS = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  "|",
  ":",
  "=",
  "!=",
  "~",
  "!~",
  ">",
  ">=",
  "<",
  "<=",
  "-",
  "!",
  "*",
]
const NUMBERS = [
  ...[
    "0",
    "-1",
    "1.5",
    "1e3",
    "1K",
    "2KiB",
    "1_000",
    "0x10",
    "inf",
    "nan",
    "5m",
    "-1h",
    "1.5s",
    "1w2d",
    "/24",
    "x",
  ],
  ...["10.0.0.0/8", "2026-01-02", "2026-01-02T03:04:05Z", "99999999999999999999", ""],
]
const VALUES = [
  ...[
    "y",
    "_msg",
    "_time",
    "_stream",
    "_stream_id",
    '""',
    "a.b",
    "a*",
    "*",
    "1",
    "5m",
    "now",
    "é",
    "a-b",
    "a/b",
  ],
  ...["in", "by", "stats", "if", "as", "and", "(x)", "(x, y)", "()"],
]
