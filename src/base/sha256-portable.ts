import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js"

/** SHA-256 of one piece, 32 bytes. For browsers, where WebCrypto would make every proof asynchronous. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}
