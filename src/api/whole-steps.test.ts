import assert from "node:assert/strict"
import { test } from "node:test"
import { stepOf, wholeSteps } from "./whole-steps.ts"

const MINUTE = 60_000_000
const asked = { text: "x", now: 0, rowsMax: 1, timeoutMs: 1 }

const widened: [why: string, bounds: object, offset: number, expected: object][] = [
  [
    "bounds between steps stay",
    { start: MINUTE, end: 3 * MINUTE - 1 },
    0,
    { start: MINUTE, end: 3 * MINUTE - 1 },
  ],
  ["the middle of a step", { start: MINUTE + 1, end: 2 * MINUTE }, 0, { start: MINUTE, end: 3 * MINUTE - 1 }],
  [
    "bounds that are moved back",
    { start: MINUTE, end: MINUTE },
    20_000_000,
    { start: 40_000_000, end: MINUTE + 39_999_999 },
  ],
  ["moved forward", { start: 0 }, -20_000_000, { start: -40_000_000 }],
  ["no bounds", {}, 0, {}],
]
for (const [why, bounds, offset, expected] of widened) {
  test(`wholeSteps: ${why}`, () =>
    assert.deepEqual(wholeSteps({ ...asked, ...bounds }, { step: MINUTE, offset }), {
      ...asked,
      ...expected,
    }))
}

test("stepOf: before the epoch too", () => assert.equal(stepOf(-1, { step: MINUTE, offset: 0 }), -MINUTE))
