import { Refusal } from "../base/refusal.ts"
import { foldRight, HASH_BYTES, type Hash, treeRoot } from "./merkle.ts"
import { completeNodes, consistencyPath, inclusionPath, type Range } from "./path.ts"
import { splitTile, type Tile, tileOfNode, tilePath } from "./tile.ts"

/**
 * Proofs out of tiles. Reading is not this folder's: whoever has the tiles hands in `readTile`. What comes out is only as
 * right as the tiles: check it against a signed root.
 */

/** The bytes of a tile; those of a fuller one will do. Throws `tile.missing` where there is none. */
export type ReadTile = (tile: Tile) => Uint8Array

export function proveInclusionFromTiles(
  claim: { readonly index: number; readonly size: number },
  readTile: ReadTile,
): Hash[] {
  return inclusionPath(claim).map((range) => rangeRoot(range, claim.size, readTile))
}

export function proveConsistencyFromTiles(
  claim: { readonly older: number; readonly newer: number },
  readTile: ReadTile,
): Hash[] {
  return consistencyPath(claim).map((range) => rangeRoot(range, claim.newer, readTile))
}

export function rootFromTiles(size: number, readTile: ReadTile): Hash {
  return rangeRoot({ start: 0, end: size }, size, readTile)
}

function rangeRoot(range: Range, size: number, readTile: ReadTile): Hash {
  const roots = completeNodes(range).map((node) => {
    const { tile, offset, count } = tileOfNode(node, size)
    const bytes = readTile(tile)
    if (bytes.length < tile.width * HASH_BYTES) {
      throw new Refusal(
        "tile.malformed",
        `${tilePath(tile.level, tile.index, tile.width)} has ${bytes.length} bytes, not ${tile.width * HASH_BYTES}`,
      )
    }
    return treeRoot(splitTile(bytes).slice(offset, offset + count))
  })
  return foldRight(roots)
}
