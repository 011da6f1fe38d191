import assert from "node:assert/strict"
import { test } from "node:test"
import { type LastTime, stepClock } from "./clock-step.ts"

const S = 1_000_000
const last: LastTime = { wall: 100 * S, steady: 50 * S, given: 100 * S }
const away: LastTime = { ...last, steady: undefined }

const rows: [
  why: string,
  last: LastTime | undefined,
  wall: number,
  steady: number,
  at: number,
  jump?: number,
][] = [
  ["the first record of a ledger", undefined, 5, 9, 5],
  ["both clocks went on", last, 103 * S, 53 * S, 103 * S],
  ["a second back is clamped", last, 99 * S, 50 * S, 100 * S],
  ["two seconds back are clamped", last, 98 * S, 50 * S, 100 * S],
  ["more than two seconds back are taken and told", last, 98 * S - 1, 50 * S, 98 * S - 1, -2 * S - 1],
  ["two seconds forward are no jump", last, 102 * S, 50 * S, 102 * S],
  ["more than two seconds forward are taken and told", last, 105 * S, 51 * S, 105 * S, 4 * S],
  ["back by ten while twenty passed is a jump too", last, 110 * S, 70 * S, 110 * S, -10 * S],
  ["after a restart, having been away is no jump", away, 900 * S, 1, 900 * S],
  ["after a restart, a second back is clamped", away, 99 * S, 1, 100 * S],
  ["after a restart, the past is taken and told", away, 10 * S, 1, 10 * S, -90 * S],
]
for (const [why, before, wall, steady, at, jumpMicros] of rows) {
  test(`stepClock: ${why}`, () => assert.deepEqual(stepClock(before, { wall, steady }), { at, jumpMicros }))
}
