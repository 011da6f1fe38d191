import assert from "node:assert/strict"
import { test } from "node:test"
import { gzipSync } from "node:zlib"
import { BinaryWriter } from "@bufbuild/protobuf/wire"
import { fc } from "../support/properties.ts"
import { snappyCompress } from "hysnappy"
import { seriesOf, startApi, withApi } from "../support/api.ts"
import { fluentMsgpack, lokiJson, lokiProto, otlpJson, otlpProto } from "../support/collector-bodies.ts"

// Bytes of strangers to every insert path: an answer of the table, never a fault of ours, and never a lost good line.

const json = { "content-type": "application/json" }
const proto = { "content-type": "application/x-protobuf" }
const WAYS: readonly {
  readonly url: string
  readonly headers: Record<string, string>
  readonly sample: string | Buffer
}[] = [
  { url: "/insert/jsonline", headers: {}, sample: '{"a":"b","log":"{\\"auditID\\":1}"}\n[{"c":[1,{}]}]' },
  {
    url: "/insert/jsonline",
    headers: { "content-type": "application/msgpack" },
    sample: fluentMsgpack([{ a: "b" }]),
  },
  {
    url: "/insert/elasticsearch/_bulk",
    headers: {},
    sample: '{"create":{}}\n{"a":1}\n{"index":{"_id":"1"}}\n{"b":{}}\n',
  },
  { url: "/insert/loki/api/v1/push", headers: json, sample: lokiJson({ a: "b" }, ["x", "y"], { m: "n" }) },
  { url: "/insert/loki/api/v1/push", headers: proto, sample: lokiProto('{a="b"}', ["x", "y"], { m: "n" }) },
  {
    url: "/v1/logs",
    headers: json,
    sample: otlpJson({ a: "b" }, ["x", { y: [1, { z: true }] }], { c: "d" }),
  },
  {
    url: "/v1/logs",
    headers: proto,
    sample: otlpProto({ a: "b" }, ["x", { y: [1.5, { z: true }] }], { c: "d" }),
  },
]

for (const { url, headers, sample } of WAYS) {
  const form = headers["content-type"] ?? "no content type"
  test(`${url}, ${form}: any bytes are answered`, async () => {
    const { app, troubles, close } = await startApi({ redactor: undefined })
    const whole = Buffer.from(sample)
    const changed = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 })
      .chain((edits) => fc.tuple(fc.constant(edits), fc.nat(whole.length)))
      .map(([edits, end]) => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of edits) bytes[at] = byte
        return edits.length % 2 === 0 ? bytes : bytes.subarray(0, end)
      })
    const any = fc.oneof(
      changed,
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    )
    await fc.assert(
      fc.asyncProperty(any, async (payload) => {
        const { statusCode } = await app.inject({ method: "POST", url, headers, payload })
        assert.ok([200, 204, 400, 413].includes(statusCode), String(statusCode))
      }),
      { numRuns: 200 },
    )
    assert.deepEqual(troubles, [])
    await close()
  })
}

const MANY = 300_000
const LINES_MAX = 250_000
const many: readonly {
  readonly why: string
  readonly url: string
  readonly headers?: Record<string, string>
  readonly payload: string | Buffer
  readonly status: number
  readonly records: number
}[] = [
  {
    why: "lines that are none: the rest is one record",
    url: "/insert/jsonline",
    payload: "x\n".repeat(MANY),
    status: 400,
    records: LINES_MAX + 1,
  },
  {
    why: "lines: the rest is one record",
    url: "/insert/jsonline",
    payload: "{}\n".repeat(MANY),
    status: 200,
    records: LINES_MAX + 1,
  },
  {
    why: "actions that are none: the rest is one item, and told",
    url: "/insert/elasticsearch/_bulk",
    payload: "x\n".repeat(MANY),
    status: 200,
    records: LINES_MAX + 1,
  },
  {
    why: "documents: likewise, between an action and its document",
    url: "/insert/elasticsearch/_bulk",
    payload: '{"create":{}}\n{}\n'.repeat(MANY),
    status: 200,
    records: LINES_MAX + 1,
  },
  {
    why: "empty streams: one record of all",
    url: "/insert/loki/api/v1/push",
    headers: { ...proto, "content-encoding": "gzip" },
    payload: gzipSync(snappyCompress(Buffer.from("\n\0".repeat(MANY)))),
    status: 400,
    records: 1,
  },
  {
    why: "empty entries of one stream: likewise",
    url: "/insert/loki/api/v1/push",
    headers: proto,
    payload: lokiProto("{}", Array(MANY).fill("")),
    status: 400,
    records: 1,
  },
  {
    why: "Loki's JSON: likewise",
    url: "/insert/loki/api/v1/push",
    headers: json,
    payload: `{"streams":[{"stream":{},"values":[["1",""]${',["1",""]'.repeat(MANY)}]}]}`,
    status: 400,
    records: 1,
  },
  {
    why: "OTLP: likewise",
    url: "/v1/logs",
    headers: proto,
    payload: otlpProto({}, Array(MANY).fill(1)),
    status: 400,
    records: 1,
  },
  {
    why: "OTLP: attributes of two bytes",
    url: "/v1/logs",
    headers: { ...proto, "content-encoding": "gzip" },
    payload: gzipSync(manyAttributes(8_100_000)),
    status: 400,
    records: 1,
  },
  {
    why: "msgpack: likewise",
    url: "/insert/jsonline",
    headers: { "content-type": "application/msgpack" },
    payload: Buffer.from("\x92\x00\x80".repeat(MANY), "latin1"),
    status: 400,
    records: 1,
  },
]
for (const { why, url, headers = {}, payload, status, records } of many) {
  test(`more lines than a body may have, ${url}: ${why}`, () =>
    withApi({ redactor: undefined }, async ({ app, journal }) => {
      const answer = await app.inject({ method: "POST", url, headers, payload })
      assert.equal(answer.statusCode, status, answer.body.slice(0, 200))
      assert.equal(journal.records.length, records)
      const last = new Map(journal.records.at(-1)?.words)
      assert.equal(last.get("quarantined"), "tooMany")
    }))
}

