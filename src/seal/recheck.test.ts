import assert from "node:assert/strict"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import type { PlacedRecord } from "../event/record.ts"
import { type Block, NO_BLOCK } from "../tlog/block.ts"
import { treeRoot } from "../tlog/merkle.ts"
import { blockSalts, recordDigest, saltAt, sealRecords } from "../tlog/record-hash.ts"
import { Recheck, type Reread } from "./recheck.ts"

const AT = Date.UTC(2026, 0, 1) * 1000
const PATH = "segments/x.parquet"

function sealed(first: number, count: number): { block: Block; rows: Reread[] } {
  const seed = new Uint8Array(16).fill(first + 1)
  const records: PlacedRecord[] = Array.from({ length: count }, (_, i) => ({
    number: first + i,
    n: Math.floor((first + i) / 2),
    source: (first + i) % 2 === 0 ? "a" : "b/c",
    kind: "k8s.audit",
    words: [],
    receivedAt: AT + i,
    body: toBytes(`{"n":${first + i}}`),
  }))
  const { hashes } = sealRecords(records, seed)
  const block = {
    origin: "o",
    number: first,
    first,
    count,
    root: treeRoot(hashes),
    sealedAt: AT,
    previous: NO_BLOCK,
  }
  const rows = records.map((record, i): Reread => {
    const hash = hashes[i] ?? new Uint8Array(2)
    return {
      ...record,
      content: { kind: "kept", seed, body: record.body },
      hint: (hash[0] ?? 0) * 256 + (hash[1] ?? 0),
    }
  })
  return { block, rows }
}

function check(change: (rows: Reread[]) => Reread[]): string[] {
  const blocks = [sealed(10, 4), sealed(14, 1), sealed(15, 5)]
  const recheck = new Recheck(
    blocks.map(({ block }) => block),
    PATH,
  )
  for (const row of change(blocks.flatMap(({ rows }) => rows))) recheck.add(row)
  return recheck.finish().damages.map(({ cause, first, last }) => `${cause} ${first}-${last}`)
}

const at = (number: number, change: (row: Reread) => Partial<Reread>) => (rows: Reread[]) =>
  rows.map((row) => (row.number === number ? { ...row, ...change(row) } : row))
const withBody = (text: string) => (row: Reread) => ({
  content: row.content.kind === "kept" ? { ...row.content, body: toBytes(text) } : row.content,
})

const rows: readonly [why: string, change: (rows: Reread[]) => Reread[], answer: readonly string[]][] = [
  ["nothing", (rows) => rows, []],
  ["the order, as compaction sorts it", (rows) => rows.toReversed(), []],
  ["a body", at(12, withBody("{}")), ["changed 12-12"]],
  ["a source", at(14, () => ({ source: "a/b" })), ["changed 14-14"]],
  ["a time", at(10, () => ({ receivedAt: AT + 99 })), ["changed 10-10"]],
  ["a count", at(19, () => ({ n: 7 })), ["changed 19-19"]],
  ["words", at(19, () => ({ words: [["imported", "x"]] })), ["changed 19-19"]],
  ["a body and its hint", at(12, (row) => ({ ...withBody("{}")(row), hint: 1 })), ["changed 12-12"]],
  [
    "a seed",
    at(14, (row) => ({ content: { ...row.content, seed: new Uint8Array(3) } as Reread["content"] })),
    ["changed 14-14"],
  ],
  ["a record gone", (rows) => rows.filter(({ number }) => number !== 17), ["missing 17-17"]],
  ["a block gone", (rows) => rows.filter(({ number }) => number < 15), ["missing 15-19"]],
  ["a record twice", (rows) => [...rows, ...rows.slice(0, 1)], ["inserted 10-10"]],
  [
    "a record from elsewhere",
    (rows) => [...rows, ...rows.slice(0, 1).map((row) => ({ ...row, number: 3 }))],
    ["inserted 3-3"],
  ],
]
for (const [why, change, answer] of rows) {
  test(`recheck tells exactly what was changed: ${why}`, () => assert.deepEqual(check(change), answer))
}

test("without hints a changed record convicts its block", () => {
  const plain = (rows: Reread[]): Reread[] => rows.map(({ hint: _, ...row }) => row)
  assert.deepEqual(
    check((rows) => plain(at(12, withBody("{}"))(rows))),
    ["changed 10-13"],
  )
})

test("an erased body leaves what its digest says, and the block stays whole", () => {
  const erase = (rows: Reread[]): Reread[] =>
    rows.map((row) => {
      if (row.content.kind !== "kept") return row
      const salt = saltAt(
        blockSalts(row.content.seed, 5),
        row.number === 14 ? 0 : row.number - (row.number < 14 ? 10 : 15),
      )
      const { body } = row.content
      return { ...row, content: { kind: "erased", size: body.length, digest: recordDigest({ salt, body }) } }
    })
  assert.deepEqual(check(erase), [])
})

test("runs count each source without a gap", () => {
  const { block, rows } = sealed(10, 4)
  const recheck = new Recheck([block], PATH)
  for (const row of rows) recheck.add(row)
  assert.deepEqual(recheck.finish().runs, [
    { source: "a", firstN: 5, count: 2, first: 10 },
    { source: "b/c", firstN: 5, count: 2, first: 11 },
  ])
})
