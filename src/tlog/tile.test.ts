import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { formatContract } from "../../test/support/hostile.ts"
import { decodeBundle, ENTRY_BYTES_MAX, encodeBundle } from "./bundle.ts"
import {
  parseTilePath,
  partialWidth,
  splitTile,
  type Tile,
  tileOfEntry,
  tileOfNode,
  tilePath,
  tilesOf,
  tileWidth,
} from "./tile.ts"

const print = ({ level, index, width }: Tile) => tilePath(level, index, width)

/** transparency-dev/tessera, api/layout/paths_test.go, and c2sp.org/tlog-tiles (Apache-2.0, CC-BY-4.0). */
const published: [tile: Tile, path: string][] = [
  [{ level: 0, index: 0, width: 256 }, "tile/0/000"],
  [{ level: 0, index: 0, width: 255 }, "tile/0/000.p/255"],
  [{ level: 15, index: 455667, width: 256 }, "tile/15/x455/667"],
  [{ level: 15, index: 123456789, width: 41 }, "tile/15/x123/x456/789.p/41"],
  [{ level: 0, index: 1234067, width: 89 }, "tile/0/x001/x234/067.p/89"],
  [{ level: "entries", index: 1, width: 1 }, "tile/entries/001.p/1"],
  [{ level: "entries", index: 123456789, width: 256 }, "tile/entries/x123/x456/789"],
  [{ level: 63, index: 1000, width: 256 }, "tile/63/x001/000"],
]
for (const [tile, path] of published) {
  test(`published: ${path}`, () => {
    assert.equal(print(tile), path)
    assert.deepEqual(parseTilePath(path), tile)
  })
}

formatContract({
  name: "tile path",
  code: "tile.malformed",
  samples: published.map(([, path]) => path),
  parse: parseTilePath,
  print,
})

const refused: [why: string, path: string][] = [
  ["no width behind .p/", "tile/0/x001/x234/067.p/"],
  ["no slash behind .p", "tile/0/x001/x234/067.p"],
  ["only a leading group", "tile/0/x001"],
  ["a slash at the end", "tile/0/x001/"],
  ["level 64", "tile/64/x001/002"],
  ["a level with a leading zero", "tile/00/000"],
  ["a level below zero", "tile/-1/000"],
  ["a group without x", "tile/3/123/456/078"],
  ["an empty leading group", "tile/0/x000/001"],
  ["width 0, which no log serves", "tile/0/000.p/0"],
  ["width 256, which is full", "tile/0/000.p/256"],
  ["a width with a leading zero", "tile/0/000.p/01"],
  ["a group of two digits", "tile/0/00"],
  ["a way out of the folder", "tile/0/../../keys"],
  ["digits of another script", "tile/0/٠٠٠"],
  ["an index of 2^53: refused, never rounded", "tile/0/x009/x007/x199/x254/x740/992"],
  ["an index of 10^18 - 1", "tile/63/x999/x999/x999/x999/x999/999"],
  ["a newline", "tile/0/000\n"],
  ["a slash in front", "/tile/0/000"],
]
for (const [why, path] of refused) {
  test(`parseTilePath refuses: ${why}`, () =>
    assert.throws(() => parseTilePath(path), { code: "tile.malformed" }))
}

