/**
 * What a JSON string stands for, and where each of its UTF-16 units stands in the bytes: for replacing a part
 * of it in place. Forgives everything: bytes that are no UTF-8 and escapes that are none stand for
 * themselves.
 */
export type Decoded = {
  readonly text: string
  /** Offset of the first byte of `text[i]`; one more entry for the end. */
  readonly offsets: Uint32Array
}

const SHORT: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" }
const CHUNK = 4096

/** `bytes[start, end)` is what stands between the quotes. */
export function decodeString(bytes: Uint8Array, start: number, end: number): Decoded {
  const offsets = new Uint32Array(end - start + 1)
  const pieces: string[] = []
  let units: number[] = []
  let count = 0
  const put = (unit: number, at: number) => {
    offsets[count++] = at
    units.push(unit)
    if (units.length === CHUNK) {
      pieces.push(String.fromCharCode(...units))
      units = []
    }
  }
  for (let at = start; at < end; ) {
    const byte = bytes[at] as number
    if (byte === 0x5c) at = putEscape(bytes, at, end, put)
    else if (byte < 0x80) put(byte, at++)
    else at = putMultibyte(bytes, at, end, put)
  }
  offsets[count] = end
  return { text: pieces.join("") + String.fromCharCode(...units), offsets: offsets.subarray(0, count + 1) }
}

type Put = (unit: number, at: number) => void

function putEscape(bytes: Uint8Array, at: number, end: number, put: Put): number {
  const next = at + 1 < end ? String.fromCharCode(bytes[at + 1] as number) : ""
  if (next === "u") {
    const digits = String.fromCharCode(...bytes.subarray(at + 2, Math.min(at + 6, end)))
    if (/^[0-9a-fA-F]{4}$/.test(digits)) {
      put(Number.parseInt(digits, 16), at)
      return at + 6
    }
  }
  if (next === "") {
    put(0x5c, at)
    return at + 1
  }
  const plain = SHORT[next]
  put(plain === undefined ? (bytes[at + 1] as number) : plain.charCodeAt(0), at)
  return at + 2
}

function putMultibyte(bytes: Uint8Array, at: number, end: number, put: Put): number {
  const lead = bytes[at] as number
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  if (length === 1 || at + length > end) {
    put(lead, at)
    return at + 1
  }
  let point = lead & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) point = (point << 6) | ((bytes[at + i] as number) & 0x3f)
  if (point > 0xffff) {
    put(0xd800 + ((point - 0x10000) >> 10), at)
    put(0xdc00 + ((point - 0x10000) & 0x3ff), at)
  } else put(point, at)
  return at + length
}
