import { toBytes } from "../base/bytes.ts"
import type { Micros } from "../base/time.ts"
import { type Block, blockLeafHash, NO_BLOCK, parseBlock } from "../tlog/block.ts"
import { encodeBundle } from "../tlog/bundle.ts"
import type { Hash } from "../tlog/merkle.ts"
import { TILE_WIDTH, tilePath } from "../tlog/tile.ts"
import { appendToEdge, EMPTY_EDGE, type TileEdge } from "../tlog/tile-edge.ts"

/** A sealed block, as those need it who make segments and proofs. */
export type SealedBlock = {
  readonly number: number
  /** Number of its first record. */
  readonly first: number
  readonly count: number
  /** 16 bytes; the salts of its records follow from it. */
  readonly seed: Uint8Array
  readonly text: string
  /** First two bytes, big endian, of each record's hash; absent of blocks from before a restart. In memory only. */
  readonly hints?: Uint16Array
}

/** All that is needed to add blocks to a log. */
export type LogState = {
  readonly edge: TileEdge
  /** Every record below is in a block. */
  readonly records: number
  /** Leaf hash of the last block's text. */
  readonly previous: Hash
  readonly sealedAt: Micros | undefined
  /** Texts of the blocks after the last full tile: fewer than 256. */
  readonly newest: readonly string[]
}

export const EMPTY_LOG: LogState = {
  edge: EMPTY_EDGE,
  records: 0,
  previous: NO_BLOCK,
  sealedAt: undefined,
  newest: [],
}

/** A file of the log that will never change again, and its bytes. */
export type LogFile = { readonly path: string; readonly bytes: Uint8Array }

/** The log with one block more, and the files that became full by it. Pure: the same text gives the same bytes, always. */
export function extendLog(
  state: LogState,
  text: string,
): { readonly state: LogState; readonly files: readonly LogFile[] } {
  const block: Block = parseBlock(text)
  const previous = blockLeafHash(text)
  const { edge, full } = appendToEdge(state.edge, previous)
  const newest = [...state.newest, text]
  const bundle = Math.floor(state.edge.size / TILE_WIDTH)
  const files = full.map(({ tile, bytes }) => ({ path: tilePath(tile.level, tile.index), bytes }))
  if (full.length > 0) {
    files.push({ path: tilePath("entries", bundle), bytes: encodeBundle(newest.map(toBytes)) })
  }
  return {
    state: {
      edge,
      records: block.first + block.count,
      previous,
      sealedAt: block.sealedAt,
      newest: full.length > 0 ? [] : newest,
    },
    files,
  }
}
