import { concat, toBytes } from "../base/bytes.ts"
import type { NoteSignature } from "./signature-line.ts"
import type { Signer } from "./signer.ts"

/**
 * A witness's signature under a checkpoint (c2sp.org/tlog-cosignature): "at this time, this is the largest tree of that
 * log I have seen, and it extends all I saw before". Of type 04, Ed25519.
 */
export type CosignatureBytes = { readonly atSeconds: number; readonly signature: Uint8Array }

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/** What a witness signs: the time and the whole text of the note. */
export function cosignedMessage({
  text,
  atSeconds,
}: {
  readonly text: string
  readonly atSeconds: number
}): string {
  return `cosignature/v1\ntime ${atSeconds}\n${text}`
}

/** The time and the signature in the bytes of a signature line; undefined where they are something else. */
export function parseCosignature(bytes: Uint8Array): CosignatureBytes | undefined {
  if (bytes.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const atSeconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
  return Number.isSafeInteger(atSeconds) ? { atSeconds, signature: bytes.subarray(TIME_BYTES) } : undefined
}

/** Inverse of {@link parseCosignature}. */
export function formatCosignature({ atSeconds, signature }: CosignatureBytes): Uint8Array {
  const time = new Uint8Array(TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(atSeconds))
  return concat([time, signature])
}

/** A witness's line under the note with that text. Whether to give it is decided elsewhere. */
export function cosign(
  { text, atSeconds }: { readonly text: string; readonly atSeconds: number },
  { name, keyId, sign }: Signer<"cosignature">,
): NoteSignature {
  const signature = sign(toBytes(cosignedMessage({ text, atSeconds })))
  return { name, keyId, signature: formatCosignature({ atSeconds, signature }) }
}
