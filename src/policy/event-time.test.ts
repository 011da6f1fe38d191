import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { formatMicros } from "../base/time.ts"
import { microsIn, timeText } from "./event-time.ts"

const read = (text: string) => {
  const bytes = new TextEncoder().encode(`{"t":${JSON.stringify(text)}}`)
  return microsIn(bytes, 5, bytes.length - 1)
}

const times: readonly [why: string, text: string, canonical: string][] = [
  ["as an API server writes it", "2026-11-20T18:24:18.139716Z", "2026-11-20T18:24:18.139716Z"],
  ["no fraction", "2026-11-20T18:24:18Z", "2026-11-20T18:24:18.000000Z"],
  ["three digits", "2026-11-20T18:24:18.139Z", "2026-11-20T18:24:18.139000Z"],
  ["nine digits, of which six count", "2026-11-20T18:24:18.139716999Z", "2026-11-20T18:24:18.139716Z"],
  ["an offset", "2026-11-20T18:24:18+01:30", "2026-11-20T16:54:18.000000Z"],
  ["a leap day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"],
]
for (const [why, text, canonical] of times) {
  test(`time of an event: ${why}`, () => assert.equal(timeText(read(text)), canonical))
}

const none = [
  ...["", "x", "2026-11-20", "2026-11-20T18:24:18", "2026-11-20 18:24:18Z", "2026-13-20T18:24:18Z"],
  ...["2026-02-29T18:24:18Z", "2026-11-20T24:00:00Z", "2026-11-20T18:60:18Z", "2026-11-20T18:24:61Z"],
  ...["2026-11-20T18:24:18.Zx", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "2026-1x-20T18:24:18Z"],
]
for (const text of none)
  test(`no time: ${JSON.stringify(text)}`, () => assert.equal(timeText(read(text)), ""))

test("property: every time of a ledger is read as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2255, 0, 1) * 1000 - 1 }), (at) =>
      assert.equal(read(formatMicros(at)), at),
    ),
  )
})
