import { join } from "node:path"
import { concat, toBytes } from "../base/bytes.ts"
import { readIfThere } from "../base/read-if-there.ts"
import { decodeBundle, encodeBundle } from "../tlog/bundle.ts"
import { HASH_BYTES } from "../tlog/merkle.ts"
import { parseTilePath, TILE_WIDTH, type Tile, tilePath, tileWidth } from "../tlog/tile.ts"
import type { LogState } from "./log-state.ts"

/**
 * The bytes of a tile or bundle of a log in the state committed last: full ones out of files, partial ones made from the
 * state. Undefined for what the log does not have (yet). Refuses `tile.malformed` a path that names no tile.
 */
export function readLogTile(log: string, state: LogState, path: string): Uint8Array | undefined {
  const tile = parseTilePath(path)
  const width = tileWidth(tile, state.edge.size)
  if (tile.width > width) return undefined
  return width === TILE_WIDTH ? fromFile(log, tile) : fromState(state, tile)
}

function fromFile(log: string, { level, index, width }: Tile): Uint8Array | undefined {
  const bytes = readIfThere(join(log, tilePath(level, index)))
  if (bytes === undefined || width === TILE_WIDTH) return bytes
  if (level !== "entries") return bytes.subarray(0, width * HASH_BYTES)
  return encodeBundle(decodeBundle(bytes, TILE_WIDTH).slice(0, width))
}

function fromState({ edge, newest }: LogState, { level, width }: Tile): Uint8Array {
  if (level === "entries") return encodeBundle(newest.slice(0, width).map(toBytes))
  return concat((edge.levels[level] ?? []).slice(0, width))
}
