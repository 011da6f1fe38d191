import { toBytes } from "../base/bytes.ts"

/**
 * A validating JSON scanner over bytes (RFC 8259, strictly: what JSON.parse accepts and UTF-8 besides). It
 * allocates nothing, is not recursive and knows only where values end. While it reads strings it also notes
 * {@link SIGNS}: whether anything in them calls for the careful path of redaction.
 */
export type Scan = {
  readonly body: Uint8Array
  /** First offset that is not to be read. */
  readonly end: number
  readonly depthMax: number
  /** For each open bracket: 1 in an object, 0 in an array. Good for one call of {@link scanValue}. */
  readonly open: Uint8Array
  /** Bits of {@link SIGNS} seen since they were last set to 0. */
  signs: number
  /** Why the last scan gave {@link FAULT}, and how far it had come. */
  fault: Fault
  faultAt: number
}

/** `cutOff`: the bytes end before the value does. */
export type Fault = "syntax" | "utf8" | "depth" | "cutOff"

/** What scanning functions return instead of an offset. */
export const FAULT = -1

/**
 * Signs of secret material in a string, key or value. None of them proves anything; the absence of all of
 * them does.
 * - `escape`: an escape that hides a printable ASCII character (`\u0064`, `\/`), besides the three Go writes:
 *   any other sign may hide behind it.
 * - `secret`: the word `Secret`, not within another word on its left; `token`: `TokenRe`view or
 *   `TokenRe`quest.
 * - `jwt`: `eyJ`, the base64 of `{"`. `bearer`: `Bearer`.
 * - `query`: requestURI has a parameter that is not known to be harmless; set by who knows where requestURI
 *   is.
 */
export const SIGNS = { escape: 1, secret: 2, token: 4, jwt: 8, bearer: 16, query: 32 } as const

/**
 * Deepest nesting that is read; deeper values are quarantined. Kubernetes' own decoder stops at 10,000, its
 * objects at about 30.
 */
export const DEPTH_MAX = 512

/** One for all scans: each call of {@link scanValue} writes what it reads. Memory of its own for each line took 0.7 µs. */
const OPEN = new Uint8Array(DEPTH_MAX + 1)

export function createScan(body: Uint8Array, depthMax: number = DEPTH_MAX): Scan {
  // A plain Uint8Array, whatever came in: one hidden class keeps the hot loops monomorphic.
  const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  return {
    body: bytes,
    end: bytes.length,
    depthMax,
    open: depthMax <= DEPTH_MAX ? OPEN : new Uint8Array(depthMax + 1),
    signs: 0,
    fault: "syntax",
    faultAt: 0,
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
/** In ASCII "}" and "]" stand two after "{" and "[". */
const TO_CLOSE = 2
const [PLAIN, SPECIAL, CAPITAL, MULTIBYTE] = [0, 1, 2, 3]

/**
 * What a byte is within a string. Capitals B J S T may begin (or end) a sign; they are rare enough to cost
 * nothing.
 */
const IN_STRING = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return SPECIAL
  if (byte >= 0x80) return MULTIBYTE
  return "BJST".includes(String.fromCharCode(byte)) ? CAPITAL : PLAIN
})

const WHITE = Uint8Array.from({ length: 256 }, (_, byte) =>
  " \t\n\r".includes(String.fromCharCode(byte)) ? 1 : 0,
)
const DIGIT = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x30 && byte <= 0x39 ? 1 : 0))
const LETTER = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
)
const HEX = Int8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  return /[0-9a-fA-F]/.test(character) ? Number.parseInt(character, 16) : -1
})

/** The byte at `at`, or 0 past the end. 0 is no part of JSON outside or inside strings. */
export function byteAt(scan: Scan, at: number): number {
  return at < scan.end ? (scan.body[at] as number) : 0
}

export function skipWhite(scan: Scan, at: number): number {
  const { body, end } = scan
  while (at < end && WHITE[body[at] as number] === 1) at++
  return at
}

