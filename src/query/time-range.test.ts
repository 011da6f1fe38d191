import assert from "node:assert/strict"
import { test } from "node:test"
import { parseQuery } from "./parse.ts"
import { timeRangeOf } from "./time-range.ts"

const NOON = Date.UTC(2026, 10, 20, 12) * 1000
const HOUR = 3_600_000_000
const OPEN = ["1677-09-21T00:12:43.145224192Z", "2262-04-11T23:47:16.854775807Z"] as const
const bounds = { start: NOON - 3 * HOUR, end: NOON }

const ranges: [query: string, bounds: Partial<typeof bounds>, start: string, end: string, own: boolean][] = [
  ["a", {}, ...OPEN, false],
  ["a", bounds, "2026-11-20T09:00:00Z", "2026-11-20T12:00:00Z", false],
  ["_time:1h a", {}, "2026-11-20T11:00:00Z", "2026-11-20T11:59:59.999999999Z", true],
  ["_time:1h a", bounds, "2026-11-20T11:00:00Z", "2026-11-20T11:59:59.999999999Z", true],
  ["_time:5h a", bounds, "2026-11-20T09:00:00Z", "2026-11-20T11:59:59.999999999Z", true],
  ["_time:[2026-01-01, 2026-01-03)", {}, "2026-01-01T00:00:00Z", "2026-01-02T23:59:59.999999999Z", true],
  ["a _time:>=2026-01-01 | fields b", {}, "2026-01-01T00:00:00Z", OPEN[1], true],
  ["_time:1h or a", {}, ...OPEN, false],
  ["!_time:1h", {}, ...OPEN, false],
  ["_time:day_range[08:00, 10:00]", {}, ...OPEN, false],
  ["a:in(_time:1h | fields b)", {}, ...OPEN, false],
]
for (const [query, given, start, end, hasTimeFilter] of ranges) {
  test(`from when to when: ${query}, bounds ${Object.keys(given).join(" and ") || "none"}`, () =>
    assert.deepEqual(timeRangeOf(parseQuery(query), { now: NOON, ...given }), { start, end, hasTimeFilter }))
}
