import assert from "node:assert/strict"
import { test } from "node:test"
import { fromHex, toBytes, toHex } from "../base/bytes.ts"
import { EMPTY_ROOT, type Hash, leafHash, nodeHash, treeRoot } from "./merkle.ts"

/** The eight leaves of the classic Certificate Transparency tests and its roots: transparency-dev/merkle, testonly/constants.go. */
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
]
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

for (const [size, root] of ROOTS.entries()) {
  test(`the published root of ${size} leaves`, () => {
    const leaves = LEAVES.slice(0, size).map((hex) => leafHash(fromHex(hex)))
    assert.equal(toHex(treeRoot(leaves)), root)
  })
}

/** RFC 6962 §2.1 as it stands there. */
function recursiveRoot(leaves: readonly Hash[]): Hash {
  const [only] = leaves
  if (only === undefined) return EMPTY_ROOT
  if (leaves.length === 1) return only
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1)
  return nodeHash(recursiveRoot(leaves.slice(0, split)), recursiveRoot(leaves.slice(split)))
}

test("roots by stack and by recursion agree up to 300 leaves", () => {
  const leaves: Hash[] = []
  for (let size = 0; size <= 300; size++) {
    const root = toHex(recursiveRoot(leaves))
    assert.equal(toHex(treeRoot(leaves)), root, `treeRoot of ${size}`)
    leaves.push(leafHash(toBytes(`leaf ${size}`)))
  }
})

test("a leaf cannot pass for a node: their hashes start apart", () => {
  const [left, right] = [leafHash(toBytes("l")), leafHash(toBytes("r"))]
  assert.notEqual(toHex(leafHash(Uint8Array.from([...left, ...right]))), toHex(nodeHash(left, right)))
})