/** `at` is just after the opening quote; returns the offset just after the closing one. */
export function scanString(scan: Scan, at: number): number {
  const { body, end } = scan
  const bound = end - 3
  for (;;) {
    // Four at a time: 13 % of the whole slicing.
    while (
      at < bound &&
      ((IN_STRING[body[at] as number] as number) |
        (IN_STRING[body[at + 1] as number] as number) |
        (IN_STRING[body[at + 2] as number] as number) |
        (IN_STRING[body[at + 3] as number] as number)) ===
        PLAIN
    )
      at += 4
    while (at < end && IN_STRING[body[at] as number] === PLAIN) at++
    if (at >= end) return fail(scan, "cutOff", at)
    const byte = body[at] as number
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at = scanEscape(scan, at)
    else if (byte >= 0x80) at = scanMultibyte(scan, at)
    else if (byte < 0x20) return fail(scan, "syntax", at)
    else noteCapital(scan, at++)
    if (at < 0) return FAULT
  }
}

function scanEscape(scan: Scan, at: number): number {
  const { body, end } = scan
  if (at + 1 >= end) return fail(scan, "cutOff", at)
  switch (body[at + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2
    case 0x2f: // a slash needs no escape
      scan.signs |= SIGNS.escape
      return at + 2
    case 0x75: // u
      return scanUnicodeEscape(scan, at)
    default:
      return fail(scan, "syntax", at)
  }
}

function scanUnicodeEscape(scan: Scan, at: number): number {
  const { body, end } = scan
  let unit = 0
  for (let i = at + 2; i < at + 6; i++) {
    if (i >= end) return fail(scan, "cutOff", at)
    const digit = HEX[body[i] as number] as number
    if (digit < 0) return fail(scan, "syntax", at)
    unit = unit * 16 + digit
  }
  // Lone surrogates are well-formed JSON: RFC 8259 §8.2 warns of them, JSON.parse takes them.
  const printable = unit >= 0x20 && unit < 0x7f
  if (printable && unit !== 0x3c && unit !== 0x3e && unit !== 0x26) scan.signs |= SIGNS.escape
  return at + 6
}

/**
 * Takes one UTF-8 sequence by the table of Unicode §3.9 (no overlong forms, no surrogates, nothing past
 * U+10FFFF).
 */
function scanMultibyte(scan: Scan, at: number): number {
  const lead = byteAt(scan, at)
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  if (lead < 0xc2 || lead > 0xf4) return fail(scan, "utf8", at)
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  for (let i = 1; i < length; i++) {
    if (at + i >= scan.end) return fail(scan, "cutOff", at)
    const byte = byteAt(scan, at + i)
    if (byte < (i === 1 ? low : 0x80) || byte > (i === 1 ? high : 0xbf)) return fail(scan, "utf8", at)
  }
  return at + length
}

function noteCapital(scan: Scan, at: number): void {
  const { body } = scan
  switch (body[at]) {
    case 0x4a: // J
      if (at >= 2 && body[at - 1] === 0x79 && body[at - 2] === 0x65) scan.signs |= SIGNS.jwt
      break
    case 0x53: // S
      if (spells(scan, at, SECRET) && LETTER[body[at - 1] as number] === 0) scan.signs |= SIGNS.secret
      break
    case 0x54: // T
      if (spells(scan, at, TOKEN)) scan.signs |= SIGNS.token
      break
    default: // B
      if (spells(scan, at, BEARER)) scan.signs |= SIGNS.bearer
  }
}

const [SECRET, TOKEN, BEARER] = [toBytes("Secret"), toBytes("TokenRe"), toBytes("Bearer")]
const [TRUE, FALSE, NULL] = [toBytes("true"), toBytes("false"), toBytes("null")]

/** Whether the bytes from `at` on are `word`. */
export function spells(scan: Scan, at: number, word: Uint8Array): boolean {
  const { body, end } = scan
  if (at + word.length > end) return false
  for (let i = 0; i < word.length; i++) if (body[at + i] !== word[i]) return false
  return true
}

/**
 * `at` is on the first byte of a value, white space skipped; returns the offset just after it. `depth` counts
 * the brackets that are open around it.
 */
export function scanValue(scan: Scan, at: number, depth: number): number {
  const { open } = scan
  const bottom = depth
  for (;;) {
    const byte = byteAt(scan, at)
    if (byte === QUOTE) at = scanString(scan, at + 1)
    else if (byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) at = scanScalar(scan, at, byte)
    else {
      if (++depth > scan.depthMax) return fail(scan, "depth", at)
      open[depth] = byte === OPEN_OBJECT ? 1 : 0
      at = skipWhite(scan, at + 1)
      if (byteAt(scan, at) !== byte + TO_CLOSE) {
        if (byte === OPEN_OBJECT) at = scanKey(scan, at)
        if (at < 0) return FAULT
        continue
      }
      depth--
      at++
    }
    if (at < 0) return FAULT

    // After a value: brackets close until a comma asks for the next one.
    for (;;) {
      if (depth === bottom) return at
      if (byteAt(scan, at) <= 0x20) at = skipWhite(scan, at)
      const mark = byteAt(scan, at)
      const inObject = open[depth] === 1
      if (mark === COMMA) {
        at = skipWhite(scan, at + 1)
        if (inObject) at = scanKey(scan, at)
        if (at < 0) return FAULT
        break
      }
      if (mark !== (inObject ? OPEN_OBJECT : OPEN_ARRAY) + TO_CLOSE) return failAt(scan, at)
      depth--
      at++
    }
  }
}

/** `at` is where a key must begin; returns the offset of the first byte of its value. */
export function scanKey(scan: Scan, at: number): number {
  if (byteAt(scan, at) !== QUOTE) return failAt(scan, at)
  at = scanString(scan, at + 1)
  return at < 0 ? FAULT : scanColon(scan, at)
}

/** From just after a key to the first byte of its value. */
export function scanColon(scan: Scan, at: number): number {
  if (byteAt(scan, at) !== 0x3a) at = skipWhite(scan, at)
  if (byteAt(scan, at) !== 0x3a) return failAt(scan, at)
  at++
  return byteAt(scan, at) <= 0x20 ? skipWhite(scan, at) : at
}

function scanScalar(scan: Scan, at: number, byte: number): number {
  if (byte === 0x2d || DIGIT[byte] === 1) return scanNumber(scan, at)
  const word = byte === 0x74 ? TRUE : byte === 0x66 ? FALSE : NULL
  if (spells(scan, at, word)) return at + word.length
  for (let i = 0; i < word.length; i++) if (byteAt(scan, at + i) !== word[i]) return failAt(scan, at + i)
  return failAt(scan, at)
}

/** -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? of any size: numbers are never converted here. */
function scanNumber(scan: Scan, at: number): number {
  if (byteAt(scan, at) === 0x2d) at++
  if (byteAt(scan, at) === 0x30) at++
  else at = scanDigits(scan, at)
  if (at >= 0 && byteAt(scan, at) === 0x2e) at = scanDigits(scan, at + 1)
  if (at >= 0 && (byteAt(scan, at) | 0x20) === 0x65) {
    const sign = byteAt(scan, at + 1)
    at = scanDigits(scan, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1)
  }
  return at
}

function scanDigits(scan: Scan, at: number): number {
  const start = at
  while (DIGIT[byteAt(scan, at)] === 1) at++
  return at > start ? at : failAt(scan, at)
}

function fail(scan: Scan, fault: Fault, at: number): number {
  scan.fault = fault
  scan.faultAt = at
  return FAULT
}

/** Something else stands at `at` than JSON would have there: nothing at all, or a wrong byte. */
export function failAt(scan: Scan, at: number): number {
  return fail(scan, at >= scan.end ? "cutOff" : "syntax", at)
}
