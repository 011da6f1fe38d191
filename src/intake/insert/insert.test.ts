import assert from "node:assert/strict"
import { Readable } from "node:stream"
import { test } from "node:test"
import { lokiProto } from "../../../test/support/collector-bodies.ts"
import { InFlight } from "../in-flight.ts"
import { parseInsertArguments } from "./arguments.ts"
import { inserter } from "./insert.ts"

test("what a snappy body of Loki unpacks to counts as in flight until it is durable", async () => {
  const line = "x".repeat(200_000)
  const body = lokiProto('{app="web"}', [line])
  assert.ok(body.length < 50_000)
  const inFlight = new InFlight(100_000_000)
  const heldWhileKept: number[] = []
  const insert = inserter({
    inFlight,
    limits: { bodyBytesMax: 1_000_000, requestTimeoutMs: 10_000 },
    redactor: undefined,
    async deliver(batch) {
      heldWhileKept.push(inFlight.used)
      return { first: 0, count: batch.length }
    },
  })
  await insert({
    form: { protocol: "loki", encoding: "snappy" },
    args: parseInsertArguments({}, () => undefined),
    userAgent: undefined,
    sender: "promtail",
    source: "prod-1",
    stream: Readable.from([body]),
    encoding: undefined,
    length: body.length,
  })
  assert.equal(heldWhileKept.length, 1)
  assert.ok((heldWhileKept[0] ?? 0) > body.length + line.length)
  assert.equal(inFlight.used, 0)
})
