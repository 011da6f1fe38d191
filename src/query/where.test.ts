import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import fc from "fast-check"
import { FIELDS } from "../event/fields.ts"
import { type Duckdb, openDuckdb } from "../store/duckdb.ts"
import { openColumns } from "./column.ts"
import { matchesFilter } from "./fieldset.ts"
import { flattenBody } from "./flatten.ts"
import { parseQuery } from "./parse.ts"
import { planQuery, selectFields } from "./plan.ts"
import { formatQuery } from "./print.ts"
import { newRow, type Row } from "./row.ts"
import { Collected, connectPipes, NO_BUDGET } from "./run.ts"
import { joinSql, type Sql, sql, toStatement } from "./sql.ts"

/** Ten records: what a filter may meet, and what people send who wish us ill. */
const BODIES: readonly (readonly [kind: string, body: string])[] = [
  event({
    verb: "get",
    user: { username: "alice", groups: ["devs", "system:authenticated"], extra: { "a/b": ["x", "y"] } },
    objectRef: { resource: "secrets", namespace: "prod", name: "db-password" },
    responseStatus: { code: 200 },
    sourceIPs: ["10.1.2.3", "192.168.0.9"],
    annotations: { "authorization.k8s.io/decision": "allow" },
    stageTimestamp: "2026-01-02T03:04:05.000006Z",
  }),
  event({
    verb: "delete",
    user: { username: "system:serviceaccount:ci:deployer", groups: ["system:serviceaccounts"] },
    objectRef: { resource: "deployments", namespace: "ci", name: "web" },
    responseStatus: { code: 403, message: "User cannot delete deployments; denied" },
    annotations: { "authorization.k8s.io/decision": "forbid" },
    stageTimestamp: "2026-01-02T04:00:00.000000Z",
  }),
  event({
    verb: "create",
    user: { username: "bob'; DROP TABLE records; --" },
    objectRef: { resource: "deployments", name: 'x" OR 1=1 --' },
    responseStatus: { code: 201 },
    requestObject: {
      metadata: { labels: { "app.kubernetes.io/name": "shop", plain: "1" } },
      spec: { replicas: 3, template: { spec: { containers: [{ image: "nginx:1.25" }] } }, paused: false },
    },
    stageTimestamp: "2026-01-03T00:00:00.000000Z",
  }),
  event({
    verb: "patch",
    user: { username: "Ünïcödé_user" },
    requestObject: { spec: { replicas: "10", note: "a.b c_d e-f" } },
    responseStatus: { code: 404 },
    stageTimestamp: "2026-02-01T10:00:00.500000Z",
  }),
  ["k8s.audit", `{"verb":"patch","requestObject":{"spec":{"\\u0072eplicas":7,"big":12345678901234567890}}}`],
  ["k8s.audit", `{"verb":"","user":{"username":"100%_[a]"},"requestURI":"/a?b=c#d\\u0000e"}`],
  ["log", "plain text, not JSON at all: {"],
  ["app.audit", `{"event_type":"login","actor":{"name":"carol"},"tags":["t1","t2"],"ok":true,"none":null}`],
  ["k8s.audit", `{"verb":"list","event_type":"forged","responseStatus":{"code":500}}`],
  ["k8s.audit", "[1, 2]"],
]

function event(members: object): readonly [string, string] {
  return ["k8s.audit", JSON.stringify(members)]
}

