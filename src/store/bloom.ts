import { hash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { crc32 } from "node:zlib"
import { type Duckdb, quote } from "./duckdb.ts"

/**
 * A blocked Bloom filter beside each segment: whether an auditID may stand in it, without opening the file.
 * 12 bits a key, eight of them set within one block of 256 (the split block filter of the Parquet format):
 * about 0.5 % false positives. It saves work and decides nothing: one that is missing, damaged or of another
 * segment answers "may be" and is rebuilt.
 *
 * File: one line `tallystick/bloom/v1 <sha256 of the segment> <keys> <bytes> <crc32>`, then the bits, as
 * little-endian words of 32 bits. The CRC is over the line up to the space before it, and the bits.
 */
export type Bloom = { readonly keys: number; readonly bits: Uint32Array }

/**
 * The lower half of the MD5 of a key's UTF-8: what DuckDB computes as `md5_number_lower`, so no string
 * leaves it.
 */
export type BloomKey = { readonly high: number; readonly low: number }

const BITS_PER_KEY = 12
const WORDS_PER_BLOCK = 8
const BYTES_PER_BLOCK = 32
const TWO_32 = 0x1_0000_0000
const SALTS = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
)

/** For `keys` keys; 0 keys make one empty block, which holds nothing. */
export function createBloom(keys: number): Bloom {
  return { keys, bits: new Uint32Array(bytesFor(keys) / Uint32Array.BYTES_PER_ELEMENT) }
}

function bytesFor(keys: number): number {
  return Math.max(1, Math.ceil((keys * BITS_PER_KEY) / (BYTES_PER_BLOCK * 8))) * BYTES_PER_BLOCK
}

export function addKey({ bits }: Bloom, high: number, low: number): void {
  const block = blockOf(bits, high)
  for (let i = 0; i < WORDS_PER_BLOCK; i++) {
    const word = block + i
    bits[word] = (bits[word] as number) | (1 << (Math.imul(low, SALTS[i] as number) >>> 27))
  }
}

/** False: the key was not added. True: it may have been. */
export function mayHold({ bits }: Bloom, high: number, low: number): boolean {
  const block = blockOf(bits, high)
  for (let i = 0; i < WORDS_PER_BLOCK; i++) {
    const bit = 1 << (Math.imul(low, SALTS[i] as number) >>> 27)
    if (((bits[block + i] as number) & bit) === 0) return false
  }
  return true
}

function blockOf(bits: Uint32Array, high: number): number {
  return Math.floor((high * (bits.length / WORDS_PER_BLOCK)) / TWO_32) * WORDS_PER_BLOCK
}

/**
 * Undefined where this machine's policy forbids MD5 (FIPS): then no filter can be asked, and all files are
 * read.
 */
export function bloomKey(text: string): BloomKey | undefined {
  try {
    const digest = hash("md5", text.toWellFormed(), "buffer")
    return { high: digest.readUInt32LE(12), low: digest.readUInt32LE(8) }
  } catch {
    return undefined
  }
}

/** SQL for the two halves of a key of a column. */
export function keySql(column: string): string {
  const key = `md5_number_lower(${column})`
  return `(${key} >> 32)::UINTEGER AS high, (${key} & 4294967295)::UINTEGER AS low`
}

const MAGIC = "tallystick/bloom/v1"

export function formatBloom({ keys, bits }: Bloom, segmentSha256: string): Uint8Array {
  const bytes = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength)
  return Buffer.concat([Buffer.from(`${headOf(keys, bytes, segmentSha256)}\n`), bytes])
}

/** Undefined for bytes that {@link formatBloom} would not have written for this segment. */
export function parseBloom(file: Uint8Array, segmentSha256: string): Bloom | undefined {
  const newline = file.indexOf(0x0a)
  if (newline < 0 || newline > 200) return undefined
  const head = Buffer.from(file.subarray(0, newline)).toString("latin1")
  const keys = Number(head.split(" ")[2])
  const bytes = Uint8Array.from(file.subarray(newline + 1)) // a copy: words must be aligned
  const possible = Number.isSafeInteger(keys) && keys >= 0 && bytes.length === bytesFor(keys)
  return possible && head === headOf(keys, bytes, segmentSha256)
    ? { keys, bits: new Uint32Array(bytes.buffer) }
    : undefined
}

function headOf(keys: number, bits: Uint8Array, segmentSha256: string): string {
  const head = `${MAGIC} ${segmentSha256} ${keys} ${bits.length}`
  return `${head} ${crc32(bits, crc32(head)).toString(16).padStart(8, "0")}`
}

/** The filter of a segment file: from beside it, or undefined where that is of no use. */
export async function readBloom(path: string, segmentSha256: string): Promise<Bloom | undefined> {
  try {
    return parseBloom(await readFile(path), segmentSha256)
  } catch {
    return undefined
  }
}

/** Reads the keys of a segment file. 0.3 µs per row. */
export async function bloomOf(db: Duckdb, segmentFile: string): Promise<Bloom> {
  const rows = await db.query(
    `SELECT ${keySql('"auditID"')} FROM read_parquet(${quote(segmentFile)}) WHERE "auditID" IS NOT NULL`,
  )
  const bloom = createBloom(rows.count)
  for (const batch of rows.batches()) {
    const [high, low] = [batch.column(0), batch.column(1)]
    for (let row = 0; row < batch.count; row++) addKey(bloom, high.integer(row) ?? 0, low.integer(row) ?? 0)
  }
  return bloom
}
