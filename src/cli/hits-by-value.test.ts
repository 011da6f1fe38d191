import assert from "node:assert/strict"
import { test } from "node:test"
import { testWorld } from "../../test/support/world.ts"
import { hitsByValue } from "./hits-by-value.ts"
import { sparkline } from "./histogram.ts"

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 18, minute)).toISOString()
const row = (user: string, minute: number, hits: number) => ({
  ...{ _time: at(minute), "user.username": user, hits: String(hits) },
})
const step = { text: "1m", micros: 60_000_000 }
const lines = (rows: Parameters<typeof hitsByValue>[0], limit = 10): readonly string[] =>
  hitsByValue(
    rows,
    { step, fields: ["user.username"], limit, counted: "requests" },
    testWorld({ cwd: "." }),
  ).split("\n")

test("a line for each value, the most frequent first, all over the same steps", () => {
  const [, first, second, sum] = lines([
    row("bob", 0, 1),
    row("alice", 1, 8),
    row("alice", 3, 4),
    row("bob", 3, 1),
  ])
  assert.match(first ?? "", /^ +12 {3}# = {2}alice$/)
  assert.match(second ?? "", /^ +2 {2}\. {2}\. {2}bob$/)
  assert.match(
    sum ?? "",
    /2 values; 14 requests in all; 2026-11-20 18:00:00 to 2026-11-20 18:03:00, 1m a sign/,
  )
})

test("values that are not shown are in the sum", () => {
  const [, first, sum] = lines([row("bob", 0, 1), row("alice", 0, 2)], 1)
  assert.match(first ?? "", /alice/)
  assert.match(sum ?? "", /^1 of 2 values; 3 requests in all/)
})

test("more steps than fit a line are drawn together, and none is lost", () => {
  const all = Array.from({ length: 150 }, (_, minute) => row("alice", minute % 60, 1)).concat([
    { ...row("alice", 0, 5), _time: "2026-11-20T20:29:00.000000Z" },
  ])
  const [, first, sum] = lines(all)
  assert.match(first ?? "", /^ +155 /)
  assert.match(sum ?? "", /3 times 1m a sign/)
})

test("what is not zero is seen, and the most is the highest", () => {
  assert.equal(sparkline([0, 1, 500, 1000], 1000, true), " ▁▄█")
  assert.equal(sparkline([0, 1, 500, 1000], 1000, false), " .=#")
})
