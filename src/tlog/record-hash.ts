import { keystream } from "#keystream"
import { sha256, sha256OfText } from "#sha256"
import { assert } from "../base/assert.ts"
import { concat } from "../base/bytes.ts"
import { formatRecord, LINE_BYTES_MAX, type PlacedRecord } from "../event/record.ts"
import type { Hash } from "./merkle.ts"

/** Random bytes drawn once per block; its records' salts follow from them. */
export const SEED_BYTES = 16
export const SALT_BYTES = 16

/** A body longer than this gets memory of its own instead of growing the scratch for good. */
const SCRATCH_BYTES_MAX = 1024 * 1024

/** Hash of a record's line: SHA-256(0x00 ‖ text ‖ LF), the leaf hash of the line with its newline. */
export function recordHash(recordText: string): Hash {
  return sha256OfText(`\0${recordText}\n`)
}

// One scratch for all: salt and body stand here together while they are hashed, without awaiting.
let scratch = new Uint8Array(64 * 1024)

/** What a record's line says of its body: SHA-256(salt ‖ body). Once both are gone it says nothing. */
export function recordDigest({ salt, body }: { readonly salt: Uint8Array; readonly body: Uint8Array }): Hash {
  const size = salt.length + body.length
  if (size > SCRATCH_BYTES_MAX) return sha256(concat([salt, body]))
  if (size > scratch.length) scratch = new Uint8Array(SCRATCH_BYTES_MAX)
  scratch.set(salt)
  scratch.set(body, salt.length)
  return sha256(scratch.subarray(0, size))
}

/** The salts of a block's records, one after the other: AES-128-CTR under the seed over zeros, from counter 0. */
export function blockSalts(seed: Uint8Array, count: number): Uint8Array {
  assert(seed.length === SEED_BYTES, "a block's seed has 16 bytes")
  return keystream(seed, count * SALT_BYTES)
}

/** The salt of the record at `index` of its block, out of {@link blockSalts}. */
export function saltAt(salts: Uint8Array, index: number): Uint8Array {
  return salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES)
}

/** The line of a record that is sealed, without its newline. */
export function sealedLine(record: PlacedRecord, salt: Uint8Array): string {
  const digest = recordDigest({ salt, body: record.body })
  const text = formatRecord({ ...record, size: record.body.length, digest })
  assert(text.length <= LINE_BYTES_MAX, "a record's line has at most 1,024 bytes")
  return text
}

/** First two bytes of a record's hash, big endian: kept beside it, they tell later which record of a damaged block was changed. */
export function hintOf(hash: Hash): number {
  return (hash[0] ?? 0) * 256 + (hash[1] ?? 0)
}

export type SealedRecords = {
  /** The records' lines, without newlines. */
  readonly texts: readonly string[]
  /** Their hashes: the leaf hashes of the block's tree. */
  readonly hashes: readonly Hash[]
}

/** The lines of a block's records, in their order, and the hashes of these. */
export function sealRecords(records: readonly PlacedRecord[], seed: Uint8Array): SealedRecords {
  const salts = blockSalts(seed, records.length)
  const texts: string[] = []
  const hashes: Hash[] = []
  for (const [index, record] of records.entries()) {
    assert(record.number === (records[0]?.number ?? 0) + index, "a block's records are neighbours")
    const text = sealedLine(record, saltAt(salts, index))
    texts.push(text)
    hashes.push(recordHash(text))
  }
  return { texts, hashes }
}
