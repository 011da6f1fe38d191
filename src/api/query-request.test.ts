import assert from "node:assert/strict"
import { test } from "node:test"
import { parseMicros } from "../base/time.ts"
import { parsePaging, parseQueryRequest } from "./query-request.ts"

const NOW = parseMicros("2026-01-02T03:04:05.000006Z")
const bounds = { now: NOW, rowsMax: 1000, timeoutMs: 30_000 }
const base = { text: "x", ...bounds, clock: NOW }

const read: [why: string, given: Record<string, string>, expected: object][] = [
  ["only a query", {}, {}],
  [
    "a date is its beginning, and the end does not count; now is the end",
    { start: "2026-01-01", end: "2026-01-02" },
    {
      now: parseMicros("2026-01-02T00:00:00.000000Z"),
      start: parseMicros("2026-01-01T00:00:00.000000Z"),
      end: parseMicros("2026-01-01T23:59:59.999999Z"),
    },
  ],
  [
    "now is the time that is given, though a start so long ago counts from the clock",
    { time: "2026-01-01", start: "5m", end: "now" },
    { now: parseMicros("2026-01-01T00:00:00.000000Z"), start: NOW - 300_000_000, end: NOW - 1 },
  ],
  ["Unix seconds", { start: "1767323045" }, { start: 1_767_323_045_000_000 }],
  [
    "Unix milliseconds, as Grafana sends them",
    { end: "1767323045123" },
    { now: 1_767_323_045_123_000, end: 1_767_323_045_122_999 },
  ],
  ["Unix seconds with a fraction", { start: "1767323045.5" }, { start: 1_767_323_045_500_000 }],
  ["so long ago", { start: "5m" }, { start: NOW - 300_000_000 }],
  ["so long ago with a sign", { start: "-5m", end: "now" }, { start: NOW - 300_000_000, end: NOW - 1 }],
  ["a shorter timeout", { timeout: "5s" }, { timeoutMs: 5000 }],
  ["a timeout in seconds", { timeout: "1.5" }, { timeoutMs: 1500 }],
  ["a timeout of nothing is none of one's own, as VictoriaLogs has it", { timeout: "0s" }, {}],
  ["a second after the epoch, for 'since ever'", { start: "1" }, { start: 1_000_000 }],
  ["four digits are a year", { start: "2026" }, { start: parseMicros("2026-01-01T00:00:00.000000Z") }],
  ["the filter alone", { ignore_pipes: "1" }, { ignorePipes: true }],
  ["all of the query", { ignore_pipes: "0", allow_partial_response: "false" }, {}],
  ["no longer timeout than is allowed", { timeout: "1h" }, {}],
  ["empty arguments, as forms send them", { start: "", end: "", limit: "", extra_filters: "" }, {}],
  ["another language", { compat: "logql" }, { compat: "logql" }],
  [
    "nanoseconds: between two microseconds",
    { start: "1767323045000000001" },
    { start: 1_767_323_045_000_001 },
  ],
  ["nanoseconds of a whole microsecond", { start: "2026-01-02T03:04:05.000006000Z" }, { start: NOW }],
  [
    "filters as dashboards write them",
    {
      extra_filters: '{"verb":"delete","user.username":["a","b\\"c"]}',
      extra_stream_filters: '{"cluster":"p"}',
    },
    { filters: ['verb:in("delete") user.username:in("a","b\\"c")', '{cluster="p"}'] },
  ],
  [
    "filters in LogsQL",
    { extra_filters: "verb:get or verb:list", extra_stream_filters: '{cluster="p"}' },
    { filters: ["verb:get or verb:list", '{cluster="p"}'] },
  ],
  ["what dashboards add", { step: "1d", _cache_buster: "1" }, {}],
]
for (const [why, given, expected] of read) {
  test(`parseQueryRequest: ${why}`, () => {
    assert.deepEqual(parseQueryRequest(new URLSearchParams({ query: "x", ...given }), bounds), {
      ...base,
      ...expected,
    })
  })
}

const refused: [why: string, given: Record<string, string>, argument: string][] = [
  ["no query", { query: "" }, "query"],
  ["fields to hide that would be shown", { hidden_fields_filters: "a*" }, "hidden_fields_filters"],
  ["a time that is none", { start: "yesterday" }, "start"],
  ["a timeout that is none", { timeout: "soon" }, "timeout"],
  ["a timeout before the beginning", { timeout: "-5s" }, "timeout"],
  ["a switch that may mean either", { ignore_pipes: "maybe" }, "ignore_pipes"],
  ["a switch of others that may mean either", { allow_partial_response: "x" }, "allow_partial_response"],
  ["JSON that is none", { extra_filters: '{"cluster' }, "extra_filters"],
  ["JSON with a number", { extra_filters: '{"responseStatus.code":403}' }, "extra_filters"],
]
for (const [why, given, argument] of refused) {
  test(`parseQueryRequest refuses ${why}`, () => {
    const expected = { code: "http.parameters", facts: { argument } }
    assert.throws(() => parseQueryRequest(new URLSearchParams({ query: "x", ...given }), bounds), expected)
  })
}

test("parsePaging: limit 0 is no limit, as in VictoriaLogs", () => {
  assert.deepEqual(parsePaging(new URLSearchParams({ limit: "10", offset: "5" })), { limit: 10, offset: 5 })
  assert.deepEqual(parsePaging(new URLSearchParams({ limit: "0" })), {})
  for (const limit of ["-1", "1.5", "9".repeat(20)]) {
    assert.throws(() => parsePaging(new URLSearchParams({ limit })), { code: "http.parameters" })
  }
})
