import assert from "node:assert/strict"
import { test } from "node:test"
import { concat, toBytes, toHex } from "../base/bytes.ts"
import { proveConsistency, verifyConsistency } from "./consistency.ts"
import { proveInclusion, verifyInclusion } from "./inclusion.ts"
import { EMPTY_ROOT, type Hash, leafHash, treeRoot } from "./merkle.ts"
import { type Tile, tilePath, tilesOf } from "./tile.ts"
import {
  appendToEdge,
  EMPTY_EDGE,
  edgeRoot,
  edgeTiles,
  readEdge,
  type TileEdge,
  tilesForEdge,
} from "./tile-edge.ts"
import { proveConsistencyFromTiles, proveInclusionFromTiles, rootFromTiles } from "./tile-proof.ts"

const SIZE = 66_000
const LEAVES = Array.from({ length: SIZE }, (_, at) => leafHash(toBytes(`entry ${at}`)))
const path = ({ level, index, width }: Tile) => tilePath(level, index, width)

/** A log grown entry by entry: its full tiles as files, its edge after each of the sizes of interest. */
function grow(sizes: readonly number[]): { full: Map<string, Uint8Array>; edges: Map<number, TileEdge> } {
  const full = new Map<string, Uint8Array>()
  const edges = new Map<number, TileEdge>([[0, EMPTY_EDGE]])
  let edge = EMPTY_EDGE
  for (const leaf of LEAVES) {
    const grown = appendToEdge(edge, leaf)
    edge = grown.edge
    for (const { tile, bytes } of grown.full) full.set(path(tile), bytes)
    if (sizes.includes(edge.size)) edges.set(edge.size, edge)
  }
  return { full, edges }
}

const SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793, SIZE]
const { full, edges } = grow(SIZES)

/** Reads a log of `size` as whoever follows it does, and notes what was read. */
function reader(size: number): { read: Set<string>; readTile: (tile: Tile) => Uint8Array } {
  const edge = edges.get(size) ?? assert.fail(`no edge of ${size}`)
  const files = new Map([...full, ...edgeTiles(edge).map(({ tile, bytes }) => [path(tile), bytes] as const)])
  const read = new Set<string>()
  const readTile = (tile: Tile) => {
    read.add(path(tile))
    return files.get(path(tile)) ?? assert.fail(`no ${path(tile)} in a log of ${size}`)
  }
  return { read, readTile }
}

/** The definition: hash i of tile (level, index) is the root over 256^level leaves from (256 × index + i) × 256^level. */
function tileByDefinition({ level, index, width }: Tile): Uint8Array {
  const leaves = 256 ** Number(level)
  return concat(
    Array.from({ length: width }, (_, at) => {
      const start = (256 * index + at) * leaves
      return treeRoot(LEAVES.slice(start, start + leaves))
    }),
  )
}

test("tiles made while growing are those of the definition, and all a log serves", () => {
  for (const size of SIZES) {
    const { readTile } = reader(size)
    for (const tile of tilesOf(size)) {
      // Every level, both edges and a sample of what lies between.
      if (tile.level !== 0 || tile.index < 2 || tile.index % 50 === 0 || tile.width < 256) {
        assert.equal(toHex(readTile(tile)), toHex(tileByDefinition(tile)), `${path(tile)} of ${size}`)
      }
    }
  }
  assert.equal(full.size, Math.floor(SIZE / 256) + 1)
})

test("the edge and the tiles name the root", () => {
  assert.equal(edgeRoot(EMPTY_EDGE), EMPTY_ROOT)
  assert.equal(
    rootFromTiles(0, () => assert.fail("nothing to read")),
    EMPTY_ROOT,
  )
  for (const size of SIZES) {
    const root = toHex(treeRoot(LEAVES.slice(0, size)))
    assert.equal(toHex(edgeRoot(edges.get(size)!)), root)
    const { readTile } = reader(size)
    assert.equal(toHex(rootFromTiles(size, readTile)), root)
  }
})

test("an edge is read back from full tiles and the newest leaves", () => {
  for (const size of SIZES) {
    const newest = LEAVES.slice(Math.floor(size / 256) * 256, size)
    const { read, readTile } = reader(size)
    const edge = readEdge(newest, Math.floor(size / 256), readTile)
    assert.deepEqual(edge, edges.get(size))
    assert.deepEqual([...read], tilesForEdge(size).map(path), "what is read was announced")
    const [grown, again] = [edges.get(size)!, edge].map((edge) => appendToEdge(edge, LEAVES[size % SIZE]!))
    assert.deepEqual(again, grown)
  }
})

const INDEXES = [0, 1, 2, 255, 256, 300, 511, 65_279, 65_535, 65_536, 65_999]

test("inclusion proofs out of tiles are those out of leaves, and read few of them", () => {
  for (const size of SIZES) {
    const leaves = LEAVES.slice(0, size)
    const root = treeRoot(leaves)
    for (const index of INDEXES.filter((index) => index < size)) {
      const { read, readTile } = reader(size)
      const proof = proveInclusionFromTiles({ index, size }, readTile)
      verifyInclusion({ index, size, leafHash: LEAVES[index]!, proof, root })
      assert.ok(read.size <= 6, `${read.size} tiles read for ${index} of ${size}`)
      if (size < 1000) assert.deepEqual(proof.map(toHex), proveInclusion(index, leaves).map(toHex))
    }
  }
})

test("consistency proofs out of tiles are those out of leaves", () => {
  for (const newer of SIZES) {
    for (const older of SIZES.filter((older) => older <= newer)) {
      const { readTile } = reader(newer)
      const proof = proveConsistencyFromTiles({ older, newer }, readTile)
      const head = (size: number) => ({ size, root: edgeRoot(edges.get(size)!) })
      verifyConsistency({ older: head(older), newer: head(newer), proof })
      if (newer < 1000) {
        assert.deepEqual(proof.map(toHex), proveConsistency(older, LEAVES.slice(0, newer)).map(toHex))
      }
    }
  }
})

test("a fuller tile serves where a partial one is asked for, a cut one is refused", () => {
  const size = 200
  const whole: Hash = full.get("tile/0/000")!
  const root = treeRoot(LEAVES.slice(0, size))
  const proof = proveInclusionFromTiles({ index: 7, size }, () => whole)
  verifyInclusion({ index: 7, size, leafHash: LEAVES[7]!, proof, root })
  assert.throws(() => proveInclusionFromTiles({ index: 7, size }, () => whole.subarray(0, 199 * 32)), {
    code: "tile.malformed",
  })
})

test("tiles of another log prove nothing here", () => {
  const size = 300
  const root = treeRoot(LEAVES.slice(0, size))
  const { readTile } = reader(513)
  const changed = (tile: Tile) => Uint8Array.from(readTile({ ...tile, width: 256 }), (byte) => byte ^ 1)
  const proof = proveInclusionFromTiles({ index: 7, size }, changed)
  assert.throws(() => verifyInclusion({ index: 7, size, leafHash: LEAVES[7]!, proof, root }), {
    code: "proof.refuted",
  })
})
