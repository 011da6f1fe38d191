import { hash } from "node:crypto"

/** SHA-256 of one piece, 32 bytes. One-shot: no hash object per record. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer")
}
