import { assert } from "../base/assert.ts"
import { concat } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { TILE_WIDTH } from "./tile.ts"

/** A length is written in two bytes (c2sp.org/tlog-tiles). Block texts have about 300. */
export const ENTRY_BYTES_MAX = 65_535
const LENGTH_BYTES = 2

/** The entries of a tile of level `entries`, each behind its length as two bytes, big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  assert(entries.length >= 1 && entries.length <= TILE_WIDTH, "a bundle has 1 to 256 entries")
  return concat(
    entries.flatMap((entry) => {
      assert(entry.length <= ENTRY_BYTES_MAX, "an entry has at most 65,535 bytes")
      return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry]
    }),
  )
}

/** Inverse of {@link encodeBundle}: refuses bytes that do not hold exactly `width` entries. */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bytes.length && entries.length < width) {
    const start = at + LENGTH_BYTES
    const end = start + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)
    if (end > bytes.length) break
    entries.push(bytes.subarray(start, end))
    at = end
  }
  if (at !== bytes.length || entries.length !== width || width < 1 || width > TILE_WIDTH) {
    throw new Refusal(
      "tile.malformed",
      `an entry bundle of ${bytes.length} bytes does not hold ${width} entries`,
    )
  }
  return entries
}
