import { Refusal } from "./refusal.ts"

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

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

/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
}

/**
 * Inverse of {@link toBase64}: refuses any text it would not have written. Decoders forgive url-safe letters,
 * missing padding and stray bits; writing back and comparing forgives nothing.
 */
export function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64")
  if (bytes.toString("base64") !== text) {
    throw new Refusal("base64.malformed", `not standard base64: ${JSON.stringify(text.slice(0, 60))}`)
  }
  return bytes
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")
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
