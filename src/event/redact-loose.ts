import { toBytes } from "../base/bytes.ts"
import type { Range } from "../base/regexp.ts"
import { decodeString } from "./decode.ts"
import { lastKey } from "./path.ts"
import { yamlEdits } from "./redact-yaml.ts"
import type { Rule, Rules } from "./redaction-compile.ts"
import { type Edit, isMark } from "./splice.ts"
import { parameterRanges } from "./uri.ts"

/** Stands in place of what was taken out of bytes that are no JSON. */
export const UNPARSED = "unparsed"

/**
 * Best effort on bytes that are no JSON: lists that are cut off, torn lines, YAML, anything.
 *
 * Where the bytes mention secrets or tokens at all, every value after a key that a rule names (`data`,
 * `stringData`, `token`, `value` of a patch, ...) goes, up to the bracket that closes it, or to the end where
 * brackets do not match. Patterns are tried on all of the text. Rather too much is taken out than too little:
 * the bytes are quarantined anyway, and the record carries the digest of the original. What stays: secrets
 * whose key was cut away with the bytes before, and what stands in no form a rule knows.
 */
export function findLooseEdits(bytes: Uint8Array, { rules }: Rules): readonly Edit[] {
  // One character per byte: offsets in the text are offsets in the bytes.
  const text = latin1(bytes)
  const keys = sensitiveKeys(rules)
  const edits = patternEdits(text, rules)
  if (!MENTIONS_SECRETS.test(text)) return edits
  const looksLikeJson = /^\s*[[{"]/.test(text)
  return [
    ...edits,
    ...(looksLikeJson
      ? regionEdits(bytes, keys, rules)
      : [...yamlEdits(text, keys.exact, UNPARSED), ...assignmentEdits(text)]),
  ]
}

/** `password: x`, `api_token=x`: in text that is no JSON at all, whatever a name like that is given. */
const ASSIGNMENT =
  /[\w.-]{0,40}(?:passw(?:or)?d|secret|token|api_?key|credential)[\w.-]{0,40}["']?[ \t]{0,8}[:=][ \t]{0,8}["']?([^\s"',;&]{1,4096})/gi

function assignmentEdits(text: string): Edit[] {
  return [...text.matchAll(ASSIGNMENT)].flatMap((found) => {
    const value = found[1] ?? ""
    const start = found.index + found[0].length - value.length
    return isMark(value) ? [] : [{ start, end: start + value.length, rule: UNPARSED, quoted: false }]
  })
}

/** Also escapes that may hide the words. */
const MENTIONS_SECRETS = /secret|token|passw|key|credential|\\u00[2-7]|\\\//i

const CHUNK = 0x8000
function latin1(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += CHUNK)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)))
  return pieces.join("")
}

type Keys = { readonly exact: ReadonlySet<string>; readonly prefixes: readonly string[] }

function sensitiveKeys(rules: readonly Rule[]): Keys {
  const last = rules.flatMap(({ what }) =>
    what.kind === "objects" || what.kind === "places"
      ? what.paths.flatMap((path) => lastKey(path) ?? [])
      : [],
  )
  const exact = last.filter(({ isPrefix }) => !isPrefix).map(({ key }) => key)
  const prefixes = last.filter(({ isPrefix }) => isPrefix).map(({ key }) => key)
  // What a JSON patch puts somewhere; where, may have been cut off.
  return { exact: new Set(exact.length > 0 ? [...exact, "value"] : exact), prefixes }
}

function isSensitive({ exact, prefixes }: Keys, key: string): boolean {
  return exact.has(key) || prefixes.some((prefix) => key.startsWith(prefix))
}

function patternEdits(text: string, rules: readonly Rule[]): Edit[] {
  return rules.flatMap(({ name, what }) => {
    const ranges =
      what.kind === "parameters"
        ? parameterRanges(text, what.name, LOOSE_VALUE_END)
        : what.kind === "pattern" && !what.whole
          ? what.regexp.ranges(text)
          : []
    return ranges
      .filter(({ start, end }) => !isMark(text.slice(start, end)))
      .map((range) => ({ ...range, rule: name, quoted: false }))
  })
}

