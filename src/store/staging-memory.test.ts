import assert from "node:assert/strict"
import { test } from "node:test"
import { FILE_BUFFERS, WINDOW_BYTES, WINDOWS } from "./staging-memory.ts"

test("What is given back is taken again, whatever part of it is asked for", () => {
  const window = WINDOWS.take(WINDOW_BYTES)
  WINDOWS.give(window)
  const again = WINDOWS.take(100)
  assert.equal(again.buffer, window.buffer)
  assert.equal(again.length, 100)
  WINDOWS.give(again)
  assert.equal(WINDOWS.take(WINDOW_BYTES).buffer, window.buffer)
})

test("Nobody gets memory that another holds", () => {
  const [one, other] = [WINDOWS.take(1), WINDOWS.take(1)]
  assert.notEqual(one.buffer, other.buffer)
})

test("A group larger than a window has memory of its own, which is not kept", () => {
  const large = WINDOWS.take(WINDOW_BYTES + 1)
  assert.equal(large.length, WINDOW_BYTES + 1)
  WINDOWS.give(large)
  assert.notEqual(WINDOWS.take(WINDOW_BYTES).buffer, large.buffer)
})

test("Of many that are given back, no more are kept than stagings need", () => {
  const many = Array.from({ length: 4 }, () => FILE_BUFFERS.take(1))
  for (const buffer of many) FILE_BUFFERS.give(buffer)
  const again = new Set(Array.from({ length: 4 }, () => FILE_BUFFERS.take(1).buffer))
  assert.equal(many.filter(({ buffer }) => again.has(buffer)).length, 2)
})
