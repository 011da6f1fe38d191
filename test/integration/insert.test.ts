import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { snappyCompress } from "hysnappy"
import { CredentialTable } from "../../src/api/index.ts"
import { fluentMsgpack, lokiJson, lokiProto, otlpJson, otlpProto, TIME } from "../support/collector-bodies.ts"
import { seriesOf, withApi } from "../support/api.ts"

/** What collectors send, and what is kept and answered. By inject: no socket. */

const EVENT =
  '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"ResponseComplete",' +
  '"verb":"get","user":{"username":"bob"}, "stageTimestamp":"2026-01-02T03:04:05.000001Z"}'
const QUOTED = JSON.stringify(EVENT)
const JSONLINE = "/insert/jsonline"
const BULK = "/insert/elasticsearch/_bulk"
const LOKI = "/insert/loki/api/v1/push"
const OTLP = "/insert/opentelemetry/v1/logs"

type Kept = readonly [kind: string, words: string, body: string]
type Row = {
  readonly why: string
  readonly url: string
  readonly headers?: Record<string, string>
  readonly payload: string | Buffer
  readonly status?: number
  readonly kept: readonly Kept[]
}

const json = { "content-type": "application/json" }
const proto = { "content-type": "application/x-protobuf" }
const fluentBit = { "user-agent": "Fluent-Bit", "content-type": "application/x-ndjson" }
const exact = (via: string): Kept => ["k8s.audit", `via=${via}`, EVENT]
const reencoded = (via: string, by: string, body = EVENT): Kept => [
  "k8s.audit",
  `reencoded=${by} via=${via}`,
  body,
]

