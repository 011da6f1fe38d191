import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { type Expression, evaluate, type Fields, formatExpression } from "./expression.ts"
import { findField } from "./fields.ts"
import { parseEvent } from "./parse.ts"
import { SUMMARY, SUMMARY_FIELDS, summarise, summariseFields } from "./summary.ts"

/** The sentences that SQL must give too: fields by name of the catalogue, absent where not named. */
type Golden = { readonly why: string; readonly fields: Fields; readonly sentence: string }
const golden: readonly Golden[] = JSON.parse(
  readFileSync(new URL("../../test/golden/summaries.json", import.meta.url), "utf8"),
)
for (const { why, fields, sentence } of golden) {
  test(`the sentence of ${why}`, () => assert.equal(summariseFields(fields), sentence))
}

test("there are enough golden sentences, the fifth seed's among them", () => {
  assert.ok(golden.length >= 60)
  assert.ok(
    golden.some(
      ({ sentence }) => sentence === "'alice' performed 'CREATE' on 'Workload' 'my-project/my-workload'",
    ),
  )
})

test("the sentence is made of an event's bytes as well", () => {
  const event = parseEvent(
    toBytes(
      `{"auditID":"x","stage":"ResponseComplete","verb":"create","user":{"username":"alice"},"requestURI":"/x",` +
        `"objectRef":{"resource":"workloads","namespace":"my-project","name":"my-workload"},"responseStatus":{"code":201}}`,
    ),
  )
  assert.equal(event && summarise(event), "'alice' performed 'CREATE' on 'Workload' 'my-project/my-workload'")
})

test("values of another type than the field's count as absent", () => {
  const event = parseEvent(
    toBytes(`{"stage":"ResponseComplete","verb":"get","user":{"username":7},"objectRef":"x"}`),
  )
  assert.equal(event && summarise(event), "an unauthenticated client performed 'GET' on ''")
})

function fieldsOf(expression: unknown): string[] {
  if (typeof expression !== "object" || expression === null) return []
  const named = [
    ...("field" in expression ? [String(expression.field)] : []),
    ...("integer" in expression ? [String(expression.integer)] : []),
  ]
  return [...named, ...Object.values(expression).flatMap(fieldsOf)]
}

test("the sentence uses columns of the catalogue only, and all that are listed", () => {
  const used = new Set(fieldsOf(SUMMARY))
  for (const name of used) assert.ok(findField(name), name)
  assert.deepEqual([...used].sort(), [...SUMMARY_FIELDS].sort())
})

const column = (field: string, key?: string) => (key === undefined ? `"${field}"` : `"${field}"['${key}']`)
const inSql: [why: string, expression: Expression, value: string, sql: string][] = [
  ["a literal with a quote", "it's", "it's", "'it''s'"],
  ["a field", { field: "verb" }, "get", `coalesce(cast("verb" as varchar), '')`],
  [
    "an entry of a map",
    { field: "annotations", key: "k" },
    "v",
    `coalesce(cast("annotations"['k'] as varchar), '')`,
  ],
  [
    "an entry that is not there",
    { field: "annotations", key: "toString" },
    "",
    `coalesce(cast("annotations"['toString'] as varchar), '')`,
  ],
  ["a concatenation", { concat: ["a", "b"] }, "ab", "('a' || 'b')"],
  ["the first", { first: ["", "b"] }, "b", "coalesce(nullif('', ''), nullif('b', ''), '')"],
  ["upper case", { upper: "get" }, "GET", "upper('get')"],
  ["a path", { path: "/a?b?c" }, "/a", "split_part('/a?b?c', '?', 1)"],
  ["one line", { line: "a\nb" }, "a b", "replace(replace('a\nb', chr(10), ' '), chr(13), ' ')"],
  [
    "quotes",
    { quote: "'" },
    "'\\''",
    "('''' || replace(replace(replace(replace('''', '\\', '\\\\'), '''', '\\'''), chr(10), '\\n'), chr(13), '\\r') || '''')",
  ],
  [
    "a table",
    { lookup: "pods", table: { pods: "Pod" } },
    "Pod",
    "(case 'pods' when 'pods' then 'Pod' else 'pods' end)",
  ],
  [
    "cases",
    {
      cases: [
        [
          {
            all: [
              { of: "a", among: ["b", "c"] },
              { of: "a", has: "a" },
            ],
          },
          "1",
        ],
        [{ same: ["a", "b"] }, "2"],
        [{ integer: "responseStatus.code", min: 400 }, "3"],
      ],
      otherwise: "4",
    },
    "3",
    `(case when ('a' in ('b', 'c') and contains('a', 'a')) then '1' when 'a' = 'b' then '2' ` +
      `when coalesce("responseStatus.code" >= 400, false) then '3' else '4' end)`,
  ],
]
for (const [why, expression, value, sql] of inSql) {
  test(`expressions, here and in SQL: ${why}`, () => {
    const fields = { verb: "get", annotations: { k: "v" }, "responseStatus.code": 404 }
    assert.equal(evaluate(expression, fields), value)
    assert.equal(formatExpression(expression, column), sql)
  })
}