const columns = openColumns({
  msg: `concat_ws(' ', "user.username", "verb", "objectRef.resource", "objectRef.name")`,
})
const NOW = Date.UTC(2026, 1, 1, 12) * 1000
let db: Duckdb
let dir: string

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "tallystick-where-"))
  const limits = { memoryBytesMax: 512 * 1024 ** 2, tempBytesMax: 64 * 1024 ** 2, threads: 1 }
  db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp"), folders: [] })
  const records = BODIES.map((_, i) => `(${i}, ?, ?)`).join(", ")
  const body = "CASE WHEN json_valid(raw) THEN raw END"
  const derived: Readonly<Record<string, string>> = {
    record: "record",
    receivedAt: "TIMESTAMP '2026-03-01 00:00:00' + to_seconds(record)",
    source: "CASE WHEN record % 2 = 0 THEN 'c1/a' ELSE 'c2/b' END",
    n: "record // 2",
    kind: "kind",
    words: "NULL",
    duplicateOf: "NULL::BIGINT",
    cluster: "CASE WHEN record % 2 = 0 THEN 'c1' ELSE 'c2' END",
    "actor.kind": "'human'",
    _stream: `'{cluster="c1"}'`,
    _time: `coalesce(TRY_CAST(json_extract_string(${body}, '$.stageTimestamp') AS TIMESTAMP), TIMESTAMP '2026-03-01 00:00:00')`,
  }
  const types = { text: "VARCHAR", integer: "BIGINT", time: "TIMESTAMP", list: "VARCHAR[]" } as const
  const select = FIELDS.filter(({ name }) => name !== "_msg").map((field) => {
    const path = `$.${(field.path ?? []).join(".")}`
    const json = `json_extract(${body}, '${path}')`
    if (derived[field.name] !== undefined) return `${derived[field.name]} AS "${field.name}"`
    if (field.type === "map") return `CAST(${json} AS MAP(VARCHAR, VARCHAR)) AS "${field.name}"`
    if (field.type === "listMap") return `CAST(${json} AS MAP(VARCHAR, VARCHAR[])) AS "${field.name}"`
    if (field.type === "list") return `CAST(${json} AS VARCHAR[]) AS "${field.name}"`
    return `TRY_CAST(json_extract_string(${body}, '${path}') AS ${types[field.type]}) AS "${field.name}"`
  })
  const values = BODIES.flat()
  await db.query(
    `CREATE TABLE records AS SELECT ${select.join(", ")}, raw, 'text' AS "rawEncoding" FROM (VALUES ${records}) t(record, kind, raw)`,
    values,
  )
})

after(async () => {
  db.close()
  await rm(dir, { recursive: true, force: true })
})

