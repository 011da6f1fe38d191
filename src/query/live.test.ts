import assert from "node:assert/strict"
import { test } from "node:test"
import { canLiveTail, parseQuery } from "./index.ts"

const queries: [text: string, can: boolean, why: string][] = [
  ["verb:delete", true, "each row is its own answer"],
  ["verb:delete | fields verb | filter verb:*", true, "so it is when it is changed or dropped"],
  ["* | stats count() n", false, "a count is known when all rows have come"],
  ["* | copy a b | sort by (b)", false, "the first row in an order may come last"],
  ["* | limit 10", false, "a tail has no first rows"],
]
for (const [text, can, why] of queries) {
  test(`live tail of ${text}: ${why}`, () => {
    assert.equal(canLiveTail(parseQuery(text)), can)
  })
}
