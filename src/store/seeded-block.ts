import { assert } from "../base/assert.ts"
import { toHex } from "../base/bytes.ts"

/** A sealed block, as far as a segment needs it. */
export type SeededBlock = {
  /** Number of its first record. */
  readonly first: number
  readonly count: number
  /** 16 bytes, from which the salts of its records follow. */
  readonly seed: Uint8Array
  /** First two bytes, big endian, of each record's hash, where the sealer has them at hand. */
  readonly hints?: Uint16Array
}

/** What a record's row has from its block. */
export type FromBlock = {
  /** Hex; "" where nothing is known. */
  readonly seed: string
  /** {@link NO_HINT} where nothing is known. */
  readonly hint: number
}

export const NO_HINT = -1
const NOTHING: FromBlock = { seed: "", hint: NO_HINT }

/** Finds for each record, asked in order, what its block says of it. */
export function blockFinder(blocks: readonly SeededBlock[]): (record: number) => FromBlock {
  let at = 0
  let seed = ""
  let of: SeededBlock | undefined
  return (record) => {
    let block = blocks[at]
    while (block !== undefined && record >= block.first + block.count) block = blocks[++at]
    if (block === undefined || record < block.first) return NOTHING
    if (block !== of) {
      assert(
        (block.hints?.length ?? block.count) === block.count,
        "a block has a hint for each of its records",
      )
      seed = toHex(block.seed)
      of = block
    }
    return { seed, hint: block.hints?.[record - block.first] ?? NO_HINT }
  }
}

/** Numbers from `first` up to and without `next` that no record has any more: what a `loss` says. */
export type LostRange = { readonly first: number; readonly next: number }

/** How many of the records from `first` up to and without `next` are lost. */
export function lostIn(lost: readonly LostRange[], { first, next }: LostRange): number {
  return lost.reduce(
    (sum, range) => sum + Math.max(0, Math.min(range.next, next) - Math.max(range.first, first)),
    0,
  )
}