/** Text, its canonical form where that differs, and the records that match: in SQL and in memory. */
const filters: [text: string, canonical: string, records: number[]][] = [
  ["*", "*", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["alice", "alice", [0]],
  ["alic", "alic", []],
  ["alic*", "alic*", [0]],
  ["lice*", "lice*", []],
  [`"db-password"`, `"db-password"`, [0]],
  ["password", "password", [0]],
  ["user.username:deployer", "user.username:deployer", [1]],
  ["user.username:deploy", "user.username:deploy", []],
  ["user.username:ünïcödé", "user.username:ünïcödé", []],
  ["user.username:Ünïcödé", "user.username:Ünïcödé", []],
  ["user.username:Ünïcödé_user", "user.username:Ünïcödé_user", [3]],
  ["user.username:Ünïcödé*", "user.username:Ünïcödé*", [3]],
  ["user.username:nïcödé_user", "user.username:nïcödé_user", []],
  ["user.username:i(ÜNÏCÖDÉ_USER)", "user.username:i(ÜNÏCÖDÉ_USER)", [3]],
  ["user.username:i(ÜNÏ*)", "user.username:i(ÜNÏ*)", [3]],
  ["verb:get", "verb:get", [0]],
  ["verb:=get", "verb:=get", [0]],
  ["verb:exact(ge)", "verb:=ge", []],
  [`verb:="ge"*`, "verb:=ge*", [0]],
  [`verb:""`, `verb:""`, [5, 6, 7, 9]],
  [`verb:=""`, `verb:=""`, [5, 6, 7, 9]],
  [`!verb:""`, `!verb:""`, [0, 1, 2, 3, 4, 8]],
  ["verb:*", "verb:*", [0, 1, 2, 3, 4, 8]],
  ["verb:!=get", "!verb:=get", [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["!verb:get", "!verb:get", [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["verb:in(get, delete)", `verb:in(get,"delete")`, [0, 1]],
  [`verb:in("", get)`, `verb:in("",get)`, [0, 5, 6, 7, 9]],
  ["verb:in()", "verb:in()", []],
  ["responseStatus.code:=403", "responseStatus.code:=403", [1]],
  ["responseStatus.code:=0403", "responseStatus.code:=0403", []],
  ["responseStatus.code:in(200, 201, x)", "responseStatus.code:in(200,201,x)", [0, 2]],
  ["responseStatus.code:>=400", "responseStatus.code:>=400", [1, 3, 8]],
  [
    "responseStatus.code:>400 responseStatus.code:<500",
    "responseStatus.code:>400 responseStatus.code:<500",
    [1, 3],
  ],
  ["!responseStatus.code:<400", "!responseStatus.code:<400", [1, 3, 4, 5, 6, 7, 8, 9]],
  ["responseStatus.code:40*", "responseStatus.code:40*", [1, 3]],
  ["responseStatus.code:range(200, 403]", "responseStatus.code:range(200, 403]", [1, 2]],
  [`responseStatus.code:""`, `responseStatus.code:""`, [4, 5, 6, 7, 9]],
  ["user.groups:=devs", "user.groups:=devs", [0]],
  ["user.groups:dev", "user.groups:dev", []],
  [`user.groups:="system:"*`, `user.groups:="system:"*`, [0, 1]],
  [`user.groups:authenticated`, `user.groups:authenticated`, [0]],
  [
    `user.groups:='["devs","system:authenticated"]'`,
    `user.groups:="[\\"devs\\",\\"system:authenticated\\"]"`,
    [0],
  ],
  [`user.groups:""`, `user.groups:""`, [2, 3, 4, 5, 6, 7, 8, 9]],
  ["sourceIPs:ipv4_range(10.0.0.0/8)", "sourceIPs:ipv4_range(10.0.0.0, 10.255.255.255)", [0]],
  ["sourceIPs:ipv4_range(11.0.0.0/8)", "sourceIPs:ipv4_range(11.0.0.0, 11.255.255.255)", []],
  [`"user.extra.a/b":=y`, `"user.extra.a/b":=y`, [0]],
  [
    `"annotations.authorization.k8s.io/decision":=forbid`,
    `"annotations.authorization.k8s.io/decision":=forbid`,
    [1],
  ],
  [`annotations.none:""`, `annotations.none:""`, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["requestObject.spec.replicas:=3", "requestObject.spec.replicas:=3", [2]],
  ["requestObject.spec.replicas:>3", "requestObject.spec.replicas:>3", [3, 4]],
  ["requestObject.spec.replicas:=7", "requestObject.spec.replicas:=7", [4]],
  ["requestObject.spec.big:=12345678901234567890", "requestObject.spec.big:=12345678901234567890", [4]],
  ["requestObject.spec.paused:=false", "requestObject.spec.paused:=false", [2]],
  ["requestObject.spec:*", "requestObject.spec:*", []],
  [`requestObject.spec.note:c_d`, `requestObject.spec.note:c_d`, [3]],
  [`requestObject.spec.note:c`, `requestObject.spec.note:c`, []],
  [`requestObject.spec.note:seq(a, b, "e-f")`, `requestObject.spec.note:seq(a,b,"e-f")`, [3]],
  [`requestObject.spec.note:seq(b, a)`, `requestObject.spec.note:seq(b,a)`, []],
  [
    `"requestObject.metadata.labels.app.kubernetes.io/name":=shop`,
    `"requestObject.metadata.labels.app.kubernetes.io/name":=shop`,
    [2],
  ],
  [
    "requestObject.spec.template.spec.containers:nginx",
    "requestObject.spec.template.spec.containers:nginx",
    [2],
  ],
  ["!requestObject.spec.replicas:*", "!requestObject.spec.replicas:*", [0, 1, 5, 6, 7, 8, 9]],
  ["event_type:=login", "event_type:=login", [7]],
  ["event_type:*", "event_type:*", [7]],
  ["actor.name:carol", "actor.name:carol", [7]],
  ["ok:=true", "ok:=true", [7]],
  [`none:""`, `none:""`, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["no.such.field:x", "no.such.field:x", []],
  ["raw:plain", "raw:plain", [2, 6]],
  [`raw:~"\\\\{$"`, `raw:~"\\\\{$"`, [6]],
  [
    "responseStatus.message:contains_any(denied, nothing)",
    "responseStatus.message:contains_any(denied,nothing)",
    [1],
  ],
  [
    "responseStatus.message:contains_all(User, denied)",
    "responseStatus.message:contains_all(User,denied)",
    [1],
  ],
  [
    "responseStatus.message:contains_all(User, nothing)",
    "responseStatus.message:contains_all(User,nothing)",
    [],
  ],
  [
    `responseStatus.message:seq(User, "cannot delete", denied)`,
    `responseStatus.message:seq(User,"cannot delete",denied)`,
    [1],
  ],
  [`verb:~"^(get|list)$"`, `verb:~"^(get|list)$"`, [0, 8]],
  [`verb:!~"e"`, "!verb:~e", [3, 4, 5, 6, 7, 8, 9]],
  ["verb:~.+", "verb:*", [0, 1, 2, 3, 4, 8]],
  ["verb:len_range(3, 4)", "verb:len_range(3, 4)", [0, 8]],
  ["verb:len_range(0, 0)", "verb:len_range(0, 0)", [5, 6, 7, 9]],
  ["verb:string_range(c, e)", "verb:string_range(c, e)", [1, 2]],
  ["verb:>get", "verb:>get", [3, 4, 8]],
  ["objectRef.resource:eq_field(verb)", "objectRef.resource:eq_field(verb)", [5, 6, 7, 9]],
  ["verb:lt_field(objectRef.resource)", "verb:lt_field(objectRef.resource)", [0, 1, 2]],
  [
    `stageTimestamp:>"2026-01-02T04:04:05+01:00"`,
    `stageTimestamp:>"2026-01-02T04:04:05+01:00"`,
    [0, 1, 2, 3],
  ],
  [
    `stageTimestamp:<="2026-01-02T03:04:05.000006Z"`,
    `stageTimestamp:<="2026-01-02T03:04:05.000006Z"`,
    [0, 4, 5, 6, 7, 8, 9],
  ],
  ["_time:2026-01-02", "_time:2026-01-02", [0, 1]],
  ["_time:2026-01", "_time:2026-01", [0, 1, 2]],
  ["_time:2026-01-02T03", "_time:2026-01-02T03", [0]],
  ["_time:2026-01-02T03:04:05.000006Z", "_time:2026-01-02T03:04:05.000006Z", [0]],
  ["_time:2026-01-02T05:04:05.000006+02:00", "_time:2026-01-02T05:04:05.000006+02:00", [0]],
  ["_time:[2026-01-02, 2026-01-03)", "_time:[2026-01-02,2026-01-03)", [0, 1]],
  ["_time:[2026-01-02, 2026-01-03]", "_time:[2026-01-02,2026-01-03]", [0, 1, 2]],
  ["_time:>=2026-02-01 _time:<2026-03", "_time:>=2026-02-01 _time:<2026-03", [3]],
  ["_time:3h", "_time:3h", [3]],
  ["_time:1h", "_time:1h", []],
  ["_time:1h offset 90m", "_time:1h offset 90m", [3]],
  ["_time:>1h _time:<5h", "_time:>1h _time:<5h", [3]],
  ["_time:[now-3h, now]", "_time:[now-3h,now]", [3]],
  ["_time:day_range[09:00, 11:00]", "_time:day_range[09:00, 11:00]", [3]],
  ["_time:day_range[11:00, 13:00] offset 2h", "_time:day_range[11:00, 13:00] offset 2h", [3]],
  ["_time:week_range[Sun, Sun] _time:2026-02", "_time:week_range[Sun, Sun] _time:2026-02", [3]],
  ["{cluster=c1} verb:*", `{cluster="c1"} verb:*`, [0, 2, 4, 8]],
  [`_stream:{cluster=~"c[2-9]",kind!="log"}`, `{cluster=~"c[2-9]",kind!="log"}`, [1, 3, 5, 7, 9]],
  [`{source="c1/a" or kind in (log, x)} !verb:*`, `{source="c1/a" or kind in("log","x")} !verb:*`, [6]],
  [`{nolabel=""} kind:=log`, `{nolabel=""} kind:=log`, [6]],
  ["record:>=8", "record:>=8", [8, 9]],
  ["verb:(get or delete or !*)", `verb:get or verb:"delete" or !verb:*`, [0, 1, 5, 6, 7, 9]],
  ["(get or create) deployments", "(get or create) deployments", [2]],
  ["not (verb:get or verb:delete)", `!(verb:get or verb:"delete")`, [2, 3, 4, 5, 6, 7, 8, 9]],
  // Injection: what people wrote is a value, never SQL.
  [`user.username:="bob'; DROP TABLE records; --"`, `user.username:="bob'; DROP TABLE records; --"`, [2]],
  [`user.username:="' OR '1'='1"`, `user.username:="' OR '1'='1"`, []],
  [`objectRef.name:='x" OR 1=1 --'`, `objectRef.name:="x\\" OR 1=1 --"`, [2]],
  [`user.username:="100%_[a]"`, `user.username:="100%_[a]"`, [5]],
  [`user.username:"100%"`, `user.username:"100%"`, [5]],
  [`user.username:"1__%"`, `user.username:"1__%"`, []],
  [`"user.username\\" OR 1=1 --":=x`, `"user.username\\" OR 1=1 --":=x`, []],
  [`"requestObject.'); DROP TABLE records; --":=x`, `"requestObject.'); DROP TABLE records; --":=x`, []],
  [`"requestObject.spec.replicas\\"":*`, `"requestObject.spec.replicas\\"":*`, []],
  [`"annotations.x'] OR TRUE --":*`, `"annotations.x'] OR TRUE --":*`, []],
  [`verb:~"get|'; DROP TABLE records"`, `verb:~"get|'; DROP TABLE records"`, [0]],
  [`{"cluster' OR 1=1 --"="c1"}`, `{"cluster' OR 1=1 --"="c1"}`, []],
  ["user.username:$1", `user.username:"$1"`, []],
  ["user.username:?", `user.username:"?"`, []],
  [`requestURI:"\\x00"`, `requestURI:"\\x00"`, [5]],
]

for (const [text, canonical, expected] of filters) {
  test(`filter ${text}`, async () => {
    const query = parseQuery(text)
    assert.equal(formatQuery(query), canonical)
    const plan = planQuery(query, { now: NOW }, columns)
    assert.ok(!/DROP|OR '?1/.test(plan.where.text), plan.where.text)
    assert.deepEqual(await recordsWhere(plan.where), expected, plan.where.text)
    const rows = await allRows()
    const inMemory = rows
      .filter((row) => matchesFilter(query.filter, row, { now: NOW }))
      .map((row) => Number(row.record))
    assert.deepEqual(inMemory, expected, "in memory")
  })
}

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
  ...["event_type", "actor.name", "sourceIPs", "tags", "responseStatus.message"],
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
)
const quoted = words.map((word) => JSON.stringify(word))
const tests = fc.oneof(
  quoted,
  quoted.map((word) => `${word}*`),
  quoted.map((word) => `=${word}`),
  quoted.map((word) => `=${word}*`),
  fc.tuple(fc.constantFrom(">", ">=", "<", "<="), quoted).map((pair) => pair.join("")),
  fc.array(quoted, { maxLength: 3 }).map((list) => `in(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `contains_any(${list.join(",")})`),
  fc.array(quoted, { maxLength: 3 }).map((list) => `contains_all(${list.join(",")})`),
  fc.array(quoted, { minLength: 1, maxLength: 3 }).map((list) => `seq(${list.join(",")})`),
  quoted.map((word) => `i(${word})`),
  quoted.map((word) => `i(${word}*)`),
  fc.constantFrom(
    '~"^[a-z]+$"',
    '~"[0-9]{3}"',
    '~"e.*t|x"',
    "len_range(1, 5)",
    "range(100, 403]",
    "*",
    "string_range(a, d)",
  ),
  fc.constantFrom("ipv4_range(10.0.0.0/8)", "eq_field(verb)", "lt_field(user.username)", "le_field(cluster)"),
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
    const scene = { now: NOW, budget: NO_BUDGET }
    const sink = plan.read.grouping.join(collected, scene)
    for (const batch of [sql`"record" < ${5}`, sql`"record" >= ${5}`]) {
      const { keys, results } = plan.read.grouping
      const select = joinSql([...keys, ...results], ", ")
      const by =
        keys.length === 0
          ? sql``
          : sql`GROUP BY ${joinSql(
              keys.map((_, i) => ({ text: `${i + 1}`, values: [] })),
              ", ",
            )}`
      for (const values of await read(sql`SELECT ${select} FROM records WHERE ${batch} ${by}`))
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

async function recordsWhere(where: Sql): Promise<number[]> {
  return (
    await read(sql`SELECT CAST("record" AS VARCHAR) FROM records WHERE ${where} ORDER BY "record"`)
  ).map(([record]) => Number(record))
}

let whole: readonly Row[] | undefined
async function allRows(): Promise<readonly Row[]> {
  if (whole !== undefined) return whole
  const { columns: selected } = selectFields({ kind: "all", but: new Set() }, columns)
  const names = [...selected, { name: "raw", text: sql`raw` }]
  const rows = await read(
    sql`SELECT ${joinSql(
      names.map((item) => item.text),
      ", ",
    )} FROM records ORDER BY "record"`,
  )
  whole = rows.map((values) => {
    const row = newRow()
    names.forEach(({ name }, i) => {
      const value = values[i]
      if (value !== null && value !== undefined && value !== "") row[name] = value
    })
    // In memory, the k8s records know only what an audit event can hold.
    const foreign = row.kind === "k8s.audit" ? ["event_type"] : []
    flattenBody(row, row.raw ?? "", (name) => !foreign.includes(name))
    return row
  })
  return whole
}

async function read(statement: Sql): Promise<(string | null)[][]> {
  const { text, values } = toStatement(statement)
  const result = await db.query(text, values)
  const rows: (string | null)[][] = []
  for (const batch of result.batches()) {
    for (let row = 0; row < batch.count; row++)
      rows.push(result.names.map((_, i) => batch.text(i, row) ?? null))
  }
  return rows
}
