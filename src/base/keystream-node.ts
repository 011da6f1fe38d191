import { createCipheriv } from "node:crypto"

/** The first `length` bytes of AES-128-CTR under `key` (16 bytes) with a zero counter block: what zeros encrypt to. */
export function keystream(key: Uint8Array, length: number): Uint8Array {
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length))
}
