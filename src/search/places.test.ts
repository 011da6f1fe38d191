import assert from "node:assert/strict"
import { test } from "node:test"
import { Places } from "./places.ts"

const never = new AbortController().signal

test("small queries find a place beside any number of large ones", async () => {
  const places = new Places({ queriesMax: 2, waitingMax: 10 })
  const first = await places.enter(never)
  await first.grow(never)
  const others = [await places.enter(never), await places.enter(never)]
  const growing = others.map((other) => other.grow(never)) // both wait for the only large place
  const small = [await places.enter(never), await places.enter(never)]
  for (const place of small) place.leave()
  const order: number[] = []
  growing.forEach((grown, i) => {
    grown.then(() => order.push(i))
  })
  first.leave()
  await growing[0]
  assert.deepEqual(order, [0], "in their order, one at a time")
  others[0]?.leave()
  await growing[1]
  await others[1]?.grow(never) // there already
  others[1]?.leave()
})

test("those that wait for a place of either size are counted together", async () => {
  const places = new Places({ queriesMax: 1, waitingMax: 2 })
  const [stopped, impatient] = [new AbortController(), new AbortController()]
  const large = await places.enter(never)
  await large.grow(never)
  const second = await places.enter(never)
  const growing = second.grow(impatient.signal)
  await places.enter(never)
  const waiting = places.enter(stopped.signal)
  await assert.rejects(places.enter(never), { code: "search.busy" })
  stopped.abort()
  await assert.rejects(waiting, { code: "store.interrupted" })
  const next = places.enter(never)
  await assert.rejects(places.enter(never), { code: "search.busy" })
  impatient.abort()
  await assert.rejects(growing, { code: "store.interrupted" })
  second.leave() // nothing is held twice
  large.leave()
  const [third, rest] = [places.enter(never), places.enter(AbortSignal.abort())]
  await assert.rejects(rest)
  assert.equal(await Promise.race([next, third, Promise.resolve("waiting")]), "waiting")
})
