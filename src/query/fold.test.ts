import assert from "node:assert/strict"
import { test } from "node:test"
import { NOW, testRelation } from "../../test/support/query-relation.ts"
import { isRefusal } from "../base/refusal.ts"
import { matchesFilter } from "./fieldset.ts"
import { countConditions } from "./fold.ts"
import { parseQuery } from "./parse.ts"
import { planQuery } from "./plan.ts"

const { columns, recordsWhere, allRows } = testRelation()

const list = (count: number, make: (i: number) => string, between: string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(between)

const folded: [why: string, text: string, conditions: number][] = [
  ["few stay as they are", "alice or bob or carol", 3],
  ["words of the message", `${list(3_000, (i) => `w${i}`, " or ")} or alice`, 1],
  ["phrases with other edges", `"db-password" or "-x-" or "[a]" or "\\u00e4-" or "carol"`, 1],
  ["beginnings of words", `${list(3_000, (i) => `w${i}*`, " or ")} or ali*`, 1],
  ["words in any case", `${list(3_000, (i) => `i(w${i})`, " or ")} or i(ALICE)`, 1],
  ["values", `${list(3_000, (i) => `verb:=v${i}`, " or ")} or verb:=get`, 1],
  ["values of a number", list(900, (i) => `responseStatus.code:=${i}`, " or "), 1],
  [
    "values of a list's elements",
    `${list(300, (i) => `user.groups:=g${i}`, " or ")} or user.groups:=devs`,
    1,
  ],
  ["all words", "User cannot responseStatus.message:(User cannot delete deployments denied)", 3],
  [
    "all words, of which one is not there",
    "responseStatus.message:(User cannot delete deployments nowhere)",
    1,
  ],
  ["words of a list may stand in different elements", "user.groups:(devs system authenticated devs)", 4],
  ["none of the values", `verb:* ${list(300, (i) => `!verb:=v${i}`, " ")} !verb:=get`, 2],
  ["the empty value is another thing", `verb:="" or verb:=get or verb:=a or verb:=b or verb:=c`, 2],
  ["mixed", `verb:(=a or =b or =c or =get) or user.username:(a or b or c or alice)`, 2],
]
for (const [why, text, conditions] of folded) {
  test(`many conditions as one, with the same answer: ${why}`, async () => {
    const query = parseQuery(text)
    assert.equal(countConditions(query.filter), conditions)
    const inMemory = (await allRows()).filter((row) => matchesFilter(query.filter, row, { now: NOW }))
    const plan = planQuery(query, { now: NOW }, columns)
    assert.deepEqual(
      await recordsWhere(plan.where),
      inMemory.map((row) => Number(row.record)),
    )
  })
}

test("what cannot be folded has a limit", () => {
  const hostile: [text: string, told: string][] = [
    [list(300, (i) => `requestObject.f${i}:=x`, " or "), "more than 256 conditions"],
    [list(70, (i) => `requestObject.f${i}:w`, " or "), "more than 64 words or phrases"],
    [
      list(100, (i) => `requestObject.spec.a:ipv6_range("::${i}")`, " or "),
      "more than 200000 characters of SQL",
    ],
  ]
  for (const [text, told] of hostile) {
    assert.throws(
      () => planQuery(parseQuery(text), { now: NOW }, columns),
      (error) => isRefusal(error, "query.tooLarge") && error.message.includes(told),
    )
  }
})
