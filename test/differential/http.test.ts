import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { after, before, test } from "node:test"
import { eventually, freePort, type Server, startServer, temporaryFolder } from "../support/server.ts"

/**
 * The same rows and the same requests to a real VictoriaLogs (`$VICTORIA_LOGS`) and to a ledger: status, content type and
 * answer have to be the same. Where they are not on purpose, docs/HTTP.md says so and there is no row here. Not part of
 * `npm test`: building VictoriaLogs takes minutes. `.ci/run` runs it where there is one.
 */
const VICTORIA_LOGS = process.env.VICTORIA_LOGS ?? "victoria-logs"

const dir = await temporaryFolder()
let ledger: Server
let victoria: ChildProcess
let theirs = ""

before(async () => {
  ledger = await startServer(`${dir.path}/ledger`)
  const port = await freePort()
  theirs = `http://127.0.0.1:${port}`
  victoria = spawn(
    VICTORIA_LOGS,
    [`-storageDataPath=${dir.path}/vl`, `-httpListenAddr=127.0.0.1:${port}`, "-retentionPeriod=100y"],
    { stdio: "ignore" },
  )
  await fill()
})
after(async () => {
  victoria.kill()
  await once(victoria, "exit")
  await ledger.end()
  await dir.remove()
})

/** 200 events to the ledger, and what it makes of them to the other. */
async function fill(): Promise<void> {
  const events = Array.from({ length: 200 }, (_, i) => {
    const time = `2026-11-20T18:${String(24 + (i % 7)).padStart(2, "0")}:${String(i % 60).padStart(2, "0")}.${100_000 + i}Z`
    return JSON.stringify({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: i % 9 === 0 ? "Request" : "Metadata",
      auditID: `id-${i}`,
      stage: "ResponseComplete",
      requestURI: `/api/v1/pods/${Math.floor(Math.sqrt(i))}`,
      // Different counts each: of equal ones either may come first.
      verb: i < 80 ? "get" : i < 130 ? "list" : i < 170 ? "delete" : "create",
      user: { username: ["alice", "bob", 'weird "user" \u2028'][i % 3] },
      responseStatus: { code: i % 11 === 0 ? 403 : 200 },
      stageTimestamp: time,
      requestReceivedTimestamp: time,
    })
  })
  await post(`${ledger.url}/audit/prod-1/api`, events.slice(0, 120).join("\n"))
  await post(`${ledger.url}/audit/prod-1/other`, events.slice(120).join("\n"))
  const rows = await ask(ledger.url, "query", { query: "kind:=k8s.audit" })
  const lines = rows.text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { _stream, _stream_id, ...row } = JSON.parse(line)
      return JSON.stringify(row)
    })
  const insert = "/insert/jsonline?_stream_fields=cluster,kind,source&_time_field=_time&_msg_field=_msg"
  await eventually("VictoriaLogs", 20_000, () =>
    post(theirs + insert, lines.join("\n")).catch(() => undefined),
  )
  await eventually("its rows", 20_000, async () => {
    const { text } = await ask(theirs, "query", { query: "* | stats count() n" })
    return text.includes('"200"') ? true : undefined
  })
}

const RANGE = { start: "2026-11-20T18:24:00Z", end: "2026-11-20T18:31:00Z" }
const MIDDLE_RANGE = { start: "2026-11-20T18:25:00Z", end: "2026-11-20T18:27:00Z" }
const HOUR = { start: "1795197600", end: "2026-11-20T19" }
const ALL = "kind:=k8s.audit"

