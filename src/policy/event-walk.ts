import { findKey, type Names } from "../event/names.ts"

/** Where the values of known keys stand, and what each member costs with its key and a comma. */
export type Spans = { readonly from: Int32Array; readonly to: Int32Array; readonly cost: Int32Array }

export function createSpans(places: number): Spans {
  return { from: new Int32Array(places), to: new Int32Array(places), cost: new Int32Array(places) }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d]
/** No event: brackets or quotes do not close. */
export const BROKEN = -1

/**
 * Notes where the known members of the object at `at` stand; returns the offset after its "}", or {@link BROKEN}. Values
 * are passed over by their brackets and quotes alone: what a ledger or an API server wrote is JSON already, and a
 * validating scan costs twice as much.
 */
export function walkMembers(body: Uint8Array, at: number, names: Names, spans: Spans): number {
  spans.to.fill(0)
  at = skipWhite(body, at + 1)
  while (body[at] === QUOTE) {
    const key = at
    at = skipWhite(body, endOfString(body, at))
    if (body[at] !== 0x3a) return BROKEN
    const start = skipWhite(body, at + 1)
    const end = endOfValue(body, start)
    if (end < 0) return BROKEN
    const place = findKey(names, body, key)
    if (place >= 0) {
      spans.from[place] = start
      spans.to[place] = end
      spans.cost[place] = end - key + 1
    }
    at = skipWhite(body, end)
    if (body[at] === COMMA) at = skipWhite(body, at + 1)
  }
  return body[at] === CLOSE_OBJECT ? at + 1 : BROKEN
}

/** Offset after the value that begins at `at`, or {@link BROKEN}. */
function endOfValue(body: Uint8Array, at: number): number {
  const first = body[at]
  if (first === QUOTE) return at < body.length ? inBounds(body, endOfString(body, at)) : BROKEN
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return endOfWord(body, at)
  let depth = 0
  for (; at < body.length; at++) {
    const byte = body[at] as number
    if (byte === QUOTE) at = endOfString(body, at) - 1
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return at + 1
  }
  return BROKEN
}

/** Bytes of all members of a name within a value, each with its key and a comma; those inside one another count once. */
export function bytesOfMembers(body: Uint8Array, from: number, to: number, name: Uint8Array): number {
  let sum = 0
  for (let at = from; at < to; at++) {
    if (body[at] !== QUOTE) continue
    const end = endOfString(body, at)
    if (end - at === name.length && body[end] === 0x3a && startsWith(body, at, name)) {
      const valueEnd = endOfValue(body, skipWhite(body, end + 1))
      if (valueEnd < 0) return sum
      sum += valueEnd - at + 1
      at = valueEnd - 1
    } else at = end - 1
  }
  return sum
}

/** Bytes of the members of one object whose name, quote included, begins so. */
export function bytesOfPrefixed(body: Uint8Array, at: number, prefix: Uint8Array): number {
  let sum = 0
  at = skipWhite(body, at + 1)
  while (body[at] === QUOTE) {
    const key = at
    at = skipWhite(body, endOfString(body, at))
    const end = endOfValue(body, skipWhite(body, at + 1))
    if (end < 0) return sum
    if (startsWith(body, key, prefix)) sum += end - key + 1
    at = skipWhite(body, end)
    if (body[at] === COMMA) at = skipWhite(body, at + 1)
  }
  return sum
}

function startsWith(body: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (body[at + i] !== name[i]) return false
  return true
}

/** Offset after the closing quote; beyond the end where there is none. */
function endOfString(body: Uint8Array, at: number): number {
  for (at++; at < body.length; at++) {
    const byte = body[at]
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return body.length + 1
}

function inBounds(body: Uint8Array, end: number): number {
  return end <= body.length ? end : BROKEN
}

/** Numbers, true, false, null. */
function endOfWord(body: Uint8Array, at: number): number {
  const start = at
  for (; at < body.length; at++) {
    const byte = body[at] as number
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte <= 0x20) break
  }
  return at === start ? BROKEN : at
}

function skipWhite(body: Uint8Array, at: number): number {
  while (at < body.length && (body[at] as number) <= 0x20) at++
  return at
}
