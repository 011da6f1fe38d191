import { toBytes } from "../base/bytes.ts"
import { findKey, type Names } from "../event/names.ts"

/** Where the values of known keys stand, and what each member costs with its key and a comma. */
export type Spans = { readonly from: Int32Array; readonly to: Int32Array; readonly cost: Int32Array }

export function createSpans(places: number): Spans {
  return { from: new Int32Array(places), to: new Int32Array(places), cost: new Int32Array(places) }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
/** Sets apart square brackets and braces: with it both open, or both close, alike. */
const CURLY = 0x20
/** No event: brackets or quotes do not close. */
export const BROKEN = -1

/** Bytes from `at` on, none of those at `limit` and behind: what follows belongs to something else. */
export type Part = { readonly at: number; readonly limit: number }

/**
 * Notes where the known members of the object at `at` stand; returns the offset after its "}", or {@link BROKEN}. Values
 * are passed over by their brackets and quotes alone: what a ledger or an API server wrote is JSON already, and a
 * validating scan costs twice as much.
 */
export function walkMembers(body: Uint8Array, part: Part, names: Names, spans: Spans): number {
  const { limit } = part
  spans.to.fill(0)
  let at = skipWhite(body, part.at + 1, limit)
  while (at < limit && body[at] === QUOTE) {
    const key = at
    at = skipWhite(body, endOfString(body, at, limit), limit)
    if (at >= limit || body[at] !== COLON) return BROKEN
    const start = skipWhite(body, at + 1, limit)
    const end = endOfValue(body, start, limit)
    if (end < 0) return BROKEN
    const place = findKey(names, body, key)
    if (place >= 0) {
      spans.from[place] = start
      spans.to[place] = end
      spans.cost[place] = end - key + 1
    }
    at = skipWhite(body, end, limit)
    if (at < limit && body[at] === COMMA) at = skipWhite(body, at + 1, limit)
  }
  return at < limit && body[at] === CLOSE_OBJECT ? at + 1 : BROKEN
}

/** Offset after the value that begins at `at`, or {@link BROKEN}. */
function endOfValue(body: Uint8Array, at: number, limit: number): number {
  if (at >= limit) return BROKEN
  const first = body[at]
  if (first === QUOTE) {
    const end = endOfString(body, at, limit)
    return end <= limit ? end : BROKEN
  }
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return endOfWord(body, at, limit)
  let depth = 0
  while (at < limit) {
    const byte = body[at] as number
    if (byte === QUOTE) {
      at = endOfString(body, at, limit)
      continue
    }
    at++
    if ((byte | CURLY) === OPEN_OBJECT) depth++
    else if ((byte | CURLY) === CLOSE_OBJECT && --depth === 0) return at
  }
  return BROKEN
}

/** A key with its quotes, and how far a search for it may go on from each byte that stands where its last one would. */
export type Key = { readonly quoted: Uint8Array; readonly steps: Uint8Array }

/** For a name of letters, up to 250 of them. */
export function createKey(name: string): Key {
  const quoted = toBytes(JSON.stringify(name))
  const steps = new Uint8Array(256).fill(quoted.length)
  quoted.subarray(0, -1).forEach((byte, i) => {
    steps[byte] = quoted.length - 1 - i
  })
  return { quoted, steps }
}

/**
 * Bytes of all members with a key within a value, each with its key and a comma; those inside one another count once.
 * Nothing but a key is found: inside a text the quotes have backslashes before them. Looks at one byte in ten
 * (Horspool's search), since nearly all of a body is something else.
 */
export function bytesOfMembers(body: Uint8Array, from: number, to: number, { quoted, steps }: Key): number {
  const last = quoted.length - 1
  let sum = 0
  for (let at = from; at + last < to; ) {
    const end = at + quoted.length
    if (body[end] === COLON && startsWith(body, at, quoted)) {
      const valueEnd = endOfValue(body, skipWhite(body, end + 1, to), to)
      if (valueEnd < 0) return sum
      sum += valueEnd - at + 1
      at = valueEnd
    } else at += steps[body[at + last] as number] as number
  }
  return sum
}

/** Bytes of the members of one object whose name, quote included, begins so. */
export function bytesOfPrefixed(body: Uint8Array, part: Part, prefix: Uint8Array): number {
  const { limit } = part
  let sum = 0
  let at = skipWhite(body, part.at + 1, limit)
  while (at < limit && body[at] === QUOTE) {
    const key = at
    at = skipWhite(body, endOfString(body, at, limit), limit)
    const end = endOfValue(body, skipWhite(body, at + 1, limit), limit)
    if (end < 0) return sum
    if (startsWith(body, key, prefix)) sum += end - key + 1
    at = skipWhite(body, end, limit)
    if (at < limit && body[at] === COMMA) at = skipWhite(body, at + 1, limit)
  }
  return sum
}

function startsWith(body: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (body[at + i] !== name[i]) return false
  return true
}

/**
 * Offset after the closing quote; beyond the limit where there is none. Nine bytes of ten of an event stand in strings: four
 * are looked at for each look at the end, which is nearly twice as fast.
 */
function endOfString(body: Uint8Array, at: number, limit: number): number {
  at++
  while (at + 4 <= limit) {
    let byte = body[at++] as number
    if (byte !== QUOTE && byte !== BACKSLASH) {
      byte = body[at++] as number
      if (byte !== QUOTE && byte !== BACKSLASH) {
        byte = body[at++] as number
        if (byte !== QUOTE && byte !== BACKSLASH) byte = body[at++] as number
      }
    }
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) at++
  }
  for (; at < limit; at++) {
    const byte = body[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return limit + 1
}

/** Numbers, true, false, null. */
function endOfWord(body: Uint8Array, at: number, limit: number): number {
  const start = at
  for (; at < limit; at++) {
    const byte = body[at] as number
    if (byte === COMMA || (byte | CURLY) === CLOSE_OBJECT || byte <= 0x20) break
  }
  return at === start ? BROKEN : at
}

function skipWhite(body: Uint8Array, at: number, limit: number): number {
  while (at < limit && (body[at] as number) <= 0x20) at++
  return at
}
