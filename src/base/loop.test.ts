import assert from "node:assert/strict"
import { test } from "node:test"
import { aborted, type Bell, every, pause, ring, together } from "./loop.ts"

test("pause ends at once when it is told to stop", async () => {
  const stop = new AbortController()
  const waiting = pause(3_600_000, stop.signal)
  stop.abort()
  await waiting
  await pause(3_600_000, stop.signal)
})

test("pause ends when its bell rings; a ring that nobody waits for is forgotten", async () => {
  const stop = new AbortController()
  const bell: Bell = new EventTarget()
  ring(bell)
  const waiting = pause(3_600_000, stop.signal, bell)
  assert.equal(await Promise.race([waiting.then(() => "ended"), Promise.resolve("waits")]), "waits")
  ring(bell)
  await waiting
})

test("every runs sooner when its bell rings", async () => {
  const stop = new AbortController()
  const bell: Bell = new EventTarget()
  let runs = 0
  const act = async (): Promise<void> => {
    if (++runs === 3) stop.abort()
    setImmediate(() => ring(bell))
  }
  await every(3_600_000, stop.signal, act, bell)
  assert.equal(runs, 3)
})

test("every never runs two at once, and ends after the run in which it was stopped", async () => {
  const stop = new AbortController()
  let running = 0
  let runs = 0
  await every(0, stop.signal, async () => {
    assert.equal(++running, 1)
    await Promise.resolve()
    running--
    if (++runs === 5) stop.abort()
  })
  assert.equal(runs, 5)
})

test("every rejects with the error of its act", async () => {
  const stop = new AbortController()
  await assert.rejects(
    every(0, stop.signal, async () => {
      throw new Error("no")
    }),
    /no/,
  )
})

test("together stops the others when one fails, waits for them, and rejects with the first failure", async () => {
  let ended = false
  const failing = together(new AbortController().signal, (stop) => [
    Promise.reject(new Error("first")),
    aborted(stop).then(() => {
      ended = true
    }),
  ])
  await assert.rejects(failing, /first/)
  assert.ok(ended)
})
