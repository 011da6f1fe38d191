import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js"
import { toBase64, toBytes } from "./bytes.ts"

/** SHA-256 of one piece, 32 bytes. For browsers, where WebCrypto would make every proof asynchronous. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}

/** {@link sha256} as standard base64. */
export function sha256Base64(bytes: Uint8Array): string {
  return toBase64(nobleSha256(bytes))
}

/** {@link sha256} of a text's UTF-8 bytes. */
export function sha256OfText(text: string): Uint8Array {
  return nobleSha256(toBytes(text))
}
