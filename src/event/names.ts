import { assert } from "../base/assert.ts"
import { toBytes, utf8 } from "../base/bytes.ts"

/**
 * Finds which of a few names stands in some bytes, without making a string: the scanner asks this for every
 * key.
 */
export type Names = {
  readonly bytes: readonly Uint8Array[]
  /** From a hash of a name to its index; where that is taken, the next free place. -1 where nobody is. */
  readonly places: Int8Array
}

const PLACES = 256
const NAMES_MAX = 100

function placeOf(length: number, first: number, last: number): number {
  return (length * 37 + first * 3 + last * 11) & (PLACES - 1)
}

export function createNames(names: readonly string[]): Names {
  assert(names.length <= NAMES_MAX, "more names than the table finds fast")
  const bytes = names.map((name) => toBytes(name))
  const places = new Int8Array(PLACES).fill(-1)
  bytes.forEach((name, index) => {
    let place = placeOf(name.length, name[0] ?? 0, name[name.length - 1] ?? 0)
    while (places[place] !== -1) place = (place + 1) & (PLACES - 1)
    places[place] = index
  })
  return { bytes, places }
}

/** Index of the name that is exactly `body[start, end)`, or -1. */
export function findName({ bytes, places }: Names, body: Uint8Array, start: number, end: number): number {
  if (end <= start) return -1
  let place = placeOf(end - start, body[start] as number, body[end - 1] as number)
  for (;;) {
    const index = places[place] as number
    if (index < 0) return -1
    if (isExactly(body, start, end, bytes[index] as Uint8Array)) return index
    place = (place + 1) & (PLACES - 1)
  }
}

/** Whether `body[start, end)` is `word`. */
export function isExactly(body: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false
  for (let i = 0; i < word.length; i++) if (body[start + i] !== word[i]) return false
  return true
}

/**
 * Index of the name that the JSON string at `quote`, known to be well-formed, stands for; or -1. Names may be
 * written with escapes ("audit\u0049D"): JSON readers see the same name, so must we.
 */
export function findKey(names: Names, body: Uint8Array, quote: number): number {
  let end = quote + 1
  for (; body[end] !== 0x22; end++) if (body[end] === 0x5c) return findEscapedKey(names, body, quote)
  return findName(names, body, quote + 1, end)
}

function findEscapedKey(names: Names, body: Uint8Array, quote: number): number {
  let end = quote + 1
  for (; body[end] !== 0x22; end++) if (body[end] === 0x5c) end++
  const plain = toBytes(stringAt(body.subarray(quote, end + 1)))
  return findName(names, plain, 0, plain.length)
}

/** What the bytes of a well-formed JSON string, quotes included, stand for. */
export function stringAt(bytes: Uint8Array): string {
  if (!bytes.includes(0x5c)) return utf8(bytes.subarray(1, bytes.length - 1)) ?? ""
  const value: unknown = JSON.parse(utf8(bytes) ?? '""')
  return typeof value === "string" ? value : ""
}
