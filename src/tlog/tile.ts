import { assert } from "../base/assert.ts"
import { isCount } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"
import { HASH_BYTES } from "./merkle.ts"
import type { Node } from "./path.ts"

/**
 * The files a log is served as (c2sp.org/tlog-tiles). Hash i of tile (level, index) is the root over
 * 256^level leaves from (256 × index + i) × 256^level; a bundle (level `entries`) holds 256 entries themselves.
 */
export type Tile = {
  readonly level: number | "entries"
  readonly index: number
  /** Hashes or entries in it, 1 to 256. Below 256 it is partial: the newest of its level. */
  readonly width: number
}

export const TILE_WIDTH = 256
const LEVEL_MAX = 63
const LEVELS_PER_TILE = 8

/** `tile/0/x001/x234/067.p/89`; 256 is a full tile and carries no width. */
export function tilePath(level: number | "entries", index: number, width: number = TILE_WIDTH): string {
  assert(isTile({ level, index, width }), `no tile: level ${level}, index ${index}, width ${width}`)
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0")
  const groups = digits.match(/\d{3}/g) ?? []
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/")
  return `tile/${level}/${path}${width < TILE_WIDTH ? `.p/${width}` : ""}`
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/

/** Inverse of {@link tilePath}: refuses any path it would not have written, and an index of 2^53 or more. */
export function parseTilePath(path: string): Tile {
  const [, level = "", groups = "", width] = PATH.exec(path) ?? []
  const tile = {
    level: level === "entries" ? ("entries" as const) : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  }
  if (groups === "" || !isTile(tile) || tilePath(tile.level, tile.index, tile.width) !== path) {
    throw new Refusal("tile.malformed", `not the path of a tile: ${JSON.stringify(path.slice(0, 80))}`)
  }
  return tile
}

function isTile({ level, index, width }: Tile): boolean {
  const isLevel = level === "entries" || (Number.isInteger(level) && level >= 0 && level <= LEVEL_MAX)
  return isLevel && isCount(index) && Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH
}

/** Hashes (entries) in the tile when the log has `size` entries: 0 to 256. */
export function tileWidth({ level, index }: Omit<Tile, "width">, size: number): number {
  const hashes = level === "entries" ? size : Math.floor(size / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/** Hashes of the partial tile of a level: 0 where the newest one is full, so that there is none. */
export function partialWidth(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH
}

/** Every tile of hashes that a log of `size` entries serves: per level the full ones, then the partial one. */
export function* tilesOf(size: number): Generator<Tile> {
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const full = Math.floor(size / TILE_WIDTH ** (level + 1))
    for (let index = 0; index < full; index++) yield { level, index, width: TILE_WIDTH }
    const width = partialWidth(level, size)
    if (width > 0) yield { level, index: full, width }
  }
}

/** Where the hashes stand that make a complete subtree: `count` of them from `offset` in a tile. */
export type TileSlice = { readonly tile: Tile; readonly offset: number; readonly count: number }

/** The place of `node` in a log of `size` entries that has it. */
export function tileOfNode(node: Node, size: number): TileSlice {
  const level = Math.floor(node.level / LEVELS_PER_TILE)
  const count = 2 ** (node.level % LEVELS_PER_TILE)
  const first = node.index * count
  const index = Math.floor(first / TILE_WIDTH)
  const offset = first % TILE_WIDTH
  const width = tileWidth({ level, index }, size)
  assert(offset + count <= width, `a log of ${size} entries has no node ${node.level}/${node.index}`)
  return { tile: { level, index, width }, offset, count }
}

/** The tile or bundle that holds entry `index` of a log of `size` entries, and its place in it. */
export function tileOfEntry(
  { index, size }: { readonly index: number; readonly size: number },
  level: 0 | "entries",
): TileSlice {
  const place = { level, index: Math.floor(index / TILE_WIDTH) }
  const width = tileWidth(place, size)
  const offset = index % TILE_WIDTH
  assert(offset < width, `a log of ${size} entries has no entry ${index}`)
  return { tile: { ...place, width }, offset, count: 1 }
}

/** The bytes of a tile's hashes, in order. */
export function splitTile(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0 || bytes.length % HASH_BYTES !== 0 || bytes.length > TILE_WIDTH * HASH_BYTES) {
    throw new Refusal(
      "tile.malformed",
      `a tile of hashes has 32 to 8192 bytes in steps of 32, not ${bytes.length}`,
    )
  }
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  )
}
