import { decodeBase64, decodeHex, encodeBase64, encodeHex } from "./base64.ts"
import { Refusal } from "./refusal.ts"

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Node's Buffer encodes and decodes about twenty times as fast as a loop; a browser has none. */
const NodeBuffer = typeof Buffer === "undefined" ? undefined : Buffer
const buffered = (bytes: Uint8Array) => NodeBuffer?.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Characters of a refused text that its message shows. */
const SHOWN_MAX = 60

export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text of `bytes`, or undefined where they are not UTF-8. A byte order mark is kept: it is a byte like others. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** The text of `bytes` where they are UTF-8 without a byte below 0x20, so that it stands on one line; else undefined. */
export function oneLine(bytes: Uint8Array): string | undefined {
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] ?? 0) < 0x20) return undefined
  return utf8(bytes)
}

/** Whether `part`, at least one byte, stands anywhere in `bytes`. */
export function includesBytes(bytes: Uint8Array, part: Uint8Array): boolean {
  const [all, wanted] = [buffered(bytes), buffered(part)]
  if (all !== undefined && wanted !== undefined) return all.includes(wanted)
  const last = bytes.length - part.length
  for (let at = 0; at <= last; at++) if (part.every((byte, i) => byte === bytes[at + i])) return true
  return false
}

/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return buffered(bytes)?.toString("base64") ?? encodeBase64(bytes)
}

/** Inverse of {@link toBase64}: refuses any text it would not have written. */
export function fromBase64(text: string): Uint8Array {
  const bytes = ifBase64(text)
  if (bytes !== undefined) return bytes
  throw new Refusal("base64.malformed", `not standard base64: ${JSON.stringify(text.slice(0, SHOWN_MAX))}`)
}

/**
 * As {@link fromBase64}, or undefined. Decoders forgive url-safe letters, missing padding and stray bits; writing back
 * and comparing forgives nothing.
 */
export function ifBase64(text: string): Uint8Array | undefined {
  const bytes = NodeBuffer?.from(text, "base64") ?? decodeBase64(text)
  return toBase64(bytes) === text ? bytes : undefined
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return buffered(bytes)?.toString("hex") ?? encodeHex(bytes)
}

/** Inverse of {@link toHex}: refuses any text it would not have written. */
export function fromHex(text: string): Uint8Array {
  const bytes = ifHex(text)
  if (bytes !== undefined) return bytes
  throw new Refusal("text.malformed", `not lower-case hex: ${JSON.stringify(text.slice(0, SHOWN_MAX))}`)
}

/** As {@link fromHex}, or undefined. */
export function ifHex(text: string): Uint8Array | undefined {
  const bytes = NodeBuffer?.from(text, "hex") ?? decodeHex(text)
  return toHex(bytes) === text ? bytes : undefined
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
