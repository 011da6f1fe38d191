import assert from "node:assert/strict"
import { test } from "node:test"
import { bisect } from "./bisect.ts"

test("bisect: how many stand before, for every count and every place, with few questions", () => {
  for (let count = 0; count <= 40; count++) {
    for (let before = 0; before <= count; before++) {
      const asked: number[] = []
      const found = bisect(count, (index) => asked.push(index) > 0 && index < before)
      assert.equal(found, before)
      assert.ok(asked.every((index) => index >= 0 && index < count))
      assert.ok(asked.length <= Math.ceil(Math.log2(count + 1)))
    }
  }
})
