import { sha512 } from "@noble/hashes/sha2.js"
import { concat, sameBytes } from "./bytes.ts"
import { Refusal } from "./refusal.ts"

/**
 * Ed25519 for browsers, where WebCrypto would make every note asynchronous: checks signatures, never makes them.
 * BigInt arithmetic is not constant in time, which matters only for secrets; a check knows none. About 3 ms each.
 */

export const ED25519_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64

const P = 2n ** 255n - 19n
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

const mod = (n: bigint) => ((n % P) + P) % P

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square)
  }
  return result
}

const D = mod(-121665n * power(121666n, P - 2n))
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n)

/** Extended coordinates (RFC 8032 §5.1.4): x = X/Z, y = Y/Z, xy = T/Z. */
type Point = { readonly X: bigint; readonly Y: bigint; readonly Z: bigint; readonly T: bigint }

const NEUTRAL: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n }

function add(p: Point, q: Point): Point {
  const a = mod((p.Y - p.X) * (q.Y - q.X))
  const b = mod((p.Y + p.X) * (q.Y + q.X))
  const c = mod(2n * p.T * q.T * D)
  const d = mod(2n * p.Z * q.Z)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return { X: mod(e * f), Y: mod(g * h), Z: mod(f * g), T: mod(e * h) }
}

function multiply(point: Point, scalar: bigint): Point {
  let sum = NEUTRAL
  for (let doubled = point, rest = scalar; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled)) {
    if (rest & 1n) sum = add(sum, doubled)
  }
  return sum
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n)
}

/** RFC 8032 §5.1.3; undefined where no point of the curve is written so. */
function decodePoint(bytes: Uint8Array): Point | undefined {
  const whole = fromLittleEndian(bytes)
  const [sign, y] = [whole >> 255n, whole & (2n ** 255n - 1n)]
  if (y >= P) return undefined
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)]
  let x = mod(u * v ** 3n * power(u * v ** 7n, (P - 5n) / 8n))
  if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE)
  if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return undefined
  if ((x & 1n) !== sign) x = mod(-x)
  return { X: x, Y: y, Z: 1n, T: mod(x * y) }
}

function encodePoint({ X, Y, Z }: Point): Uint8Array {
  const inverse = power(Z, P - 2n)
  let rest = mod(Y * inverse) | ((mod(X * inverse) & 1n) << 255n)
  return Uint8Array.from({ length: ED25519_KEY_BYTES }, () => {
    const byte = Number(rest & 255n)
    rest >>= 8n
    return byte
  })
}

const BASE = decodePoint(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 0x58 : 0x66))) ?? NEUTRAL

/** Whether `signature` over `message` is that key's (RFC 8032 §5.1.7). False for anything of a wrong length too. */
export function verifyEd25519(claim: {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}): boolean {
  const { publicKey, message, signature } = claim
  if (publicKey.length !== ED25519_KEY_BYTES || signature.length !== ED25519_SIGNATURE_BYTES) return false
  const [r, s] = [signature.subarray(0, 32), fromLittleEndian(signature.subarray(32))]
  const key = decodePoint(publicKey)
  if (key === undefined || s >= ORDER) return false
  const challenge = fromLittleEndian(sha512(concat([r, publicKey, message]))) % ORDER
  const minusKey = { ...key, X: mod(-key.X), T: mod(-key.T) }
  return sameBytes(encodePoint(add(multiply(BASE, s), multiply(minusKey, challenge))), r)
}

export type Ed25519Pair = { readonly publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array }

/** A browser holds no log key. */
export function ed25519FromSeed(_seed: Uint8Array): Ed25519Pair {
  throw new Refusal("crypto.unavailable", "notes are signed by Node only; a browser checks them")
}
