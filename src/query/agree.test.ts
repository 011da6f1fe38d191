import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { NOW, testRelation } from "../../test/support/query-relation.ts"
import { matchesFilter } from "./fieldset.ts"
import { groupSql } from "./group-sql.ts"
import { parseQuery } from "./parse.ts"
import { planQuery } from "./plan.ts"
import type { Row } from "./row.ts"
import { Collected, connectPipes, NO_BUDGET } from "./run.ts"
import { sql, trusted } from "./sql.ts"

const { columns, recordsWhere, allRows, read } = testRelation()

const fields = fc.constantFrom(
  ...[
    "_msg",
    "verb",
    "user.username",
    "user.groups",
    "responseStatus.code",
    "objectRef.name",
    "_time",
    "cluster",
    "record",
  ],
  ...[
    "requestObject.spec.replicas",
    "requestObject.metadata.labels.app.kubernetes.io/name",
    "annotations.none",
    "nothing",
  ],
  ...["event_type", "actor.name", "sourceIPs", "tags", "responseStatus.message", "requestReceivedTimestamp"],
  ...[
    "memory",
    "time",
    "hex",
    "grouped",
    "negative",
    "infinite",
    "ip",
    "at",
    "huge",
    "dot",
    "micro",
    "v6",
    "mapped",
    "list",
  ].map((name) => `requestObject.q.${name}`),
)
const words = fc.constantFrom(
  ...[
    "get",
    "delete",
    "alice",
    "devs",
    "403",
    "200",
    "3",
    "10",
    "2026-01-02T03:04:05.000006Z",
    "shop",
    "login",
    "c1",
    "",
  ],
  ...[
    "system",
    "User",
    "denied",
    "10.1.2.3",
    "db-password",
    "x",
    "'; --",
    "Ünïcödé",
    "carol",
    "[a]",
    "\\",
    "?",
    "$1",
    "%",
  ],
  ...[
    "1GiB",
    "1500MB",
    "1h",
    "5s",
    "1µs",
    "31",
    "1e3",
    "-inf",
    "10.0.0.0",
    "2026-01-02T00:00:00Z",
    "0x1f",
    "1_000",
  ],
)
const quoted = words.map((word) => JSON.stringify(word))
const tests = fc.oneof(
  quoted,
  quoted.map((word) => `${word}*`),
  quoted.map((word) => `=${word}`),
  quoted.map((word) => `*${word}*`),
  quoted.map((word) => `=${word}*`),
  fc.tuple(fc.constantFrom(">", ">=", "<", "<="), quoted).map((pair) => pair.join("")),
  fc.array(quoted, { maxLength: 3 }).map((list) => `in(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `contains_any(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `contains_all(${list.join(",")})`),
  fc.array(quoted, { minLength: 1, maxLength: 3 }).map((list) => `seq(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `contains_common_case(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `equals_common_case(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `json_array_contains_any(${list.join(",")})`),
  fc.array(quoted, { minLength: 4, maxLength: 9 }).map((list) => `(${list.join(" or ")})`),
  fc.array(quoted, { minLength: 4, maxLength: 9 }).map((list) => `(${list.join(" ")})`),
  fc.array(quoted, { minLength: 4, maxLength: 9 }).map((list) => `(!${list.join(" !")})`),
  fc.array(quoted, { minLength: 4, maxLength: 9 }).map((list) => `(=${list.join(" or =")})`),
  quoted.map((word) => `i(${word})`),
  quoted.map((word) => `i(${word}*)`),
  fc.constantFrom(
    '~"^[a-z]+$"',
    '~"[0-9]{3}"',
    '~"e.*t|x"',
    "len_range(1, 5)",
    "range(100, 403]",
    "range[-inf, inf)",
    "range(1KB, 2GiB]",
    "range[10.0.0.0, 2026-01-02T00:00:00Z]",
    "*",
    "string_range(a, d)",
  ),
  fc.constantFrom(
    `pattern_match("<W>")`,
    `pattern_match("<N>")`,
    `pattern_match_prefix("<W>-")`,
    `pattern_match_suffix("<N>")`,
    `pattern_match_full("<IP4>")`,
    "range[0o17, 0b111111]",
    "ipv4_range(10.0.0.0/8)",
    "eq_field(verb)",
    "lt_field(user.username)",
    "le_field(cluster)",
    "le_field(requestObject.q.memory)",
  ),
)
const atoms = fc
  .tuple(fields, tests)
  // `_time:` has its own tests behind it.
  .map(([field, test]) => (field === "_time" ? "_time:2026-01-02" : `${JSON.stringify(field)}:${test}`))
const { filter: anyFilter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    atoms,
    fc.array(tie("filter"), { minLength: 1, maxLength: 3 }).map((parts) => `(${parts.join(" ")})`),
    fc.array(tie("filter"), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(" or ")})`),
    tie("filter").map((part) => `!(${part})`),
  ),
}))

test("whatever the filter, SQL and memory choose the same records", async () => {
  const rows = await allRows()
  await fc.assert(
    fc.asyncProperty(anyFilter, async (text) => {
      const query = parseQuery(text)
      const plan = planQuery(query, { now: NOW }, columns)
      const inMemory = rows
        .filter((row) => matchesFilter(query.filter, row, { now: NOW }))
        .map((row) => Number(row.record))
      assert.deepEqual(await recordsWhere(plan.where), inMemory)
    }),
    { numRuns: 400 },
  )
})

/** A group pipe in SQL, joined over two batches, says what the pipe says in memory. */
const groups: string[] = [
  "stats count() n",
  "stats by (verb) count() n",
  "stats by (verb, cluster) count() n, count(objectRef.name) named, count_empty(user.username) nobody",
  "stats by (cluster) count() if (responseStatus.code:>=400) failed, count_uniq(verb) verbs",
  "stats by (cluster) count_uniq(verb, user.username) pairs, uniq_values(verb) verbs",
  "stats min(_time) first, max(_time) last, min(responseStatus.code) least, max(responseStatus.code) most",
  "stats by (_time:1d) count() n",
  "stats by (_time:1h offset 30m, kind) count() n",
  "stats by (_time:week) count() n",
  "stats sum(responseStatus.code) total, avg(responseStatus.code) mean, sum(requestObject.spec.replicas) replicas",
  "stats by (requestObject.spec.replicas) count() n",
  "stats by (user.groups) count() n",
  "stats by (_time:1h) rate() r, rate_sum(responseStatus.code) s",
  "uniq by (verb, cluster)",
  "uniq by (verb) with hits",
  "top 3 by (verb)",
  "field_values kind",
]
for (const text of groups) {
  test(`in SQL as in memory: ${text}`, async () => {
    const query = parseQuery(`* | ${text}`)
    const plan = planQuery(query, { now: NOW }, columns)
    assert.ok(plan.read.kind === "groups", "SQL can say it")
    const collected = new Collected()
    const scene = { now: NOW, clock: NOW, budget: NO_BUDGET, random: () => 0.5 }
    const sink = plan.read.grouping.join(collected, scene)
    for (const batch of [sql`"record" < ${5}`, sql`"record" >= ${5}`]) {
      for (const values of await read(groupSql(plan.read.grouping, trusted("records"), batch)))
        sink.take(values)
    }
    sink.end()

    const inMemory = new Collected()
    const head = connectPipes(query.pipes, inMemory, scene)
    for (const row of await allRows()) head.take(row)
    head.end()
    assert.deepEqual(sorted(collected.rows), sorted(inMemory.rows))
  })
}

function sorted(rows: readonly Row[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort()
}
