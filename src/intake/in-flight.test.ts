import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { InFlight } from "./in-flight.ts"

const shares: [why: string, percentMax: number, senders: number, each: number][] = [
  ["one sender alone gets half", 50, 1, 500],
  ["two get a third each", 50, 2, 333],
  ["nine get a tenth each", 50, 9, 100],
  ["a larger share for one leaves less for the next", 80, 1, 800],
  ["all of it, when asked for", 100, 1, 1000],
]
for (const [why, percentMax, senders, each] of shares) {
  test(`InFlight: ${why}`, () => {
    const inFlight = new InFlight(1000, percentMax)
    const held = new Map<number, number>()
    // Byte by byte in turns, until nobody gets any more.
    for (let granted = true; granted; ) {
      granted = false
      for (let sender = 0; sender < senders; sender++) {
        if (!inFlight.take(String(sender), 1)) continue
        held.set(sender, (held.get(sender) ?? 0) + 1)
        granted = true
      }
    }
    for (const bytes of held.values()) assert.ok(Math.abs(bytes - each) <= 1, `${bytes} instead of ${each}`)
  })
}

test("InFlight: whatever loud ones hold, a quiet one finds as much as is free", () => {
  const inFlight = new InFlight(1000)
  while (inFlight.take("loud", 10));
  assert.equal(inFlight.used, 500)
  assert.equal(inFlight.take("loud", 1), false)
  assert.equal(inFlight.take("quiet", 250), true)
  // The loud one is over its new share: it gets nothing until it falls below it.
  inFlight.give("loud", 200)
  assert.equal(inFlight.take("loud", 80), false)
  assert.equal(inFlight.take("loud", 50), true)
})

test("InFlight never holds more than it may, and gives everything back", () => {
  const act = fc.record({ sender: fc.constantFrom("a", "b", "c"), bytes: fc.integer({ min: 0, max: 400 }) })
  fc.assert(
    fc.property(fc.array(act), (acts) => {
      const inFlight = new InFlight(1000)
      const taken = acts.filter(({ sender, bytes }) => {
        const took = inFlight.take(sender, bytes)
        assert.ok(inFlight.used <= 1000)
        return took
      })
      for (const { sender, bytes } of taken) inFlight.give(sender, bytes)
      assert.equal(inFlight.used, 0)
    }),
  )
})

test("Hold grows in steps, but a small rest of the budget is still given out", () => {
  const inFlight = new InFlight(3_000_000)
  const hold = inFlight.open("a")
  assert.equal(hold.cover(10), true)
  assert.equal(inFlight.used, 10)
  assert.equal(hold.cover(11), true)
  assert.equal(inFlight.used, 10 + 1024 * 1024)
  assert.equal(hold.cover(1_400_000), true)
  assert.equal(hold.cover(1_600_000), false)
  hold.release()
  hold.release()
  assert.equal(inFlight.used, 0)
})
