import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { assert } from "./assert.ts"

/** Bytes in a public key, and in the seed a private key is made from (RFC 8032 §5.1.5). */
export const ED25519_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64

// What stands before the 32 raw bytes in DER (RFC 8410 §7 and §4).
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex")
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex")

/** Whether `signature` over `message` is that key's (RFC 8032 §5.1.7). False for anything of a wrong length too. */
export function verifyEd25519(claim: {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}): boolean {
  const { publicKey, message, signature } = claim
  if (publicKey.length !== ED25519_KEY_BYTES || signature.length !== ED25519_SIGNATURE_BYTES) return false
  const key = createPublicKey({
    key: Buffer.concat([PUBLIC_PREFIX, publicKey]),
    format: "der",
    type: "spki",
  })
  return verify(null, message, key, signature)
}

export type Ed25519Pair = {
  readonly publicKey: Uint8Array
  /** Deterministic: the same message gives the same 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** The key pair made from a seed of 32 secret bytes. */
export function ed25519FromSeed(seed: Uint8Array): Ed25519Pair {
  assert(seed.length === ED25519_KEY_BYTES, "an Ed25519 seed has 32 bytes")
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: "der", type: "pkcs8" })
  return { publicKey: rawPublicKey(key), sign: (message) => sign(null, message, key) }
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const der = createPublicKey(privateKey).export({ format: "der", type: "spki" })
  return new Uint8Array(der.subarray(PUBLIC_PREFIX.length))
}