const requests: [endpoint: string, form: Record<string, string>][] = [
  ["query", { query: `${ALL} verb:delete`, limit: "3" }],
  ["query", { query: `${ALL} | fields verb, _time, nope`, ...RANGE }],
  ["query", { query: `${ALL} | stats by (verb) count() n, max(_time) latest | sort by (verb)` }],
  ["query", { query: `${ALL} | stats count() n`, end: "2026-11-20T18:26" }],
  ["query", { query: `${ALL} | stats count() n`, start: "1795199160000", end: "1795199220.5" }],
  ["query", { query: `${ALL} | stats count() n`, start: "2026-11-20T18:26:00.100002Z" }],
  ["query", { query: `${ALL} | stats count() n`, extra_filters: '{"verb":["get","list"]}' }],
  ["query", { query: `${ALL} | stats count() n`, extra_filters: "verb:=get or user.username:=bob" }],
  ["query", { query: `${ALL} | stats count() n`, extra_stream_filters: '{"source":"prod-1/other"}' }],
  ["query", { query: "verb:=nothing" }],
  ["query", { query: "verb:(" }],
  ["query", { query: "" }],
  ["query", { query: "*", limit: "many" }],
  ["query", { query: "*", start: "yesterday" }],
  ["query", { query: `options(time_offset=2m) ${ALL} | stats count() n, min(_time) a`, ...MIDDLE_RANGE }],
  ["query", { query: `options(time_offset=-7d) ${ALL} _time:2026-11-13 | fields _time, verb` }],
  ["query", { query: `options(time_offset=1m) ${ALL} | stats by (_time:1m) count() n` }],
  [
    "query",
    {
      query: `${ALL} | stats count() n | union (options(time_offset=1m) ${ALL} | stats count() n)`,
      ...MIDDLE_RANGE,
    },
  ],
  ["query", { query: `options(ignore_global_time_filter=true) ${ALL} | stats count() n`, ...MIDDLE_RANGE }],
  [
    "query",
    {
      query: `${ALL} verb:in(options(ignore_global_time_filter=true) verb:l* | fields verb) | stats count() n`,
      ...RANGE,
    },
  ],
  [
    "query",
    {
      query: `options(global_filter=(verb:=get)) ${ALL} | stats count() n | union (${ALL} | stats count() n)`,
    },
  ],
  ["hits", { query: `options(time_offset=30s) ${ALL}`, ...MIDDLE_RANGE, step: "1m" }],
  [
    "stats_query_range",
    { query: `options(time_offset=30s) ${ALL} | stats by (verb) count() n`, ...MIDDLE_RANGE, step: "1m" },
  ],
  ...["_time:[2026-11-20T18:25Z, 2026-11-20T18:26Z)", "verb:get", "_time:2026-11-20 or verb:get"].flatMap(
    (query): [string, Record<string, string>][] => [
      ["query_time_range", { query }],
      ["query_time_range", { query, ...RANGE }],
    ],
  ),
  ["query_time_range", { query: "verb:(" }],
  ["query_time_range", { query: "" }],
  ["hits", { query: ALL, ...RANGE, step: "1m" }],
  ["hits", { query: ALL, ...HOUR, step: "10m", field: "verb" }],
  ["hits", { query: ALL, ...HOUR, step: "10m", field: "verb", fields_limit: "2" }],
  ["hits", { query: ALL, step: "1m", offset: "20s" }],
  ["hits", { query: `${ALL} | filter verb:=get | limit 3`, start: "2026-11-20T18:00:00Z", step: "7m" }],
  ["hits", { query: ALL, ...HOUR, step: "1w" }],
  ["hits", { query: "verb:=nothing", ...RANGE, step: "1m" }],
  ["hits", { query: ALL, step: "0" }],
  ["hits", { query: ALL }],
  ["field_values", { query: ALL, field: "verb" }],
  ["field_values", { query: ALL, field: "user.username", filter: "weird" }],
  ["field_values", { query: ALL, field: "nope" }],
  ["field_values", { query: ALL }],
  ["streams", { query: ALL }],
  ["stream_field_names", { query: ALL }],
  ["stream_field_values", { query: ALL, field: "source" }],
  ["stream_field_values", { query: ALL, field: "verb" }],
  ["facets", { query: `${ALL} | fields verb, level, user.username, requestURI`, limit: "3" }],
  [
    "facets",
    { query: `${ALL} | fields verb, cluster, requestURI`, keep_const_fields: "1", max_values_per_field: "5" },
  ],
  ["facets", { query: "verb:=nothing" }],
  ["stats_query", { query: `${ALL} | stats by (verb) count() n | sort by (verb)`, time: "1795200000" }],
  ["stats_query", { query: "_time:5m kind:=k8s.audit | stats count() n", time: "2026-11-20T18:28:00Z" }],
  [
    "stats_query", // now() stays the clock's time
    {
      query: `${ALL} | limit 1 | math now() as n | filter n:>1750000000000000000 | stats count() c`,
      time: "2024-06-01T00:00:00Z",
    },
  ],
  [
    "stats_query",
    {
      query: `${ALL} | stats by (verb) count() n | rename verb as what | sort by (n desc) | limit 2`,
      time: "1795200000",
    },
  ],
  [
    "stats_query",
    {
      query: `${ALL} | stats by (level) count() n | math n * 2 as m | sort by (level)`,
      time: "1795200000.5",
    },
  ],
  ["stats_query", { query: "verb:=nothing | stats count() n", time: "1795200000" }],
  ["stats_query", { query: `${ALL} | uniq by (verb)`, time: "1795200000" }],
  ["stats_query", { query: "verb:(" }],
  ["stats_query_range", { query: `${ALL} | stats by (verb, level) count() n`, ...RANGE, step: "1m" }],
  ["stats_query_range", { query: `${ALL} | stats count() n`, ...RANGE, step: "30s", offset: "10s" }],
  [
    "stats_query_range",
    { query: `${ALL} | stats by (verb) count() n | sort by (n desc, verb) limit 1`, ...RANGE, step: "1m" },
  ],
  [
    "stats_query_range",
    { query: `${ALL} | stats by (verb, level) count() n | stats by (level) max(n) m`, ...RANGE, step: "2m" },
  ],
  ["stats_query_range", { query: `${ALL} | stats count() n | limit 1`, ...RANGE, step: "1m" }],
  ["stats_query_range", { query: `${ALL} | stats count() n`, ...RANGE }],
  ["tail", { query: "* | stats count() n" }],
  ["tail", { query: "* | sort by (_time)" }],
  ["tail", { query: "*", refresh_interval: "soon" }],
]
/** Every argument in every form that it may have, and some that it may not. */
const TIMES = [
  ...["2026", "2026-11", "2026-11-20", "2026-11-20T18", "2026-11-20T18:26", "2026-11-20T18:26:30"],
  ...["2026-11-20T18:26:30.5Z", "2026-11-20T19:26:30+01:00", "2026-11-20T18:26Z", "2026Z", "2026-11-20Z"],
  ...["1795199190", "1795199190000", "1795199190000000", "1795199190000000000", "1795199190.5", "0", "5"],
  ...["1d", "-1d", "now-1d", "now", "1w2d", "-9d"],
  ...["tomorrow", "2026-W47", "2026-13-01", "2026-02-30", "2026-11-20 18:26:30", "1795199190s"],
]
const COUNTS = ["5", "0", "-1", "abc", "1e3", "", "5.5", " 5", "1K", "1_000", "0x10"]
const DURATIONS = ["1m", "60s", "1h30m", "1.5m", "1d", "0", "-1m", "abc"]
const count = { query: `${ALL} | stats count() n` }
const MIDDLE = { start: "2026-11-20T18:24:30Z", end: "2026-11-20T18:26:30Z" }
const fields = { query: `${ALL} | fields verb, level, cluster, requestURI` }
const argumentForms: [endpoint: string, form: Record<string, string>][] = [
  ...TIMES.flatMap((time): [string, Record<string, string>][] => [
    ["query", { ...count, start: time }],
    ["query", { ...count, end: time }],
    ["hits", { query: ALL, step: "1d", start: "2026-11-20", end: time }],
    ["stats_query", { ...count, start: time, time: "1795200000" }],
  ]),
  ...COUNTS.flatMap((number): [string, Record<string, string>][] => [
    ["facets", { ...fields, limit: number }],
    ["facets", { ...fields, max_values_per_field: number }],
    ["facets", { ...fields, max_value_len: number }],
    ["hits", { query: ALL, ...RANGE, step: "1m", field: "verb", fields_limit: number }],
    // Which ones stay is chance there, so: none is cut.
    ...(number === "5" || number === "1e3"
      ? []
      : ([["field_values", { query: ALL, field: "verb", limit: number }]] as [
          string,
          Record<string, string>,
        ][])),
  ]),
  ...DURATIONS.flatMap((duration): [string, Record<string, string>][] => [
    ["hits", { query: ALL, ...RANGE, step: duration }],
    ["stats_query_range", { ...count, ...RANGE, step: duration }],
    ["hits", { query: ALL, ...RANGE, step: "1m", offset: duration }],
    ["stats_query_range", { ...count, ...RANGE, step: "1m", offset: duration }],
  ]),
  ...["30s", "1m", "0s", "abc"].map((timeout): [string, Record<string, string>] => [
    "query",
    { ...count, timeout },
  ]),
  ...["1", "true", "0", "false", ""].flatMap((on): [string, Record<string, string>][] => [
    ["facets", { ...fields, keep_const_fields: on }],
    ["stats_query", { ...count, time: "1795200000", allow_partial_response: on }],
    ["query", { ...count, allow_partial_response: on }],
    ["field_values", { query: `${ALL} | limit 0`, field: "verb", ignore_pipes: on }],
    ["hits", { query: `${ALL} | fields _time`, field: "verb", ...RANGE, step: "1m", ignore_pipes: on }],
    ["stream_field_values", { query: `${ALL} | limit 0`, field: "source", ignore_pipes: on }],
    ["query", { ...count, ignore_pipes: "0", nocache: on }],
  ]),
  // What now means in a query; a start so long ago counts from the clock.
  ...[
    { time: "2026-11-20T18:28:00Z" },
    { end: "1795199280" },
    { end: "1795199280", time: "1795199160" },
  ].flatMap((now): [string, Record<string, string>][] => [
    ["query", { query: `_time:2m ${count.query}`, ...now }],
    ["query", { ...count, ...now, start: "5m" }],
    ["hits", { query: `_time:2m ${ALL}`, step: "1m", ...now }],
    ["facets", { query: `_time:2m ${ALL} | fields level`, ...now }],
    ["field_names", { query: `_time:2m ${ALL} | fields verb`, ...now }],
    ["field_values", { query: `_time:2m ${ALL}`, field: "verb", ...now }],
    ["streams", { query: `_time:2m ${ALL}`, ...now }],
    ["stream_field_values", { query: `_time:2m ${ALL}`, field: "source", ...now }],
    ["stats_query", { query: `_time:2m ${count.query}`, ...now }],
    ["stats_query_range", { query: `_time:2m ${count.query}`, step: "1m", ...now }],
  ]),
  ["query", { ...count, time: "abc" }],
  ["field_names", { query: `${ALL} | fields verb, level`, limit: "1" }],
  ["stream_field_names", { query: ALL, limit: "x" }],
  ["query", { ...count, allow_partial_response: "x" }],
  ["field_values", { query: ALL, field: "_stream", filter: "other" }],
  ["field_values", { query: ALL, field: "_time", filter: "18:24:0" }],
  ["field_values", { query: ALL, field: "verb", filter: "GE" }],
  ["field_values", { query: ALL, field: "" }],
  ["stream_field_values", { query: ALL, field: "source", filter: "api" }],
  ["stream_field_values", { query: ALL }],
  ["stream_field_names", { query: ALL, filter: "cl" }],
  ["query", { ...count, extra_filters: "verb:(" }],
  ["query", { ...count, extra_filters: "[1]" }],
  ["query", { ...count, extra_filters: '{"verb":1}' }],
  ["query", { ...count, extra_stream_filters: '{source="prod-1/other"}' }],
  ["stats_query", { query: `${ALL} | stats by (_time:1h) count() n`, time: "1795200000" }],
  ["stats_query", { query: `${ALL} | top 3 by (verb)`, time: "1795200000" }],
  ["stats_query", { query: `${ALL} | count()`, time: "1795200000" }],
  ["stats_query", { ...count, time: "abc" }],
  [
    "stats_query",
    { query: `${ALL} | stats quantile(0.5, responseStatus.code) as "q 50"`, time: "1795200000" },
  ],
  ["stats_query_range", { query: `${ALL} | stats by (verb) count() n | math n*2 a`, ...RANGE, step: "1m" }],
  ["stats_query_range", { query: `${ALL} | stats by (verb) count() n | filter n:>5`, ...RANGE, step: "1m" }],
  ["stats_query_range", { query: `${ALL} | stats rate() r`, ...RANGE, step: "1m" }],
  // Bounds in the middle of a step, and of a moved one.
  ...["0", "20s", "-20s"].flatMap((offset): [string, Record<string, string>][] => [
    ["hits", { query: ALL, ...MIDDLE, step: "1m", offset, field: "verb" }],
    ["stats_query_range", { ...count, ...MIDDLE, step: "1m", offset }],
  ]),
  // As Grafana's data source writes them: steps as Go prints durations, the range within the query, whole seconds.
  ["hits", { query: ALL, start: "1795199040", end: "1795199340", step: "1m0s", field: "verb" }],
  ["stats_query_range", { ...count, start: "1795199040", end: "1795199340", step: "1m0s" }],
  ["stats_query_range", { ...count, start: "1795199040", end: "1795199340", step: "1h0m0s" }],
  ["stats_query_range", { ...count, start: "1795199040", end: "1795199340", step: "500ms" }],
  ["stats_query", { query: `_time:[1795199040, 1795199340] ${count.query}`, time: "1795199340" }],
  ["query", { query: `${ALL} verb:delete`, limit: "1000", start: "1795199040", end: "1795199340" }],
  ["tail", { query: "" }],
  ["tail", { query: "*", start_offset: "x" }],
  ["tail", { query: "*", offset: "x" }],
  ["tail", { query: "* | limit 5" }],
  ["tail", { query: "* | uniq by (x)" }],
]

