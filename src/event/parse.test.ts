import assert from "node:assert/strict"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { EVENT_FIELDS } from "./fields.ts"
import { parseLegacyLine, unquoteGo } from "./legacy.ts"
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

const LINE =
  `2026-07-24T10:11:12.3Z AUDIT: id="4c56" stage="ResponseComplete" ip="192.0.2.10" method="create" ` +
  `user="alice \\"a\\"" groups="\\"devs\\",\\"system:authenticated\\"" as="<self>" asgroups="<lookup>" ` +
  `user-agent="kubectl/v1.32" namespace="default" uri="/api/v1/pods?x=\\u003c" response="201"`

test("parseLegacyLine reads what the line says", () => {
  assert.deepEqual(parseLegacyLine(`${LINE}\n`), {
    time: "2026-07-24T10:11:12.3Z",
    auditID: "4c56",
    stage: "ResponseComplete",
    verb: "create",
    username: 'alice "a"',
    groups: ["devs", "system:authenticated"],
    impersonatedUsername: undefined,
    impersonatedGroups: [],
    sourceIP: "192.0.2.10",
    userAgent: "kubectl/v1.32",
    namespace: "default",
    requestURI: "/api/v1/pods?x=<",
    code: 201,
  })
})

const lines: [why: string, line: string, understood: boolean][] = [
  ["behind a log's own prefix", `E0724 10:11:12.3 1 metrics.go:110] ${LINE}`, true],
  ["before user-agent existed (1.21)", LINE.replace(' user-agent="kubectl/v1.32"', ""), true],
  ["without a status", LINE.replace('"201"', '"<deferred>"'), true],
  ["with the zero time", LINE.replace("2026-07-24T10:11:12.3Z", "0001-01-01T00:00:00Z"), true],
  ["cut off", LINE.slice(0, -3), false],
  ["with a field torn open", LINE.replace('stage="', "stage="), false],
  ["with an escape Go does not know", LINE.replace("\\u003c", "\\q"), false],
  ["without an id", LINE.replace('id="4c56" ', ""), false],
  ["without a time", LINE.replace("2026-07-24T10:11:12.3Z", "yesterday-and-before"), false],
  ["an event", `{"kind":"Event"}`, false],
]
for (const [why, line, understood] of lines) {
  test(`parseLegacyLine, a line ${why}`, () => assert.equal(parseLegacyLine(line) !== undefined, understood))
}

const quoted: [quoted: string, text: string | undefined][] = [
  ["plain", "plain"],
  [`\\a\\b\\f\\n\\r\\t\\v\\\\\\"`, '\x07\b\f\n\r\t\v\\"'],
  ["\\x7f\\u00e9\\U0001f600", "\x7fé😀"],
  ["\\xff", "ÿ"],
  ["\\u12", undefined],
  ["\\U00110000", undefined],
  ["\\", undefined],
]
for (const [from, text] of quoted) {
  test(`unquoteGo ${from}`, () => assert.equal(unquoteGo(from), text))
}
