/**
 * Text as Go prints it with %q, which is how kube-apiserver names a value it refuses. Not JSON's quoting: control
 * characters have their own escapes, and what cannot be seen is escaped too.
 */
export function goQuote(text: string): string {
  return `"${[...text].map(escaped).join("")}"`
}

const NAMED: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r" },
  ...{ "\u0007": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v" },
}

function escaped(character: string): string {
  const named = NAMED[character]
  if (named !== undefined) return named
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  if (character === " " || PRINTABLE.test(character)) return character
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
}

/** unicode.IsPrint: letters, marks, numbers, punctuation, symbols; of spaces only the ASCII one. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0")
}

/** As Go's JSON encoder writes it for web pages. */
export function goJson(value: string | readonly string[]): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${hex(sign.charCodeAt(0), 4)}`)
}
