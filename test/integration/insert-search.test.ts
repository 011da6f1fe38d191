import assert from "node:assert/strict"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { lokiProto, otlpProto } from "../support/collector-bodies.ts"
import { eventually, type Server, startServer, tallystick, temporaryFolder } from "../support/server.ts"

// Lines of collectors are found as soon as they are acknowledged, by the names their senders gave them, and columns that
// were derived by the sender's arguments are derived again from what is kept.

const EVENT =
  '{"level":"Metadata","auditID":"d-1","stage":"ResponseComplete","verb":"get","user":{"username":"bob"},' +
  '"stageTimestamp":"2026-01-02T03:04:05.000000Z"}'
const AS_LOG = EVENT.replace("{", '{"kind":"Event","apiVersion":"audit.k8s.io/v1",')
const LINES =
  '{"text":"a line","app":"web \\"x\\"","ts":"2026-01-02T03:04:06.5Z","level":"info","k8s":{"pod":"p-1"},"auditID":"d-1"}\n' +
  `{"log":${JSON.stringify(AS_LOG)}}\n`
const PRETTY = '[{\n  "text": "pretty",\n\t"app": "x", "level": 30\n}]'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let dir: string
let server: Server

before(async () => {
  folder = await temporaryFolder()
  dir = join(folder.path, "data")
  server = await startServer(dir, { args: ["--set", "segments.recordsMin=100"] })
  await post("/audit", EVENT)
  await post("/insert/jsonline?_time_field=ts&_msg_field=text&_stream_fields=app,k8s.pod", LINES)
  await post("/insert/jsonline?_msg_field=text&_stream_fields=app", PRETTY)
  await post("/insert/loki/api/v1/push", lokiProto('{job="varlogs"}', ["from loki"], { user: "u" }), PROTO)
  await post("/insert/jsonline", '{"filler":true}\n'.repeat(100))
  await post("/v1/logs", otlpProto({ "service.name": "shop" }, ["from otlp", { a: { b: 1.5 } }]), PROTO)
})
after(async () => {
  await server.end()
  await folder.remove()
})

const PROTO = { "content-type": "application/x-protobuf" }

async function post(path: string, body: string | Buffer, headers = {}): Promise<void> {
  const sent = typeof body === "string" ? body : new Uint8Array(body)
  const answer = await fetch(server.url + path, { method: "POST", body: sent, headers })
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`)
}

async function query(text: string): Promise<Record<string, string>[]> {
  const answer = await fetch(`${server.url}/select/logsql/query?query=${encodeURIComponent(text)}`)
  const body = await answer.text()
  assert.ok(answer.ok, body)
  return body.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
}

const WEB = '{app="web \\"x\\"",cluster="local",k8s.pod="p-1",kind="log",source="local"}'
const found: readonly (readonly [why: string, text: string, rows: readonly Record<string, string>[]])[] = [
  [
    "time, message and stream are those that the arguments named",
    `"a line" | fields _time, _msg, _stream`,
    [{ _time: "2026-01-02T03:04:06.5Z", _msg: "a line", _stream: WEB }],
  ],
  ["a label chooses", `{app="web \\"x\\""} | fields _msg`, [{ _msg: "a line" }]],
  ["a dotted name", "k8s.pod:p-1 | fields _msg", [{ _msg: "a line" }]],
  ["a field that events have too", "level:info | fields _msg, app", [{ _msg: "a line", app: 'web "x"' }]],
  ["its number where it is one", "level:30 kind:log | fields app", [{ app: "x" }]],
  [
    "an auditID in a log line is no delivery of an event; the event came twice and is shown once",
    "auditID:d-1 | fields kind, words",
    [{ kind: "k8s.audit" }],
  ],
  [
    "both deliveries are there",
    "kind:k8s.audit words:via | fields duplicateOf, words",
    [{ words: "via=jsonline", duplicateOf: "4" }],
  ],
  [
    "Loki: labels, line and structured metadata",
    "job:varlogs | fields _msg, user, _stream",
    [{ _msg: "from loki", user: "u", _stream: '{cluster="local",job="varlogs",kind="log",source="local"}' }],
  ],
  [
    "OTLP: a resource attribute labels the stream, a map is found by its keys",
    `{service.name="shop"} body.a.b:1.5 | fields _msg, scope.name`,
    [{ _msg: '{"a":{"b":1.5}}', "scope.name": "filelog" }],
  ],
]
for (const [why, text, rows] of found) {
  test(`search: ${why}`, async () => {
    const got = await query(text)
    // Numbers of records depend on what the ledger itself noted before.
    for (const row of got) if (row.duplicateOf !== undefined) row.duplicateOf = "4"
    assert.deepEqual(got, rows)
  })
}

test("columns are derived again from what is kept", async () => {
  const segments = join(dir, "segments")
  const made = () =>
    existsSync(segments) ? readdirSync(segments, { recursive: true, encoding: "utf8" }) : []
  await eventually(
    "a segment is made",
    30_000,
    async () => made().some((name) => name.endsWith(".parquet")) || undefined,
  )
  const key = (await tallystick(["keys", "show", "--public", "--dir", dir])).stdout.trim()
  const verified = await tallystick(["verify", dir, "--key", key, "--columns", "--no-remember", "--json"])
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
  assert.equal((await query("k8s.pod:p-1")).length, 1, "and the line is found in the segment")
})
