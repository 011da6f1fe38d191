import assert from "node:assert/strict"
import { test } from "node:test"
import { parseCollectorTime } from "./moment.ts"

const SECOND = 1_767_323_045
const MICROS = SECOND * 1_000_000

const rows: readonly (readonly [why: string, value: unknown, micros: number | undefined])[] = [
  ["RFC 3339", "2026-01-02T03:04:05Z", MICROS],
  ["Fluent Bit's iso8601", "2026-01-02T03:04:05.123456Z", MICROS + 123_456],
  ["nanoseconds are cut off, not rounded", "2026-01-02T03:04:05.123456999Z", MICROS + 123_456],
  ["an offset", "2026-01-02T05:04:05.5+02:00", MICROS + 500_000],
  ["an offset without a colon", "2026-01-02T05:04:05+0200", MICROS],
  ["Fluent Bit's java_sql_timestamp, which is UTC", "2026-01-02 03:04:05.123", MICROS + 123_000],
  ["a comma before the fraction (Log4j)", "2026-01-02 03:04:05,5", MICROS + 500_000],
  ["Fluent Bit's double", 1_767_323_045.123456, MICROS + 123_456],
  ["epoch", SECOND, MICROS],
  ["epoch_ms", SECOND * 1000 + 7, MICROS + 7_000],
  ["microseconds", MICROS + 7, MICROS + 7],
  ["nanoseconds as Loki writes them", `${SECOND}000000007`, MICROS],
  ["nanoseconds with a microsecond", `${SECOND}000007000`, MICROS + 7],
  ["seconds as text", String(SECOND), MICROS],
  ["zero is no time", 0, undefined],
  ["a dash is no time", "-", undefined],
  ["a day that does not exist", "2026-02-30T00:00:00Z", undefined],
  ["an hour that does not exist", "2026-02-03T25:00:00Z", undefined],
  ["before 1970", "1969-12-31T23:59:59Z", undefined],
  ["Go's word for no time", "0001-01-01T00:00:00Z", undefined],
  ["beyond 2254", "2255-01-01T00:00:00Z", undefined],
  ["minus a second", -1, undefined],
  ["not a number", Number.NaN, undefined],
  ["words", "yesterday", undefined],
  ["a list", [SECOND], undefined],
]
for (const [why, value, micros] of rows) {
  test(`parseCollectorTime: ${why}`, () => assert.equal(parseCollectorTime(value), micros))
}