/** In text that is no URI alone a value also ends with the string or the word it stands in. */
const LOOSE_VALUE_END = /["\s\\<>]/

const CLOSES: Readonly<Record<number, number>> = { 123: 0x7d, 91: 0x5d }
/** After so many places all of the rest goes: marks would take more room than what they stand for. */
const EDITS_MAX = 100_000
/** Deeper regions are taken to go on to the end. */
const REGION_DEPTH_MAX = 1000

/** Values after sensitive keys, and strings that hold whole Secrets. */
function regionEdits(bytes: Uint8Array, keys: Keys, rules: readonly Rule[]): readonly Edit[] {
  const edits: Edit[] = []
  const take = (start: number, end: number, text: string) => {
    if (!isMark(text)) edits.push({ start, end, rule: UNPARSED, quoted: true })
  }
  /** Brackets to be closed before the region ends; undefined outside of one. */
  let region: number[] | undefined
  /** A sensitive key was read, its value comes next. */
  let pending = false
  for (let at = 0; at < bytes.length; ) {
    if (edits.length > EDITS_MAX) {
      edits.push({ start: at, end: bytes.length, rule: UNPARSED, quoted: true })
      break
    }
    const byte = bytes[at] as number
    if (byte === 0x22) {
      const end = endOfString(bytes, at)
      const { text } = decodeString(bytes, at + 1, Math.max(at + 1, end - 1))
      const isKey = bytes[skipWhite(bytes, end)] === 0x3a
      if (isKey) pending = isSensitive(keys, text)
      else if (region !== undefined || pending) take(at, end, text)
      else edits.push(...stringEdits(bytes, { start: at, end }, text, rules))
      if (!isKey) pending = false
      at = end
    } else if (byte === 0x7b || byte === 0x5b) {
      if (region === undefined && pending) region = []
      if (region !== undefined && region.length < REGION_DEPTH_MAX) region.push(CLOSES[byte] as number)
      pending = false
      at++
    } else if (byte === 0x7d || byte === 0x5d) {
      // Only the right bracket closes; after a wrong one nothing does.
      if (region?.at(-1) === byte && region.length < REGION_DEPTH_MAX) region.pop()
      if (region?.length === 0) region = undefined
      at++
    } else if (byte <= 0x20 || byte === 0x2c || byte === 0x3a) {
      if (byte === 0x2c) pending = false
      at++
    } else {
      const end = endOfWord(bytes, at)
      const isNull = end - at === NULL.length && NULL.every((letter, i) => bytes[at + i] === letter)
      if ((region !== undefined || pending) && !isNull) take(at, end, "")
      at = end
    }
  }
  return edits
}

const NULL = toBytes("null")

/**
 * Strings that hold a whole Secret; and those in which a pattern or a parameter stands behind odd escapes.
 */
function stringEdits(
  bytes: Uint8Array,
  { start, end }: Range,
  text: string,
  rules: readonly Rule[],
): readonly Edit[] {
  if (isMark(text)) return []
  const isOdd = ODD_ESCAPE.test(latin1(bytes.subarray(start, end)))
  const hits = rules.filter(({ what }) => {
    if (what.kind === "parameters") return isOdd && parameterRanges(text, what.name).length > 0
    if (what.kind !== "pattern" || !(what.whole || isOdd)) return false
    return mayMatch(what.contains, text) && what.regexp.test(text)
  })
  return hits.map(({ name }) => ({ start, end, rule: name, quoted: true }))
}

function mayMatch(contains: readonly string[], text: string): boolean {
  return contains.length === 0 || contains.some((part) => text.includes(part))
}

/** An escape of what needs none, besides the three that Go writes. */
const ODD_ESCAPE = /\\\/|\\u00(?:2[0-57-9a-f]|3[0-9abdf]|[4-7])/i

/** After the closing quote; the end of the bytes where there is none. */
function endOfString(bytes: Uint8Array, at: number): number {
  for (at++; at < bytes.length; at++) {
    if (bytes[at] === 0x22) return at + 1
    if (bytes[at] === 0x5c) at++
  }
  return bytes.length
}

function endOfWord(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && !ENDS_WORD.has(bytes[at] as number)) at++
  return at
}
const ENDS_WORD: ReadonlySet<number> = new Set(toBytes('"{}[],: \t\r\n'))

function skipWhite(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && (bytes[at] as number) <= 0x20) at++
  return at
}