const events: readonly Row[] = [
  {
    why: "Fluent Bit json_lines without a parser: the raw line in log",
    url: JSONLINE,
    headers: fluentBit,
    payload: `{"date":1767323045.123456,"log":${QUOTED}}\n{"date":1767323045.2,"log":${QUOTED}}\n`,
    kept: [exact("jsonline"), exact("jsonline")],
  },
  {
    why: "Fluent Bit json: one array",
    url: JSONLINE,
    headers: { ...json, "user-agent": "Fluent-Bit" },
    payload: `[{"date":"2026-01-02T03:04:05.1Z","log":${QUOTED}}]`,
    kept: [exact("jsonline")],
  },
  {
    why: "Fluent Bit json_stream: objects one after the other",
    url: JSONLINE,
    headers: json,
    payload: `{"log":${QUOTED}}{"log":${QUOTED}}`,
    kept: [exact("jsonline"), exact("jsonline")],
  },
  {
    why: "Fluent Bit msgpack",
    url: JSONLINE,
    headers: { "content-type": "application/msgpack", "user-agent": "Fluent-Bit" },
    payload: fluentMsgpack([{ log: EVENT }]),
    kept: [exact("msgpack")],
  },
  {
    why: "a line break at the end of the log line is the file's, not the event's",
    url: JSONLINE,
    payload: `{"log":${JSON.stringify(`${EVENT}\n`)},"stream":"stdout"}`,
    kept: [exact("jsonline")],
  },
  {
    why: "a CRI line that nobody parsed",
    url: JSONLINE,
    payload: `{"log":${JSON.stringify(`2026-01-02T03:04:05.1Z stdout F ${EVENT}`)}}`,
    kept: [exact("jsonline")],
  },
  {
    why: "a quoted value that nobody escaped: its last quote is not the event's",
    url: JSONLINE,
    payload: `{"_msg":${JSON.stringify(`message="${EVENT}" `)}}`,
    kept: [exact("jsonline")],
  },
  {
    why: "what stands behind an event and may be one is kept",
    url: JSONLINE,
    payload: `{"_msg":${JSON.stringify(`a ${EVENT} {"auditID":`)}}`,
    status: 400,
    kept: [exact("jsonline"), ["k8s.audit", "quarantined=cutOff via=jsonline", '{"auditID":']],
  },
  {
    why: "deeper than usual, where _msg_field says",
    url: `${JSONLINE}?_msg_field=tail.message`,
    payload: `{"tail":{"message":${QUOTED}}}`,
    kept: [exact("jsonline")],
  },
  {
    why: "an Elasticsearch client that is not Filebeat",
    url: JSONLINE,
    headers: { "user-agent": "elastic/6.2.37 (linux-amd64)" },
    payload: EVENT.replace("{", '{"date":1.5,'),
    kept: [reencoded("jsonline", "unknown", EVENT.replace("{", '{"date":1.5,'))],
  },
  {
    why: "a docker line within a Fluent Bit record",
    url: JSONLINE,
    payload: `{"log":${JSON.stringify(`{"log":${JSON.stringify(`${EVENT}\n`)},"stream":"stdout","time":"x"}`)}}`,
    kept: [exact("jsonline")],
  },
  {
    why: "Vector: message",
    url: JSONLINE,
    payload: `{"message":${QUOTED},"source_type":"file"}`,
    kept: [exact("jsonline")],
  },
  {
    why: "journald: MESSAGE",
    url: JSONLINE,
    payload: `{"MESSAGE":${QUOTED},"PRIORITY":"6"}`,
    kept: [exact("jsonline")],
  },
  { why: "body", url: JSONLINE, payload: `{"body":${QUOTED}}`, kept: [exact("jsonline")] },
  {
    why: "body as an AnyValue",
    url: JSONLINE,
    payload: `{"body":{"stringValue":${QUOTED}}}`,
    kept: [exact("jsonline")],
  },
  {
    why: "a log line of the audit log itself, sent by a script",
    url: JSONLINE,
    payload: `${EVENT}\n`,
    kept: [exact("jsonline")],
  },
  {
    why: "the same from a collector: it has parsed and printed it",
    url: JSONLINE,
    headers: fluentBit,
    payload: `${EVENT}\n`,
    kept: [reencoded("jsonline", "fluentbit")],
  },
  {
    why: "members at the top beside those of an event: somebody put them there",
    url: JSONLINE,
    payload: EVENT.replace("{", '{"date":1.5,'),
    kept: [reencoded("jsonline", "unknown", EVENT.replace("{", '{"date":1.5,'))],
  },
  {
    why: "an event that was parsed into a member: the bytes of that member",
    url: JSONLINE,
    headers: { "user-agent": "Vector/0.50.0 (x86_64)" },
    payload: `{"message": ${EVENT} ,"host":"n1"}`,
    kept: [reencoded("jsonline", "vector")],
  },
  {
    why: "an EventList in a line: its events",
    url: JSONLINE,
    payload: `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${EVENT},${EVENT}]}`,
    kept: [exact("jsonline"), exact("jsonline")],
  },
  {
    why: "an event that a wrapper cut off is kept as an event that is not understood",
    url: JSONLINE,
    payload: `{"log":${JSON.stringify(EVENT.slice(0, -20))}}\n{"a":1}`,
    kept: [
      ["k8s.audit", "quarantined=cutOff via=jsonline", EVENT.slice(0, -20)],
      ["log", "via=jsonline", '{"a":1}'],
    ],
  },
  {
    why: "unwrap=0: container logs that happen to hold events",
    url: `${JSONLINE}?unwrap=0`,
    payload: `{"log":${QUOTED}}`,
    kept: [["log", "msg=log via=jsonline", `{"log":${QUOTED}}`]],
  },
  {
    why: "Filebeat and Vector: _bulk",
    url: BULK,
    headers: json,
    payload: `{"create":{"_index":"audit"}}\n{"message":${QUOTED},"@timestamp":"2026-01-02T03:04:05Z"}\n`,
    kept: [exact("elasticsearch")],
  },
  {
    why: "Promtail: snappy protobuf",
    url: LOKI,
    headers: proto,
    payload: lokiProto('{job="audit"}', [EVENT]),
    status: 204,
    kept: [exact("loki")],
  },
  {
    why: "Loki JSON",
    url: LOKI,
    headers: json,
    payload: lokiJson({ job: "audit" }, [EVENT]),
    status: 204,
    kept: [exact("loki")],
  },
  { why: "OTLP protobuf", url: OTLP, headers: proto, payload: otlpProto({}, [EVENT]), kept: [exact("otlp")] },
  {
    why: "OTLP JSON, at the path of exporters that know a host only",
    url: "/v1/logs",
    headers: json,
    payload: otlpJson({}, [EVENT]),
    kept: [exact("otlp")],
  },
  {
    why: "OTLP with a parsed body: a map, whose bytes are the collector's",
    url: OTLP,
    headers: { ...proto, "user-agent": "OpenTelemetry Collector Contrib/0.140.0 (linux/amd64)" },
    payload: otlpProto({}, [{ auditID: "a-1", stage: "Panic", verb: "get" }]),
    kept: [reencoded("otlp", "otelcol", '{"auditID":"a-1","stage":"Panic","verb":"get"}')],
  },
]

const BODY = `{"_time":"2026-01-02T03:04:05.123456789Z","_msg":"hello"`
const otlpBody = `${BODY},"severity":"INFO","severity_number":9,"trace_id":"${"ab".repeat(16)}","span_id":"${"cd".repeat(8)}",`

const logs: readonly Row[] = [
  {
    why: "a line is kept byte for byte; what is its time, message and stream stands in words",
    url: `${JSONLINE}?_time_field=ts&_msg_field=text&_stream_fields=app,k8s.pod,missing`,
    payload: `{ "ts":"2026-01-02T03:04:05Z" , "text":"é","k8s":{"pod":"p"},"app":"web","n":1e2}\n`,
    kept: [
      [
        "log",
        "msg=text stream=app,k8s/pod time=2026-01-02T03:04:05.000000Z via=jsonline",
        '{ "ts":"2026-01-02T03:04:05Z" , "text":"é","k8s":{"pod":"p"},"app":"web","n":1e2}',
      ],
    ],
  },
  {
    why: "the same by headers",
    url: JSONLINE,
    headers: { "VL-Msg-Field": "text", "VL-Stream-Fields": "app" },
    payload: '{"text":"x","app":"web"}',
    kept: [["log", "msg=text stream=app via=jsonline", '{"text":"x","app":"web"}']],
  },
  {
    why: "extra fields are added before the brace, and never hide what the line says",
    url: `${JSONLINE}?extra_fields=env=prod,a=z&_stream_fields=env,a`,
    payload: '{"a":1}\n{}\n',
    kept: [
      ["log", "added=27 stream=env,extra.a via=jsonline", '{"a":1,"env":"prod","extra.a":"z"}'],
      ["log", "added=20 stream=env,a via=jsonline", '{"env":"prod","a":"z"}'],
    ],
  },
  {
    why: "a name that no word could hold as it is",
    url: `${JSONLINE}?_msg_field=${encodeURIComponent("a b/é~")}`,
    payload: '{"a b/é~":"x"}',
    kept: [["log", "msg=a%20b~1%C3%A9~0 via=jsonline", '{"a b/é~":"x"}']],
  },
  {
    why: "an object with items is one line, not a list of events",
    url: JSONLINE,
    payload: '{"items":[{"a":1},{"b":2}],"n":1}',
    kept: [["log", "via=jsonline", '{"items":[{"a":1},{"b":2}],"n":1}']],
  },
  {
    why: "a bad line costs no neighbour",
    url: JSONLINE,
    payload: '{"a":1}\n{"b":\nplain text\n[1,2]\n{"c":3}\n7\n',
    kept: [
      ["log", "via=jsonline", '{"a":1}'],
      // Where a torn object ends, the next line with a bracket tells.
      ["log", "quarantined=syntax via=jsonline", '{"b":\nplain text'],
      ["log", "quarantined=notObject via=jsonline", "1"],
      ["log", "quarantined=notObject via=jsonline", "2"],
      ["log", "via=jsonline", '{"c":3}'],
      ["log", "quarantined=notObject via=jsonline", "7"],
    ],
  },
  {
    why: "only bad lines: kept, and refused so that somebody looks",
    url: JSONLINE,
    payload: "one\ntwo\n",
    status: 400,
    kept: [
      ["log", "quarantined=syntax via=jsonline", "one"],
      ["log", "quarantined=syntax via=jsonline", "two"],
    ],
  },
  { why: "nothing at all", url: JSONLINE, payload: "", kept: [] },
  ...[gzipSync, zstdCompressSync, deflateSync, snappyCompress].map((compress, i) => ({
    why: `Content-Encoding ${["gzip", "zstd", "deflate", "snappy"][i]}`,
    url: JSONLINE,
    headers: { "content-encoding": ["gzip", "zstd", "deflate", "snappy"][i] ?? "" },
    payload: Buffer.from(compress(Buffer.from('{"a":1}\n{"a":2}\n'))),
    kept: [
      ["log", "via=jsonline", '{"a":1}'],
      ["log", "via=jsonline", '{"a":2}'],
    ] as Kept[],
  })),
  ...[
    lokiProto('{app="web",host="h\\"1"}', ["hello"], { trace: "1" }),
    lokiJson({ app: "web", host: 'h"1' }, ["hello"], { trace: "1" }),
  ].map((payload, i) => ({
    why: `Loki ${["protobuf", "JSON"][i]}: one object of line, labels and structured metadata`,
    url: LOKI,
    headers: i === 0 ? proto : json,
    payload,
    status: 204,
    kept: [
      [
        "log",
        `msg=_msg stream=app,host time=${TIME} via=loki`,
        `${BODY},"app":"web","host":"h\\"1","trace":"1"}`,
      ],
    ] as Kept[],
  })),
  ...[otlpProto, otlpJson].map((write, i) => ({
    why: `OTLP ${["protobuf", "JSON"][i]}: one object of record, resource and scope`,
    url: OTLP,
    headers: i === 0 ? proto : json,
    payload: write({ "service.name": "shop" }, ["hello"], { n: "1" }),
    kept: [
      [
        "log",
        `msg=_msg stream=service.name time=${TIME} via=otlp`,
        `${otlpBody}"service.name":"shop","n":"1","scope.name":"filelog","scope.version":"1.0"}`,
      ],
    ] as Kept[],
  })),
  {
    why: "a label called as a field of ours keeps its value under another name",
    url: LOKI,
    headers: json,
    payload: lokiJson({ _msg: "x" }, ["hello"], { "label._msg": "y" }),
    status: 204,
    kept: [
      [
        "log",
        `msg=_msg stream=label._msg time=${TIME} via=loki`,
        `${BODY},"label._msg":"x","metadata.label._msg":"y"}`,
      ],
    ],
  },
  {
    why: "a body that is nothing of its protocol is one record, and refused",
    url: LOKI,
    headers: json,
    payload: '{"a":1}',
    status: 400,
    kept: [["log", "quarantined=syntax via=loki", '{"a":1}']],
  },
]

for (const { why, url, headers = {}, payload, status = 200, kept } of [...events, ...logs]) {
  test(why, () =>
    withApi({}, async ({ app, journal }) => {
      const answer = await app.inject({ method: "POST", url, headers, payload })
      assert.equal(answer.statusCode, status, answer.body)
      const records = journal.records.map(({ kind, words, body }) => [
        kind,
        words.map((word) => word.join("=")).join(" "),
        Buffer.from(body).toString(),
      ])
      assert.deepEqual(records, kept)
      assert.ok(journal.records.every(({ source }) => source === "local"))
    }),
  )
}

test("counts stand in headers, and debug=1 says what became of each line", () =>
  withApi({}, async ({ app }) => {
    const url = `${JSONLINE}?debug=1&ignore_fields=a`
    const answer = await app.inject({ method: "POST", url, payload: '{"a":1}\nx\n' })
    assert.equal(answer.headers["tallystick-lines"], "2")
    assert.equal(answer.headers["tallystick-quarantined"], "1")
    assert.equal(answer.headers["tallystick-unused"], "ignore_fields")
    assert.equal(answer.body, '{"line":0,"kept":"log"}\n{"line":1,"kept":"log","quarantined":"syntax"}\n')
  }))

test("_bulk answers item by item: 201 on disk, 400 kept and not understood", () =>
  withApi({}, async ({ app, journal }) => {
    const payload =
      '{"create":{"_index":"a","_id":"1"}}\n{"x":1}\n{"index":{}}\nnot json\n{"delete":{"_id":"2"}}\n' +
      '{"update":{"_id":"3"}}\n{"doc":{}}\nno action\n{"index":{}}\n{"x":2}\n{"create":{}}\n'
    const answer = await app.inject({ method: "POST", url: "/insert/elasticsearch/logs/_bulk", payload })
    const { errors, items } = answer.json() as {
      errors: boolean
      items: Record<string, { status: number }>[]
    }
    assert.equal(errors, true)
    assert.deepEqual(
      items.map((item) => Object.entries(item).map(([action, { status }]) => `${action} ${status}`)[0]),
      ["create 201", "index 400", "delete 400", "update 400", "index 400", "index 201", "create 400"],
    )
    assert.equal(items[0]?.create?.status, 201)
    assert.equal(journal.records.length, items.length)
    assert.equal(answer.headers["x-elastic-product"], "Elasticsearch")
  }))

test("all good: _bulk says errors false", () =>
  withApi({}, async ({ app }) => {
    const payload = '{"create":{}}\n{"x":1}\n'
    const { errors, items } = (await app.inject({ method: "POST", url: BULK, payload })).json() as {
      errors: boolean
      items: unknown[]
    }
    assert.equal(errors, false)
    assert.equal(items.length, 1)
  }))

test("OTLP answers in the encoding of the request, with what it rejected", () =>
  withApi({}, async ({ app }) => {
    const good = await app.inject({
      method: "POST",
      url: OTLP,
      headers: proto,
      payload: otlpProto({}, ["x"]),
    })
    assert.equal(good.headers["content-type"], "application/x-protobuf")
    assert.equal(good.rawPayload.length, 0)
    // A log record whose body is cut off, beside a good one.
    const bad = Buffer.concat([Buffer.from([0x12, 0x03, 0x2a, 0x05, 0x0a])])
    const frame = (tag: number, inner: Buffer) => Buffer.concat([Buffer.from([tag, inner.length]), inner])
    const payload = frame(0x0a, frame(0x12, Buffer.concat([bad, Buffer.from([0x12, 0x02, 0x10, 0x09])])))
    const partly = await app.inject({ method: "POST", url: OTLP, headers: proto, payload })
    assert.equal(partly.statusCode, 200)
    assert.equal(partly.headers["tallystick-quarantined"], "1")
    assert.match(partly.rawPayload.toString("latin1"), /^\n.\x08\x01\x12.kept, marked quarantined/s)
    const told = await app.inject({
      method: "POST",
      url: OTLP,
      headers: json,
      payload: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[7,{"body":{"stringValue":"x"}}]}]}]}',
    })
    assert.equal(
      (told.json() as { partialSuccess: { rejectedLogRecords: string } }).partialSuccess.rejectedLogRecords,
      "1",
    )
    const whole = await app.inject({ method: "POST", url: OTLP, headers: json, payload: otlpJson({}, ["x"]) })
    assert.deepEqual(whole.json(), {})
  }))