test("every tile's path is read back", () => {
  const tiles = fc.record(
    {
      level: fc.oneof(fc.constant("entries" as const), fc.integer({ min: 0, max: 63 })),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(fc.property(tiles, (tile) => assert.deepEqual(parseTilePath(print(tile)), tile)))
})

test("to name a tile that cannot be is a bug", () => {
  const bugs: Tile[] = [
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
    { level: 64, index: 0, width: 1 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 2 ** 53, width: 1 },
  ]
  for (const tile of bugs) assert.throws(() => print(tile), { name: "Bug" })
})

describe("which tiles a log has", () => {
  test("a log of 70,000 entries (the example of c2sp.org/tlog-tiles)", () => {
    const tiles = [...tilesOf(70_000)]
    const count = (level: number, full: boolean) =>
      tiles.filter((tile) => tile.level === level && (tile.width === 256) === full).length
    assert.deepEqual([count(0, true), count(1, true), count(2, true)], [273, 1, 0])
    assert.deepEqual(
      [0, 1, 2, 3].map((level) => partialWidth(level, 70_000)),
      [112, 17, 1, 0],
    )
    assert.deepEqual(
      [0, 1, 2].map((level) => count(level, false)),
      [1, 1, 1],
    )
    assert.deepEqual(tiles.at(-1), { level: 2, index: 0, width: 1 })
  })
  test("an empty log has none, 256 entries have a full one and one hash above it", () => {
    assert.deepEqual([...tilesOf(0)], [])
    assert.deepEqual([...tilesOf(256)].map(print), ["tile/0/000", "tile/1/000.p/1"])
  })
  test("widths", () => {
    const rows: [level: number | "entries", index: number, size: number, width: number][] = [
      [0, 0, 0, 0],
      [0, 0, 3, 3],
      [0, 1, 256, 0],
      ["entries", 1, 257, 1],
      [1, 0, 255, 0],
      [1, 0, 65536, 256],
      [6, 0, 2 ** 53 - 1, 31],
    ]
    for (const [level, index, size, width] of rows) assert.equal(tileWidth({ level, index }, size), width)
  })
  test("where a node's hashes stand", () => {
    assert.deepEqual(tileOfNode({ level: 0, index: 300 }, 70_000), {
      tile: { level: 0, index: 1, width: 256 },
      offset: 44,
      count: 1,
    })
    assert.deepEqual(tileOfNode({ level: 15, index: 1 }, 70_000), {
      tile: { level: 1, index: 0, width: 256 },
      offset: 128,
      count: 128,
    })
    assert.throws(() => tileOfNode({ level: 17, index: 0 }, 70_000), { name: "Bug" })
  })
  test("where an entry stands", () => {
    const at = (index: number, size: number) => print(tileOfEntry({ index, size }, "entries").tile)
    assert.equal(at(251, 255), "tile/entries/000.p/255")
    assert.equal(at(3, 257), "tile/entries/000")
    assert.equal(at(31604937984, 31604938240), "tile/entries/x123/x456/789")
    assert.throws(() => at(3, 3), { name: "Bug" })
  })
})

test("splitTile refuses what is no row of hashes", () => {
  for (const size of [0, 31, 33, 8193, 8224]) {
    assert.throws(() => splitTile(new Uint8Array(size)), { code: "tile.malformed" })
  }
  assert.equal(splitTile(new Uint8Array(8192)).length, 256)
})

describe("entry bundle", () => {
  const entry = fc.uint8Array({ maxLength: 300 })
  test("is read back, and holds no other number of entries", () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 256 }), (entries) => {
        const bytes = encodeBundle(entries)
        assert.deepEqual(decodeBundle(bytes, entries.length), entries)
        for (const width of [0, entries.length - 1, entries.length + 1, 257]) {
          assert.throws(() => decodeBundle(bytes, width), { code: "tile.malformed" })
        }
      }),
    )
  })
  test("takes entries of 0 and 65,535 bytes", () => {
    const entries = [new Uint8Array(), new Uint8Array(ENTRY_BYTES_MAX).fill(1)]
    assert.deepEqual(decodeBundle(encodeBundle(entries), 2), entries)
    assert.throws(() => encodeBundle([new Uint8Array(ENTRY_BYTES_MAX + 1)]), { name: "Bug" })
  })
  test("is refused at every other length", () => {
    const bytes = encodeBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)])
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeBundle(bytes.subarray(0, length), 3), { code: "tile.malformed" })
    }
    assert.throws(() => decodeBundle(Uint8Array.of(...bytes, 0), 3), { code: "tile.malformed" })
  })
})
