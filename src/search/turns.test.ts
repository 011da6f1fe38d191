import assert from "node:assert/strict"
import { test } from "node:test"
import { Turns } from "./turns.ts"

const never = new AbortController().signal

/** What has happened so far, in order; every promise that could go on has. */
async function settled(log: readonly string[]): Promise<readonly string[]> {
  await new Promise((resolve) => setImmediate(resolve))
  return [...log]
}

function open() {
  const turns = new Turns(() => 1)
  const log: string[] = []
  const large = (name: string, stop = never) =>
    turns.enter(stop).then((leave) => {
      log.push(name)
      return leave
    })
  return { turns, log, large }
}

test("a large statement begins when no small question is being answered", async (context) => {
  const { turns, log, large } = open()
  context.mock.timers.enable({ apis: ["setTimeout"] }) // nobody's patience ends
  const [one, two] = [turns.small(), turns.small()]
  const first = large("first")
  const second = large("second")
  one()
  one() // ends once
  assert.deepEqual(await settled(log), [])
  two()
  const leave = await first
  assert.deepEqual(await settled(log), ["first"])
  const third = turns.small()
  leave()
  assert.deepEqual(await settled(log), ["first"])
  third()
  ;(await second)()
  ;(await large("alone"))()
  assert.deepEqual(log, ["first", "second", "alone"])
})

test("however many small questions there are, each large statement waits a bounded time", async (context) => {
  const { turns, log, large } = open()
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const names = ["first", "second", "third"]
  turns.small() // never ends
  const done = names.map(async (name) => (await large(name))())
  for (let i = 0; i < names.length; i++) {
    assert.deepEqual(await settled(log), names.slice(0, i))
    context.mock.timers.tick(200)
  }
  await Promise.all(done)
  assert.deepEqual(log, names)
})

test("who is stopped while it lets others go first is not held up, and gives its turn back", async () => {
  const { turns, large } = open()
  const end = turns.small()
  const stop = new AbortController()
  const stopped = large("stopped", stop.signal)
  await settled([])
  stop.abort()
  ;(await stopped)()
  assert.equal(turns.hasRoom, true)
  end()
})