const handshake: readonly (readonly [client: string, method: "GET" | "HEAD" | "PUT", path: string])[] = [
  ["all", "GET", ""],
  ["all", "HEAD", "/"],
  ["Filebeat", "GET", "/_license?human=false"],
  ["Filebeat", "HEAD", "/_ilm/policy/filebeat"],
  ["Filebeat", "PUT", "/_index_template/filebeat"],
  ["Filebeat", "PUT", "/_ingest/pipeline/x"],
  ["Logstash", "GET", "/_xpack"],
  ["Vector", "GET", "/_cluster/health"],
  ["OpenSearch clients", "GET", "/_nodes/http"],
  ["what nodes there are", "GET", "/_nodes"],
]
for (const [client, method, path] of handshake) {
  test(`${client}: ${method} /insert/elasticsearch${path} is answered as Elasticsearch would`, () =>
    withApi({}, async ({ app }) => {
      const answer = await app.inject({ method, url: `/insert/elasticsearch${path}` })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers["x-elastic-product"], "Elasticsearch")
      if (path === "") assert.match(answer.body, /"number":"8\./)
    }))
}

const WRITER = "writer-token-0123456789"
const credentials = () =>
  CredentialTable.open(
    [{ name: "prod", source: "prod-1/logs", verbs: ["write"], tokenFile: "writer", tenants: ["7:1"] }],
    async () => WRITER,
  )