/** How a request is sent changes nothing. */
const wire: [why: string, url: string, init: () => RequestInit][] = [
  ["GET", `query?${new URLSearchParams(count)}`, () => ({ method: "GET" })],
  ["POST with all in the query string", `query?${new URLSearchParams(count)}`, () => ({ method: "POST" })],
  [
    "a form and a query string: the form counts",
    `query?${new URLSearchParams({ query: `${ALL} | stats count() other`, limit: "1" })}`,
    () => ({ method: "POST", body: new URLSearchParams(count) }),
  ],
  [
    "a multipart form",
    "query",
    () => {
      const body = new FormData()
      body.set("query", count.query)
      return { method: "POST", body }
    },
  ],
  [
    "JSON, which is no form",
    "query",
    () => ({ method: "POST", body: JSON.stringify(count), headers: { "content-type": "application/json" } }),
  ],
  [
    "a field twice",
    "hits",
    () => ({
      method: "POST",
      body: new URLSearchParams([
        ["query", ALL],
        ["step", "1h"],
        ["field", "verb"],
        ["field", "level"],
      ]),
    }),
  ],
  [
    "filters twice",
    "query",
    () => ({
      method: "POST",
      body: new URLSearchParams([
        ["query", count.query],
        ["extra_filters", "verb:get"],
        ["extra_filters", "level:Request"],
      ]),
    }),
  ],
  [
    "the tenant that everybody has",
    `query?${new URLSearchParams(count)}`,
    () => ({ headers: { AccountID: "0", ProjectID: "0" } }),
  ],
  ["a tenant that is none", `query?${new URLSearchParams(count)}`, () => ({ headers: { AccountID: "abc" } })],
]
for (const [why, url, init] of wire) {
  test(`the same answer from both: ${why}`, async () => {
    const [here, there] = [await send(ledger.url, url, init()), await send(theirs, url, init())]
    assert.equal(here.status, there.status, here.text)
    assert.equal(plainType(here.type), plainType(there.type))
    if (there.status === 200) assert.deepEqual(comparable(here), comparable(there))
  })
}

