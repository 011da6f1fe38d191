import assert from "node:assert/strict"
import { test } from "node:test"
import { testRelation } from "../../test/support/query-relation.ts"
import { parseQuantity, quantitySql } from "./quantity.ts"
import { sql, textsSql, trusted } from "./sql.ts"

const { read } = testRelation()
const SECOND = Date.UTC(2026, 0, 2, 3, 4, 5) * 1e6

const values: readonly (readonly [why: string, text: string, number: number])[] = [
  ["a number", "-1.5", -1.5],
  ["a size", "1.5KiB", 1536],
  ["a duration, in nanoseconds", "1h5s", 3605e9],
  ["an address", "0.0.1.2", 258],
  ["a time", "2026-01-02T03:04:05Z", SECOND],
  ["a time with nine digits, of which a double has six", "2026-01-02T03:04:05.123456789Z", SECOND + 123456e3],
  ["a time in another zone", "2026-01-02T04:34:05+01:30", SECOND],
  ["a zone without a colon", "2026-01-01T22:04:05.5-0500", SECOND + 5e8],
  ["a time without a zone is of UTC", "2026-01-02T03:04:05", SECOND],
  ["a space before the hour", "2026-01-02 03:04:05.25", SECOND + 25e7],
  ["a comma before the fraction is no number", "2026-01-02T03:04:05,5Z", Number.NaN],
  ["a day that is not", "2026-02-30T03:04:05Z", Number.NaN],
  ["an hour that is not", "2026-01-02T24:00:00Z", Number.NaN],
  ["digits that a double has not, before 1970", "1969-12-31T23:59:59.9999995Z", -1000],
  [
    "a time before what nanoseconds of 64 bits reach, which Go writes where it has none",
    "0001-01-01T00:00:00Z",
    Number.NaN,
  ],
  ["a time behind it, which others write for never", "9999-12-31T23:59:59Z", Number.NaN],
  ["a day alone", "2026-01-02", Number.NaN],
  ["a time without seconds", "2026-01-02T03:04Z", Number.NaN],
  ["a word", "abc", Number.NaN],
]

for (const [why, text, number] of values) {
  test(`the quantity of ${JSON.stringify(text)}: ${why}`, () => assert.equal(parseQuantity(text), number))
}

test("quantities are the same in SQL", async () => {
  const texts = values.map(([, text]) => text)
  const quantity = quantitySql(trusted("item"))
  const rows = await read(
    sql`SELECT CAST(${quantity} AS VARCHAR) FROM (SELECT unnest(${textsSql(texts)}) AS item)`,
  )
  assert.deepEqual(
    rows.map(([number]) => (number == null ? Number.NaN : Number(number))),
    values.map(([, , number]) => number),
  )
})