test("the credential decides the source; a request that claims another is refused and counted", async () => {
  await withApi({ credentials: await credentials() }, async ({ app, journal, deps }) => {
    const post = (
      url: string,
      headers: Record<string, string> = {},
      payload = '{"cluster":"prod-2","source":"x"}',
    ) =>
      app.inject({ method: "POST", url, payload, headers: { authorization: `Bearer ${WRITER}`, ...headers } })
    assert.equal((await post(JSONLINE, { authorization: "" })).statusCode, 401)
    assert.equal((await post(JSONLINE)).statusCode, 200, "what a line says decides nothing")
    assert.equal((await post(`${JSONLINE}?source=node-1`)).statusCode, 200, "an argument narrows")
    assert.equal((await post(`${JSONLINE}?extra_fields=cluster=prod-1`)).statusCode, 200, "said again")
    const claims: [string, Record<string, string>][] = [
      [`${JSONLINE}?extra_fields=cluster=prod-2`, {}],
      [`${BULK}`, { "vl-extra-fields": "a=b,source=prod-2" }],
    ]
    for (const [url, headers] of claims) {
      const refused = await post(url, headers)
      assert.equal(refused.statusCode, 403)
      assert.match(refused.body, /source\.spoofed/)
    }
    assert.equal(
      (await post(JSONLINE, { accountid: "7", projectid: "1" })).statusCode,
      200,
      "a tenant it has",
    )
    assert.equal((await post(JSONLINE, { accountid: "8" })).statusCode, 403, "a tenant it has not")
    assert.deepEqual(
      journal.records.map(({ source }) => source),
      ["prod-1/logs", "prod-1/logs/node-1", "prod-1/logs", "prod-1/logs"],
    )
    assert.equal(seriesOf(await deps.metrics.text(), "tallystick_source_spoofed_total"), 2)
  })
})

test("every series of lines is there from the start, and counts", () =>
  withApi({}, async ({ app, deps }) => {
    const series = (outcome: string) =>
      `tallystick_insert_lines_total{protocol="jsonline",outcome="${outcome}"}`
    const before = await deps.metrics.text()
    for (const outcome of ["event", "log", "quarantined"]) assert.equal(seriesOf(before, series(outcome)), 0)
    await app.inject({ method: "POST", url: JSONLINE, payload: `{"log":${QUOTED}}\n{"a":1}\nx\n` })
    const after = await deps.metrics.text()
    for (const outcome of ["event", "log", "quarantined"]) assert.equal(seriesOf(after, series(outcome)), 1)
  }))

test("ready while the journal is", async () => {
  for (const url of ["/insert/ready", "/insert/loki/ready"]) {
    await withApi({}, async ({ app }) => assert.equal((await app.inject({ url })).statusCode, 200))
    await withApi({ health: () => [{ part: "journal", state: "down" }] }, async ({ app }) => {
      const answer = await app.inject({ url })
      assert.equal(answer.statusCode, 503)
      assert.equal(answer.headers["retry-after"], "3")
    })
  }
})
