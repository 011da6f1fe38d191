/**
 * What a word is, for LogsQL: a run of letters, decimal digits and `_`, of any script. The same rule in JavaScript and,
 * as an RE2 class, in SQL.
 */
const WORD_CHAR = /^[\p{L}\p{Nd}_]$/u
const ASCII_WORD = /^[0-9A-Za-z_]$/

/** RE2 (and JavaScript, flag u) class of the characters that are not part of a word. */
export const NOT_WORD = "[^\\p{L}\\p{Nd}_]"

export function isWordChar(char: string): boolean {
  return char.length === 1 && char < "\x80" ? ASCII_WORD.test(char) : WORD_CHAR.test(char)
}

/** RE2 of a whole word: what {@link isWord} says yes to. */
export const WORD = "[\\p{L}\\p{Nd}_]+"
const WHOLE_WORD = new RegExp(`^${WORD}$`, "u")

/** Whether the text is one word and nothing else. */
export function isWord(text: string): boolean {
  return WHOLE_WORD.test(text)
}

function firstChar(text: string): string {
  const code = text.codePointAt(0)
  return code === undefined ? "" : String.fromCodePoint(code)
}

function lastChar(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xdc00 && last <= 0xdfff ? text.slice(-2) : text.slice(-1)
}

/** Whether the phrase begins (ends) with a word character, so that it must stand at a word's beginning (end). */
export function wordEdges(phrase: string): { readonly start: boolean; readonly end: boolean } {
  return { start: isWordChar(firstChar(phrase)), end: isWordChar(lastChar(phrase)) }
}

/**
 * Where `phrase` stands in `text` as whole words, from `from` on; -1 where it does not. With `open`, its last word may go
 * on (`phrase*`).
 */
export function findPhrase(text: string, phrase: string, from = 0, open = false): number {
  const edges = wordEdges(phrase)
  for (let at = text.indexOf(phrase, from); at >= 0; at = text.indexOf(phrase, at + 1)) {
    const after = at + phrase.length
    const startsWell = !edges.start || at === 0 || !isWordChar(lastChar(text.slice(Math.max(0, at - 2), at)))
    const endsWell = open || !edges.end || !isWordChar(firstChar(text.slice(after, after + 2)))
    if (startsWell && endsWell) return at
  }
  return -1
}

/**
 * Small letters, one for one, as Go and DuckDB have them: JavaScript's own knows that a sigma at the end of a word is
 * another, and makes two letters of `İ`.
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  let folded = ""
  for (const char of text) folded += char === "İ" ? "i" : char.toLowerCase()
  return folded
}

const ASCII = /^[\0-\x7f]*$/

/** Order of texts as bytes of UTF-8, which is DuckDB's; JavaScript's own order differs beyond the basic plane. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
