import { concat } from "../base/bytes.ts"
import { foldRight, type Hash, pushLeaf, treeRoot } from "./merkle.ts"
import { partialWidth, splitTile, TILE_WIDTH, type Tile } from "./tile.ts"
import type { ReadTile } from "./tile-proof.ts"

/**
 * The right edge of a log's tiles: the hashes of the partial tile of each level. Enough to grow the log, to name its root
 * and to serve its partial tiles; full tiles leave it and never change again.
 */
export type TileEdge = {
  /** Entries in the log. */
  readonly size: number
  /** Per level, 0 to 255 hashes. */
  readonly levels: readonly (readonly Hash[])[]
}

export const EMPTY_EDGE: TileEdge = { size: 0, levels: [] }

/** A tile that became full, and its 8,192 bytes. */
export type FullTile = { readonly tile: Tile; readonly bytes: Uint8Array }

/** The edge with one entry more, and the tiles that it filled, lowest level first: none 255 times out of 256. */
export function appendToEdge(
  edge: TileEdge,
  leafHash: Hash,
): { readonly edge: TileEdge; readonly full: FullTile[] } {
  const size = edge.size + 1
  const levels = [...edge.levels]
  const full: FullTile[] = []
  let hash = leafHash
  for (let level = 0; ; level++) {
    const hashes = [...(levels[level] ?? []), hash]
    levels[level] = hashes.length < TILE_WIDTH ? hashes : []
    if (hashes.length < TILE_WIDTH) return { edge: { size, levels }, full }
    const index = size / TILE_WIDTH ** (level + 1) - 1
    full.push({ tile: { level, index, width: TILE_WIDTH }, bytes: concat(hashes) })
    hash = treeRoot(hashes)
  }
}

/** Root of the log. */
export function edgeRoot({ levels }: TileEdge): Hash {
  const complete = levels.toReversed().flatMap((hashes) => {
    const roots: Hash[] = []
    for (const [index, hash] of hashes.entries()) pushLeaf(roots, index, hash)
    return roots
  })
  return foldRight(complete)
}

/** The partial tiles of the log and their bytes, lowest level first. */
export function edgeTiles({ size, levels }: TileEdge): FullTile[] {
  return levels.flatMap((hashes, level) => {
    const index = Math.floor(size / TILE_WIDTH ** (level + 1))
    return hashes.length === 0
      ? []
      : [{ tile: { level, index, width: hashes.length }, bytes: concat(hashes) }]
  })
}

/** The full tiles whose roots stand in the edge of a log of `size` entries: what {@link readEdge} reads. */
export function tilesForEdge(size: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 1; TILE_WIDTH ** level <= size; level++) {
    const end = Math.floor(size / TILE_WIDTH ** level)
    for (let index = end - partialWidth(level, size); index < end; index++) {
      tiles.push({ level: level - 1, index, width: TILE_WIDTH })
    }
  }
  return tiles
}

/** The edge of a log, out of its full tiles and the leaf hashes of the (size mod 256) entries after them. */
export function readEdge(newest: readonly Hash[], fullTiles: number, readTile: ReadTile): TileEdge {
  const size = fullTiles * TILE_WIDTH + newest.length
  const levels: Hash[][] = [[...newest]]
  for (const tile of tilesForEdge(size)) {
    const level = Number(tile.level) + 1
    const root = treeRoot(splitTile(readTile(tile)))
    levels[level] = [...(levels[level] ?? []), root]
  }
  return { size, levels: Array.from(levels, (hashes) => hashes ?? []) }
}
