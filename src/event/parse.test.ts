import assert from "node:assert/strict"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { EVENT_FIELDS } from "./fields.ts"
import { isTruncated, parseEvent, readField } from "./parse.ts"

const EVENT = parseEvent(
  toBytes(`{"apiVersion":"audit.k8s.io/v1","auditID":"a","verb":7,"sourceIPs":["192.0.2.1",5],
  "user":{"username":"alice","groups":["devs"],"extra":{"scopes":["a","b"],"x":"no list","__proto__":["p"]}},
  "responseStatus":{"code":200},"annotations":{"audit.k8s.io/truncated":"true","n":1},"stageTimestamp":null,
  "requestReceivedTimestamp":"2026-11-20T18:24:18.120000Z","objectRef":"pods"}`),
)
const read: [name: string, value: unknown, why: string][] = [
  ["auditID", "a", "a text"],
  ["verb", undefined, "another type"],
  ["user.username", "alice", "a nested text"],
  ["user.groups", ["devs"], "a list"],
  ["sourceIPs", ["192.0.2.1"], "a list holds texts only"],
  [
    "user.extra",
    JSON.parse(`{"scopes":["a","b"],"x":[],"__proto__":["p"]}`),
    "lists by name; no name is special",
  ],
  ["annotations", { "audit.k8s.io/truncated": "true" }, "texts by name"],
  ["responseStatus.code", 200, "an integer"],
  ["stageTimestamp", undefined, "null for a zero time"],
  ["requestReceivedTimestamp", "2026-11-20T18:24:18.120000Z", "a time as written"],
  ["objectRef.resource", undefined, "below another type"],
  ["_time", undefined, "the ledger's own"],
  ["no.such.field", undefined, "not in the catalogue"],
]
for (const [name, value, why] of read) {
  test(`readField ${name}: ${why}`, () => assert.deepEqual(EVENT && readField(EVENT, name), value))
}

test("every field of the catalogue can be read of any object", () => {
  for (const { name } of EVENT_FIELDS) assert.equal(readField({}, name), undefined)
})

test("isTruncated reads the annotation of the truncating back end", () => {
  assert.equal(EVENT && isTruncated(EVENT), true)
  assert.equal(isTruncated({ annotations: null }), false)
})

test("parseEvent gives nothing for what is no JSON object", () => {
  for (const text of ["", "[]", "null", "7", "{", '"x"']) assert.equal(parseEvent(toBytes(text)), undefined)
  assert.equal(parseEvent(Uint8Array.of(0x7b, 0xff, 0x7d)), undefined)
})
