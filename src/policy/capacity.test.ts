import assert from "node:assert/strict"
import { test } from "node:test"
import { capacityOf } from "./capacity.ts"

test("500 events a second of 2 KB, a tenth of it kept for 90 days", () => {
  const traffic = { events: 500 * 60, bytes: 500 * 60 * 2000 }
  const tiers = [{ name: "cold", usdPerGbMonth: 0.5, days: 90 }]
  const { bytesPerDay, bytesPerMonth, tiers: held } = capacityOf(traffic, 60, { tiers, ratio: 10 })
  assert.deepEqual([bytesPerDay, bytesPerMonth], [86.4e9, 2592e9])
  assert.deepEqual(held, [{ name: "cold", days: 90, bytesHeld: 777.6e9, usdPerMonth: 388.8 }])
})

test("traffic without a span is nothing a day, not infinite", () => {
  const { bytesPerDay } = capacityOf({ events: 1, bytes: 1000 }, 0, { tiers: [], ratio: 1 })
  assert.equal(bytesPerDay, 0)
})
