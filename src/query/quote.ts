import { isReserved } from "./keywords.ts"
import { isWordChar } from "./words.ts"

/**
 * Strings as LogsQL writes them, which is as Go writes them: `"…"` and `'…'` with escapes, `` `…` `` as it is.
 */

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
}
const PRINTED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
}
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }
const PLAIN = /[^"'\\\n]+/y
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Reads the string that begins at `start`; undefined where it is not closed or an escape is unknown. */
export function unquote(source: string, start: number): { text: string; end: number } | undefined {
  const quote = source.charAt(start)
  if (quote === "`") {
    const end = source.indexOf("`", start + 1)
    return end < 0 ? undefined : { text: source.slice(start + 1, end).replaceAll("\r", ""), end: end + 1 }
  }
  let text = ""
  let at = start + 1
  for (;;) {
    PLAIN.lastIndex = at
    const plain = PLAIN.exec(source)?.[0] ?? ""
    text += plain
    at += plain.length
    const char = source.charAt(at)
    if (char === "") return undefined
    if (char === quote) return { text, end: at + 1 }
    if (char === "\n" && quote === '"') return undefined
    if (char !== "\\") {
      text += char
      at++
      continue
    }
    const escaped = source.charAt(at + 1)
    const piece = escaped === "x" || isOctal(escaped) ? readBytes(source, at) : readEscape(source, at)
    if (piece === undefined) return undefined
    text += piece.text
    at = piece.end
  }
}

function readEscape(source: string, at: number): { text: string; end: number } | undefined {
  const letter = source.charAt(at + 1)
  const simple = ESCAPES[letter]
  if (simple !== undefined && letter !== "") return { text: simple, end: at + 2 }
  const digits = letter === "u" || letter === "U" ? (HEX_DIGITS[letter] ?? 0) : 0
  const hex = source.slice(at + 2, at + 2 + digits)
  if (digits === 0 || hex.length !== digits || !/^[0-9A-Fa-f]+$/.test(hex)) return undefined
  const code = Number.parseInt(hex, 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return { text: String.fromCodePoint(code), end: at + 2 + digits }
}

/** A run of `\xHH` and `\ooo`: bytes of UTF-8; what is not UTF-8 becomes U+FFFD, since values are text. */
function readBytes(source: string, start: number): { text: string; end: number } | undefined {
  const bytes: number[] = []
  let at = start
  while (source.charAt(at) === "\\") {
    const next = source.charAt(at + 1)
    const [radix, digits] =
      next === "x" ? [16, source.slice(at + 2, at + 4)] : [8, source.slice(at + 1, at + 4)]
    if (next !== "x" && !isOctal(next)) break
    const whole = radix === 16 ? /^[0-9A-Fa-f]{2}$/ : /^[0-7]{3}$/
    const byte = Number.parseInt(digits, radix)
    if (!whole.test(digits) || byte > 255) return undefined
    bytes.push(byte)
    at += 4
  }
  return { text: decoder.decode(Uint8Array.from(bytes)), end: at }
}

function isOctal(char: string): boolean {
  return char >= "0" && char <= "7" && char.length === 1
}

/** The text in double quotes, with escapes for what is not printable. */
export function quote(text: string): string {
  let quoted = '"'
  for (const char of text) {
    const printed = PRINTED[char]
    if (printed !== undefined) quoted += printed
    else if (!NOT_PRINTABLE.test(char)) quoted += char
    else quoted += escapeChar(char)
  }
  return `${quoted}"`
}

function escapeChar(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const bytes = encoder.encode(char)
  if (bytes.length === 1) return `\\x${code.toString(16).padStart(2, "0")}`
  return code <= 0xffff
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`
}

/** A word as it must be written to be read back as one: bare where that is possible. */
export function quoteIfNeeded(text: string): string {
  if (text === "" || isReserved(text)) return quote(text)
  for (const char of text) if (char !== "." && !isWordChar(char)) return quote(text)
  return text
}

/** A field name in a list; the field of the message has two names, "" and `_msg`. */
export function printField(name: string): string {
  return name === "" ? "_msg" : quoteIfNeeded(name)
}

/** A field or, with `*` at its end, a prefix of field names. */
export function printFieldPattern(name: string): string {
  if (!name.endsWith("*")) return printField(name)
  const prefix = name.slice(0, -1)
  return prefix === "" ? "*" : `${quoteIfNeeded(prefix)}*`
}
