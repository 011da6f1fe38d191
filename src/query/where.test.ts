import assert from "node:assert/strict"
import { test } from "node:test"
import { NOW, testRelation } from "../../test/support/query-relation.ts"
import { matchesFilter } from "./fieldset.ts"
import { parseQuery } from "./parse.ts"
import { planQuery } from "./plan.ts"
import { formatQuery } from "./print.ts"

const { columns, recordsWhere, allRows } = testRelation()

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
