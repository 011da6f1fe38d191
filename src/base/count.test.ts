import assert from "node:assert/strict"
import { test } from "node:test"
import { countIn, isCount } from "./count.ts"

test("what counts: integers from 0 up to 2^53 - 1", () => {
  for (const value of [0, 1, 2 ** 53 - 1]) assert.ok(isCount(value))
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN, "1", 1n, undefined]) assert.ok(!isCount(value))
})

const texts: [text: string, count: number | undefined][] = [
  ["0", 0],
  ["4711", 4711],
  ["9007199254740991", 2 ** 53 - 1],
  ["9007199254740992", undefined],
  ["9999999999999999", undefined],
  ["007", undefined],
  ["-0", undefined],
  ["1e3", undefined],
  ["1 ", undefined],
  ["", undefined],
]
for (const [text, count] of texts) {
  test(`countIn ${JSON.stringify(text)}: ${count}`, () => assert.equal(countIn(text), count))
}
