/**
 * Remembers what was made from a few bytes, so that the same stage, verb or user is not decoded a million
 * times. One place per hash: a newcomer replaces whoever stood there, so memory is constant whatever clients
 * send.
 */
export type Memo<T> = {
  readonly make: (bytes: Uint8Array) => T
  readonly keys: (Uint8Array | undefined)[]
  readonly values: (T | undefined)[]
}

const PLACES = 1024
/** For what there may be thousands of: the service accounts, nodes and people of a large cluster. */
export const PLACES_MANY = 8192
/** Longer bytes are made anew each time. */
const KEY_BYTES_MAX = 512
const HASHED_BYTES = 64

/** `places` is a power of two. */
export function createMemo<T>(make: (bytes: Uint8Array) => T, places: number = PLACES): Memo<T> {
  return {
    make,
    keys: new Array<undefined>(places).fill(undefined),
    values: new Array<undefined>(places).fill(undefined),
  }
}

/** What `make` makes of `body[start, end)`. */
export function recall<T>(memo: Memo<T>, body: Uint8Array, start: number, end: number): T {
  const size = end - start
  if (size > KEY_BYTES_MAX) return memo.make(body.subarray(start, end))
  // Names differ early; what follows (uids, groups) hardly tells more. All bytes are compared below.
  const hashed = size < HASHED_BYTES ? end : start + HASHED_BYTES
  let hash = size
  for (let i = start; i < hashed; i++) hash = (Math.imul(hash, 31) + (body[i] as number)) | 0
  const place = (hash ^ (hash >>> 15)) & (memo.keys.length - 1)
  const key = memo.keys[place]
  if (key !== undefined && key.length === size && agrees(key, body, start)) return memo.values[place] as T
  const bytes = body.slice(start, end)
  const value = memo.make(bytes)
  memo.keys[place] = bytes
  memo.values[place] = value
  return value
}

function agrees(key: Uint8Array, body: Uint8Array, start: number): boolean {
  for (let i = 0; i < key.length; i++) if (key[i] !== body[start + i]) return false
  return true
}
