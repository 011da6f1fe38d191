import { sha256 } from "#sha256"
import { concat, ifBase64, toBase64, toBytes, toHex } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { isKeyName } from "./note-text.ts"

/**
 * The public half of a key, as people hand it on (c2sp.org/signed-note):
 *
 *     example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
 */
export type VerifierKey = {
  readonly kind: KeyKind
  readonly name: string
  /** Eight hex digits; with the name it says which signature line is this key's. */
  readonly keyId: string
  readonly publicKey: Uint8Array
}

/**
 * `ed25519` signs notes; `cosignature` is an Ed25519 key of a witness, whose signatures carry a time; `mldsa44` is a
 * witness key of the same use after quantum computers, which is read here and not yet checked.
 */
export type KeyKind = "ed25519" | "cosignature" | "mldsa44"

const KINDS: Readonly<Record<KeyKind, { readonly type: number; readonly bytes: number }>> = {
  ed25519: { type: 0x01, bytes: 32 },
  cosignature: { type: 0x04, bytes: 32 },
  mldsa44: { type: 0x06, bytes: 1312 },
}

/** The key's id: the first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key). */
export function keyIdOf({ kind, name, publicKey }: Omit<VerifierKey, "keyId">): string {
  return toHex(sha256(concat([toBytes(`${name}\n`), typed(kind, publicKey)])).subarray(0, 4))
}

export function formatVerifierKey({ kind, name, keyId, publicKey }: VerifierKey): string {
  return `${name}+${keyId}+${toBase64(typed(kind, publicKey))}`
}

/** Inverse of {@link formatVerifierKey}; refuses a key whose id is not the one its name and bytes have. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = "", keyId = "", base64 = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const bytes = ifBase64(base64)
  if (!isKeyName(name)) throw malformed("expected <name>+<8 hex digits>+<base64>")
  if (bytes === undefined) throw malformed("its base64 is not whole")
  const kind = kindOf(bytes)
  if (kind === undefined)
    throw malformed("it is none of Ed25519 (01), its cosignatures (04) and ML-DSA-44 (06)")
  const key = { kind, name, publicKey: bytes.subarray(1) }
  if (keyIdOf(key) !== keyId) throw malformed(`its id is ${keyIdOf(key)}, not ${keyId}`)
  return { ...key, keyId }

  function malformed(why: string): Refusal {
    return new Refusal("key.malformed", `not a verifier key: ${why}: ${JSON.stringify(text.slice(0, 80))}`)
  }
}

function typed(kind: KeyKind, publicKey: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(KINDS[kind].type), publicKey])
}

function kindOf(bytes: Uint8Array): KeyKind | undefined {
  const kinds: readonly KeyKind[] = ["ed25519", "cosignature", "mldsa44"]
  return kinds.find((kind) => KINDS[kind].type === bytes[0] && KINDS[kind].bytes === bytes.length - 1)
}
