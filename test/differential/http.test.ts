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
for (const [endpoint, form] of requests) {
  test(`the same answer from both: ${endpoint} ${JSON.stringify(form)}`, async () => {
    const [here, there] = [await ask(ledger.url, endpoint, form), await ask(theirs, endpoint, form)]
    assert.equal(here.status, there.status, here.text)
    assert.equal(plainType(here.type), plainType(there.type))
    if (there.status === 200) assert.deepEqual(comparable(here), comparable(there))
  })
}

type Answer = { readonly status: number; readonly type: string; readonly text: string }

async function ask(url: string, endpoint: string, form: Record<string, string>): Promise<Answer> {
  const body = new URLSearchParams(form)
  const answer = await fetch(`${url}/select/logsql/${endpoint}`, { method: "POST", body })
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
