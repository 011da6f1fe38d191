import { Refusal } from "./refusal.ts"

/** WebCrypto's AES is asynchronous. A receipt carries its record's salt, so that no browser needs the keystream. */
export function keystream(_key: Uint8Array, _length: number): Uint8Array {
  throw new Refusal("crypto.unavailable", "salts are derived from a block's seed by Node only")
}
