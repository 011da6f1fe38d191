import assert from "node:assert/strict"
import { createHash, createHmac } from "node:crypto"
import { test } from "node:test"
import { compileRedaction } from "../event/redact.ts"
import { originalDigest, type Redaction, toBatch, toBatchOrLog, toLogRecord } from "./receive.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (body: Uint8Array) => Buffer.from(body).toString()
const KEY = bytes("k".repeat(32))
const EVENT = '{"auditID":"a","stage":"ResponseComplete","verb":"get"}'
const SECRET =
  '{"auditID":"b","stage":"ResponseComplete","verb":"create","objectRef":{"resource":"secrets"},' +
  '"requestObject":{"kind":"Secret","data":{"password":"aHVudGVyMg=="}}}'

function redaction(): Redaction & { readonly rules: string[] } {
  const rules: string[] = []
  return { redact: compileRedaction(), key: KEY, onRedacted: (hit) => rules.push(...hit), rules }
}
const plain = { source: "prod-1", redactor: undefined }

test("toBatch keeps the exact bytes of each item, and says nothing of those that are understood", () => {
  const { records } = toBatch(bytes(`{"kind":"EventList","items":[${EVENT}, ${EVENT} ]}`), plain)
  assert.deepEqual(
    records.map(({ body, ...rest }) => ({ ...rest, body: textOf(body) })),
    [EVENT, EVENT].map((body) => ({ source: "prod-1", kind: "k8s.audit", words: [], body })),
  )
})

test("toBatch marks what is not understood, and keeps it", () => {
  const { records } = toBatch(bytes(`[${EVENT},{"x":1}]`), { ...plain, words: [["imported", "7"]] })
  const [first, second] = records
  assert.deepEqual(first?.words, [["imported", "7"]])
  assert.deepEqual(second?.words, [
    ["imported", "7"],
    ["quarantined", "notEvent"],
  ])
})

test("toBatch redacts before anybody else sees the bytes, and leaves a digest of what was there", () => {
  const redactor = redaction()
  const { records } = toBatch(bytes(`[${SECRET}]`), {
    source: "prod-1",
    redactor,
    words: [["reencoded", "fluent-bit"]],
  })
  const [record] = records
  assert.ok(record !== undefined)
  assert.ok(!textOf(record.body).includes("aHVudGVyMg"))
  assert.deepEqual(record.words, [
    ["original", originalDigest(KEY, record.body, bytes(SECRET))],
    ["reencoded", "fluent-bit"],
  ])
  assert.deepEqual(redactor.rules, ["secret-data"])
})

test("originalDigest is HMAC(HMAC(key, SHA-256(redacted)), original), so that one can be disclosed alone", () => {
  const inner = createHmac("sha256", KEY).update(createHash("sha256").update("redacted").digest()).digest()
  const expected = createHmac("sha256", inner).update("original").digest("base64")
  assert.equal(originalDigest(KEY, bytes("redacted"), bytes("original")), expected)
  assert.equal(expected.length, 44)
})

test("what is not JSON is a log record, redacted too", () => {
  const body = bytes('time="x" msg="Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"')
  assert.throws(() => toBatch(body, plain), { code: "event.notJson" })
  const record = toLogRecord(body, { source: "prod-1", redactor: redaction() })
  assert.equal(record.kind, "log")
  assert.ok(!textOf(record.body).includes("c2lnbmF0dXJl"), textOf(record.body))
  assert.deepEqual(
    record.words.map(([key]) => key),
    ["original", "quarantined"],
  )
  assert.deepEqual(toBatchOrLog(body, plain), { records: [toLogRecord(body, plain)], events: [] })
})

test("toBatch knows what to count of each event, and of nothing else", () => {
  const { records, events } = toBatch(bytes(`[${EVENT},{"x":1},${SECRET}]`), plain)
  assert.equal(records.length, 3)
  assert.deepEqual(
    events.map(({ verb, resource }) => [verb, resource]),
    [
      ["get", ""],
      ["create", "secrets"],
    ],
  )
})