test("values nested without end cost one record each and no neighbour", () =>
  withApi({}, async ({ app, journal }) => {
    const deep = `{"body":${'{"arrayValue":{"values":['.repeat(200)}${"]}}".repeat(200)}}`
    const payload = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${deep},{"body":{"stringValue":"good"}}]}]}]}`
    const answer = await app.inject({ method: "POST", url: "/v1/logs", headers: json, payload })
    assert.equal(
      (answer.json() as { partialSuccess: { rejectedLogRecords: string } }).partialSuccess.rejectedLogRecords,
      "1",
    )
    const deepLine = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}\n{"b":1}\n`
    assert.equal(
      (await app.inject({ method: "POST", url: "/insert/jsonline", payload: deepLine })).statusCode,
      200,
    )
    assert.deepEqual(
      journal.records.map(({ words }) => words.find(([key]) => key === "quarantined")?.[1]),
      ["entry", undefined, "depth", undefined],
    )
  }))

test("names from outside are data: no prototype, no word and no label is made of them", () =>
  withApi({}, async ({ app, journal }) => {
    const url = "/insert/jsonline?_msg_field=__proto__&_stream_fields=__proto__,constructor,a%3D%22%7D%20b"
    const payload = '{"__proto__":"x","constructor":"y","a=\\"} b":"z","toString":"\\u001b[31m"}'
    assert.equal((await app.inject({ method: "POST", url, payload })).statusCode, 200)
    const labels = lokiJson(JSON.parse('{"__proto__":"x","hasOwnProperty":"y"}'), ["line"])
    assert.equal(
      (await app.inject({ method: "POST", url: "/insert/loki/api/v1/push", headers: json, payload: labels }))
        .statusCode,
      204,
    )
    const [first, second] = journal.records.map(({ words }) => Object.fromEntries(words))
    assert.equal(first?.msg, "__proto__")
    assert.equal(first?.stream, "__proto__,constructor,a%3D%22%7D%20b")
    assert.equal(second?.stream, "__proto__,hasOwnProperty")
    assert.match(String(journal.texts()[1]), /"_msg":"line","__proto__":"x","hasOwnProperty":"y"/)
  }))

test("a bomb is refused before it is unpacked, recorded as a loss, and its bytes in flight come back", () =>
  withApi(
    { small: { bodyBytesMax: 100_000, inFlightBytesMax: 1_000_000 } },
    async ({ app, losses, deps }) => {
      const bombs: [string, Buffer][] = [
        ["gzip", gzipSync(Buffer.alloc(5_000_000, 0x20))],
        ["snappy", Buffer.from([0xff, 0xff, 0xff, 0x7f, 0x00])],
      ]
      for (const [encoding, payload] of bombs) {
        const headers = { "content-encoding": encoding }
        const { statusCode } = await app.inject({ method: "POST", url: "/insert/jsonline", headers, payload })
        assert.equal(statusCode, 413, encoding)
      }
      const snappy = await app.inject({
        method: "POST",
        url: "/insert/loki/api/v1/push",
        headers: proto,
        payload: bombs[1]?.[1] ?? "",
      })
      assert.equal(snappy.statusCode, 413)
      assert.equal(losses.length, 3)
      assert.equal(seriesOf(await deps.metrics.text(), "tallystick_in_flight_bytes"), 0)
    },
  ))

/** One resource without records. */
function manyAttributes(count: number): Uint8Array {
  const attributes = Buffer.from("\n\0".repeat(count), "latin1")
  const resource = new BinaryWriter().tag(1, 2).bytes(attributes).finish()
  return new BinaryWriter().tag(1, 2).bytes(resource).finish()
}
