import assert from "node:assert/strict"
import { test } from "node:test"
import { watchMemory } from "./watch-memory.ts"

test("a process over the limit is told once, and its watch ends", async () => {
  const told: number[] = []
  await watchMemory(process.pid, 1, (bytes) => told.push(bytes), new AbortController().signal)
  assert.equal(told.length, 1)
  assert.ok((told[0] ?? 0) > 1_000_000)
})

test("a process below it is watched until stop, one that is gone not at all", async () => {
  const stop = new AbortController()
  const watching = watchMemory(
    process.pid,
    Number.MAX_SAFE_INTEGER,
    () => assert.fail("not over"),
    stop.signal,
  )
  stop.abort()
  await watching
  await watchMemory(2 ** 30, 1, () => assert.fail("nobody there"), new AbortController().signal)
})
