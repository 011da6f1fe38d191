import assert from "node:assert/strict"
import { test } from "node:test"
import { NOW, testRelation } from "../../test/support/query-relation.ts"
import { matchesFilter } from "./fieldset.ts"
import { parseQuery } from "./parse.ts"
import { planQuery } from "./plan.ts"

const { columns, recordsWhere, allRows } = testRelation()

const filters: [text: string, records: number[], why: string][] = [
  ["*:=alice", [0], "in a column"],
  ["*:=devs", [0], "an element of a list"],
  ["*:=nginx verb:*", [], "not a part of a list's text"],
  ["*:nginx", [2], "a word inside a body"],
  ["*:=login", [7], "in another kind of record"],
  ["requestObject.*:=shop", [2], "under names that begin so"],
  ["user.*:=shop", [], "not under others"],
  ["*:(=login or =alice)", [0, 7], "each by itself"],
  ["*:*gin*", [2, 7], "within a word"],
  ["!*:~.", [], "every event has something"],
  ["verb:* !*:deployments", [0, 3, 4, 8], "none of its fields"],
  [`*:"c1/a"`, [], "where it was delivered from is not of the event"],
  [`*:""`, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "some field is always absent"],
  ["*:i(ALICE) user.username:alice", [0], "beside another filter"],
]
for (const [text, expected, why] of filters) {
  test(`any field, ${why}: ${text}`, async () => {
    const { filter } = parseQuery(text)
    const inMemory = (await allRows()).filter((row) => matchesFilter(filter, row, { now: NOW }))
    assert.deepEqual(
      inMemory.map((row) => Number(row.record)),
      expected,
    )
    // SQL leaves out nothing that matches.
    const coarse = await recordsWhere(planQuery(parseQuery(text), { now: NOW }, columns).where)
    assert.deepEqual(
      expected.filter((record) => !coarse.includes(record)),
      [],
    )
  })
}
