import { Refusal } from "../base/refusal.ts"
import { QUERY_LIMITS } from "./limits.ts"
import { unquote } from "./quote.ts"
import { isWordChar } from "./words.ts"

/**
 * One token of LogsQL. Words are runs of letters, digits, `_` and `.`; strings stand in double, single or back quotes;
 * everything else is one character, save `=~`, `!~` and `!=`. A comment runs from `#` to the end of its line.
 */
export type Token = {
  /** What it says, quotes and escapes resolved; "" at the end of the text. */
  readonly text: string
  /** As it stands in the query. */
  readonly raw: string
  readonly quoted: boolean
  /** White space or a comment stands before it. */
  readonly spaced: boolean
  /** Offsets into the query, in UTF-16 code units. */
  readonly start: number
  readonly end: number
}

const encoder = new TextEncoder()
const SPACE = /\s/u
const TWO = new Set(["=~", "!~", "!="])

/** All tokens; the last one is the end. A quote that is not closed is a token of its own: the parser says so. */
export function tokenize(source: string): readonly Token[] {
  // Values are UTF-8: half a surrogate pair can match nothing as it is.
  const text = source.toWellFormed()
  if (text.length > QUERY_LIMITS.textBytesMax || encoder.encode(text).length > QUERY_LIMITS.textBytesMax) {
    throw new Refusal("query.tooLarge", `the query is longer than ${QUERY_LIMITS.textBytesMax} bytes`, {
      bytesMax: QUERY_LIMITS.textBytesMax,
    })
  }
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    const start = skipSpace(text, at)
    const spaced = start > at
    if (start >= text.length) {
      tokens.push({ text: "", raw: "", quoted: false, spaced, start, end: start })
      return tokens
    }
    const token = readToken(text, start, spaced)
    tokens.push(token)
    at = token.end
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    while (at < text.length && SPACE.test(text.charAt(at))) at++
    if (text.charAt(at) !== "#") return at
    const line = text.indexOf("\n", at)
    at = line < 0 ? text.length : line + 1
  }
}

function readToken(text: string, start: number, spaced: boolean): Token {
  const plain = (end: number): Token => {
    const raw = text.slice(start, end)
    return { text: raw, raw, quoted: false, spaced, start, end }
  }
  let end = start
  for (let char = charAt(text, end); char !== "" && (char === "." || isWordChar(char)); ) {
    end += char.length
    char = charAt(text, end)
  }
  if (end > start) return plain(end)

  const char = charAt(text, start)
  if (char === '"' || char === "'" || char === "`") {
    const string = unquote(text, start)
    if (string === undefined) return plain(start + 1)
    return {
      text: string.text,
      raw: text.slice(start, string.end),
      quoted: true,
      spaced,
      start,
      end: string.end,
    }
  }
  return plain(start + (TWO.has(text.slice(start, start + 2)) ? 2 : char.length))
}

function charAt(text: string, at: number): string {
  const code = text.codePointAt(at)
  return code === undefined ? "" : String.fromCodePoint(code)
}
