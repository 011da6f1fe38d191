import assert from "node:assert/strict"
import test from "node:test"
import { compareNatural, compareValues } from "./order.ts"

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
  ["times of every zone", ["2026-01-02T03:04:05", "2026-01-02T04:04:05.25+01:00", "2026-01-02T03:04:05.5Z"]],
  ["what begins with a digit first", ["1x", "10x", " 1", "-1x", "-10x", "_", "a"]],
  ["numbers in texts by size, then by their zeros", ["a1b", "a1c", "a01b", "a2"]],
]

for (const [why, ordered] of ROWS) {
  test(`order: ${why}`, () => {
    assert.deepEqual([...ordered].reverse().sort(compareNatural), ordered)
  })
}

test("order: values that stand for the same are equal as values, and have an order as texts", () => {
  for (const [a, b] of [
    ["1", "1.0"],
    ["1KB", "1000"],
    ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00"],
    ["2026-01-02 03:04:05", "2026-01-01T22:04:05.0-0500"],
    ["inf", "+Inf"],
  ] as const) {
    assert.equal(compareValues(a, b), 0)
    assert.notEqual(compareNatural(a, b), 0)
  }
})