for (const [endpoint, form] of [...requests, ...argumentForms]) {
  test(`the same answer from both: ${endpoint} ${JSON.stringify(form)}`, async () => {
    const [here, there] = [await ask(ledger.url, endpoint, form), await ask(theirs, endpoint, form)]
    assert.equal(here.status, there.status, here.text)
    assert.equal(plainType(here.type), plainType(there.type))
    if (there.status === 200) assert.deepEqual(comparable(here), comparable(there))
  })
}

type Answer = { readonly status: number; readonly type: string; readonly text: string }

async function ask(url: string, endpoint: string, form: Record<string, string>): Promise<Answer> {
  return send(url, endpoint, { method: "POST", body: new URLSearchParams(form) })
}

async function send(url: string, path: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(`${url}/select/logsql/${path}`, init)
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() }
}

/** Errors are text or JSON in both; the words are our own. */
function plainType(type: string): string {
  return type.split(";")[0] ?? ""
}

/** Lines as text of one spelling: fields stand in the same order. Rows of equal time have no order there. */
function comparable({ type, text }: Answer): unknown {
  if (!type.startsWith("application/stream+json")) return JSON.parse(text)
  return text
    .split("\n")
    .map((line) => (line === "" ? line : JSON.stringify({ ...JSON.parse(line), _stream_id: undefined })))
    .sort()
}

async function post(url: string, body: string): Promise<true> {
  const answer = await fetch(url, { method: "POST", body })
  assert.equal(answer.status, 200, url)
  return true
}
