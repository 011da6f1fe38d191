import assert from "node:assert/strict"
import { test } from "node:test"
import { formatContract } from "../../test/support/hostile.ts"
import { toBytes, toHex } from "../base/bytes.ts"
import { type Block, blockLeafHash, formatBlock, NO_BLOCK, parseBlock, verifyBlockFollows } from "./block.ts"
import { leafHash } from "./merkle.ts"

const first: Block = {
  origin: "ledger.example.com/prod",
  number: 0,
  first: 0,
  count: 3,
  root: leafHash(toBytes("records")),
  sealedAt: Date.UTC(2026, 10, 20) * 1000 + 1,
  previous: NO_BLOCK,
}
const FIRST = formatBlock(first)
const second: Block = { ...first, number: 1, first: 3, count: 10_000, previous: blockLeafHash(FIRST) }
const SECOND = formatBlock(second)

formatContract({
  name: "block text",
  code: "block.malformed",
  samples: [FIRST, SECOND],
  parse: parseBlock,
  print: formatBlock,
})

const refused: [why: string, text: string][] = [
  ["another version", SECOND.replace("/v1", "/v2")],
  ["no origin", SECOND.replace("ledger.example.com/prod", "")],
  ["an origin with a space", SECOND.replace("ledger.example.com/prod", "ledger prod")],
  ["no records", SECOND.replace("3 10000", "3 0")],
  ["records past 2^53", SECOND.replace("3 10000", "9007199254740990 10000")],
  ["a leading zero", SECOND.replace("3 10000", "3 010000")],
  ["fewer records before than blocks before", SECOND.replace("3 10000", "0 10000")],
  ["block 0 that starts at a later record", FIRST.replace("0 3", "1 3")],
  ["block 0 that names a block before it", formatBlock({ ...first, previous: second.previous })],
  ["block 1 that names none", formatBlock({ ...second, previous: NO_BLOCK })],
  ["a root of 31 bytes", formatBlock({ ...second, root: second.root.subarray(1) })],
  ["milliseconds", SECOND.replace("00.000001Z", "00.000Z")],
  ["no newline at the end", SECOND.slice(0, -1)],
  ["an eighth line", `${SECOND}x\n`],
  ["a blank line at the end", `${SECOND}\n`],
]
for (const [why, text] of refused) {
  test(`parseBlock refuses: ${why}`, () => assert.throws(() => parseBlock(text), { code: "block.malformed" }))
}

test("a block text has seven lines and is read back", () => {
  assert.equal(SECOND.split("\n").length, 8)
  assert.deepEqual(
    { ...parseBlock(SECOND), root: toHex(second.root), previous: toHex(second.previous) },
    {
      ...second,
      root: toHex(second.root),
      previous: toHex(second.previous),
    },
  )
})

test("the hash chain: a block follows the one it names and no other", () => {
  verifyBlockFollows(second, FIRST)
  const changed: [why: string, next: Block, previous: string][] = [
    ["another text before it", second, FIRST.replace("000001Z", "000002Z")],
    ["a block between them", { ...second, number: 2 }, FIRST],
    ["records between them", { ...second, first: 4 }, FIRST],
    ["another ledger", { ...second, origin: "other" }, FIRST],
    ["itself", second, SECOND],
  ]
  for (const [why, next, previous] of changed) {
    assert.throws(() => verifyBlockFollows(next, previous), { code: "proof.refuted" }, why)
  }
})
