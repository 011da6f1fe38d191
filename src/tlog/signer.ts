import { type Ed25519Pair, ed25519FromSeed } from "#ed25519"
import { concat, ifBase64, toBase64 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { isKeyName } from "./note-text.ts"
import { keyIdOf, type VerifierKey } from "./verifier-key.ts"

/** `ed25519` signs notes of its own; `cosignature` those of others, with the time. */
export type SignerKind = "ed25519" | "cosignature"

/** Who can sign: a verifier key and its secret half. `sign` is deterministic: same message, same 64 bytes. */
export type Signer<Kind extends SignerKind = SignerKind> = VerifierKey & {
  readonly kind: Kind
  readonly sign: Ed25519Pair["sign"]
}

/** All that is secret: a name and 32 random bytes. */
export type SignerKey<Kind extends SignerKind = SignerKind> = {
  readonly kind: Kind
  readonly name: string
  readonly seed: Uint8Array
}

const HEAD = "PRIVATE+KEY"
const TYPES: Readonly<Record<SignerKind, number>> = { ed25519: 0x01, cosignature: 0x04 }
const SEED_BYTES = 32

export function openSigner<Kind extends SignerKind>({ kind, name, seed }: SignerKey<Kind>): Signer<Kind> {
  const { publicKey, sign } = ed25519FromSeed(seed)
  const key = { kind, name, publicKey }
  return { ...key, keyId: keyIdOf(key), sign }
}

/** The text a key file holds, as Go's sumdb/note writes it: `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`. */
export function formatSignerKey(key: SignerKey): string {
  const secret = concat([Uint8Array.of(TYPES[key.kind]), key.seed])
  return `${HEAD}+${key.name}+${openSigner(key).keyId}+${toBase64(secret)}`
}

/** Inverse of {@link formatSignerKey}. Its refusals show nothing of the text. */
export function parseSignerKey(text: string): SignerKey {
  const [, name = "", , base64 = ""] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const secret = ifBase64(base64) ?? new Uint8Array()
  const kind = secret[0] === TYPES.ed25519 ? "ed25519" : "cosignature"
  const key: SignerKey = { kind, name, seed: secret.subarray(1) }
  if (!isKeyName(name) || key.seed.length !== SEED_BYTES || formatSignerKey(key) !== text) {
    throw new Refusal(
      "key.malformed",
      "not a signing key: expected PRIVATE+KEY+<name>+<8 hex digits>+<base64>",
    )
  }
  return key
}
