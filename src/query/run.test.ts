import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "../base/refusal.ts"
import { formatQuery, parseQuery, runPipes } from "./index.ts"
import type { Row } from "./row.ts"

const ROWS: readonly Row[] = [
  { _time: "2026-01-02T03:00:00.000000Z", who: "alice", verb: "get", code: "200" },
  { _time: "2026-01-02T03:30:00.000000Z", who: "bob", verb: "get", code: "403" },
  { _time: "2026-01-02T04:00:00.000000Z", who: "alice", verb: "delete", code: "404" },
  { _time: "2026-01-03T04:00:00.000000Z", who: "node-10", verb: "list" },
  { _time: "2026-01-03T05:00:00.000000Z", who: "node-2", verb: "list", code: "1e1" },
]

const cases: [text: string, rows: string][] = [
  ["fields who | limit 2", "alice bob"],
  ["sort by (who) | fields who", "alice alice bob node-2 node-10"],
  ["sort by (who) desc limit 2 | fields who", "node-10 node-2"],
  ["sort by (code desc) offset 1 limit 2 | fields code", "403 200"],
  ["sort by (verb, who desc) | fields verb, who", "delete alice get bob get alice list node-10 list node-2"],
  [
    "sort by (code) partition by (verb) limit 1 | sort by (verb) | fields verb, code",
    "delete 404 get 200 list ",
  ],
  ["sort by (_time) limit 2 rank as r | fields r, who", "1 alice 2 bob"],
  ["first 2 by (_time desc) | fields who", "node-2 node-10"],
  ["last 2 by (_time) | fields who", "node-2 node-10"],
  ["offset 3 | fields who", "node-10 node-2"],
  ["filter code:>300 | fields code", "403 404"],
  ["code:in(200, 404) | fields code", "200 404"],
  ["uniq by (verb) with hits | sort by (verb)", "delete 1 get 2 list 2"],
  ["top 2 by (who) rank", "alice 2 1 bob 1 2"],
  ["stats count() n, count(code) coded", "5 4"],
  ["stats by (_time:1d) count() n | sort by (_time)", "2026-01-02T00:00:00Z 3 2026-01-03T00:00:00Z 2"],
  ["stats by (_time:1h offset 30m) count() n | sort by (_time) | fields n", "1 2 1 1"],
  ["stats by (who) count() if (verb:get) gets | filter gets:>0 | sort by (who)", "alice 1 bob 1"],
  ["stats min(code) a, max(code) b, sum(code) c, avg(code) d", " 404 1017 254.25"],
  ["stats count_uniq(verb) a, uniq_values(verb) b", `3 ["delete","get","list"]`],
  ["rename who as user | fields user | limit 1", "alice"],
  ["copy who as a, verb as who | fields a, who | limit 1", "alice get"],
  ["delete _time, c*, v* | limit 1", "alice"],
  ["len(who) as n | fields n", "5 3 5 7 6"],
  ["fields code | drop_empty_fields", "200 403 404 1e1"],
  ["field_names | sort by (name)", "_time 5 code 4 verb 5 who 5"],
  ["stats count() n | filter n:>10", ""],
]
for (const [text, expected] of cases) {
  test(`pipes: ${text}`, () => {
    const rows = runPipes(text, ROWS)
    assert.equal(rows.flatMap((row) => Object.values(row)).join(" "), expected)
  })
}

test("names that JavaScript knows are fields like others", () => {
  const rows: Row[] = [
    Object.assign(Object.create(null), { __proto__: undefined, constructor: "a", toString: "b" }),
  ]
  const [row] = runPipes("copy constructor as __proto__ | fields __proto__, toString, hasOwnProperty", rows)
  assert.deepEqual(Object.entries(row ?? {}), [
    ["__proto__", "a"],
    ["toString", "b"],
    ["hasOwnProperty", ""],
  ])
})

test("an order with a limit holds few rows", () => {
  const rows: Row[] = Array.from({ length: 20_000 }, (_, i) => ({ n: String((i * 7_919) % 20_000) }))
  const top = runPipes("sort by (n desc) limit 3", rows)
  assert.deepEqual(
    top.map((row) => row.n),
    ["19999", "19998", "19997"],
  )
})

for (const pipe of ["block_stats", "blocks_count as x", "query_stats", "stats_remote count(*) as x"]) {
  test(`${pipe} is about another store's files: it is read and printed, and refused with its place`, () => {
    assert.equal(formatQuery(parseQuery(`a | ${pipe}`)), `a | ${pipe}`)
    assert.throws(
      () => runPipes(`fields a | ${pipe}`, ROWS),
      (error) =>
        error instanceof Refusal && error.code === "query.unsupported" && error.facts.position === 11,
    )
  })
}
