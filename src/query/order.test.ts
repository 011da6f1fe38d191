import assert from "node:assert/strict"
import test from "node:test"
import { compareNatural } from "./order.ts"

const ROWS: readonly (readonly [why: string, ordered: readonly string[]])[] = [
  ["numbers by size", ["-1", "0.5", "2", "10"]],
  ["texts naturally", ["node-2", "node-10", "node-10a"]],
  [
    "times by when, though zeros at the end of a fraction are not written",
    [
      "2026-11-20T18:24:26Z",
      "2026-11-20T18:24:26.000000001Z",
      "2026-11-20T18:24:26.229953Z",
      "2026-11-20T18:24:26.24305Z",
      "2026-11-20T18:24:26.243568Z",
      "2026-11-20T18:24:26.5Z",
      "2026-11-20T18:24:27Z",
    ],
  ],
]

for (const [why, ordered] of ROWS) {
  test(`order: ${why}`, () => {
    assert.deepEqual([...ordered].reverse().sort(compareNatural), ordered)
  })
}
