import assert from "node:assert/strict"
import { test } from "node:test"
import { legacyEvent, parseLegacyLine, unquoteGo } from "./legacy.ts"

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

test("legacyEvent says what the line says, and nothing else", () => {
  const line = parseLegacyLine(LINE.replace("<self>", "root").replace("<lookup>", '\\"admins\\"'))
  assert.deepEqual(line && legacyEvent(line), {
    auditID: "4c56",
    stage: "ResponseComplete",
    verb: "create",
    requestURI: "/api/v1/pods?x=<",
    requestReceivedTimestamp: "2026-07-24T10:11:12.3Z",
    user: { username: 'alice "a"', groups: ["devs", "system:authenticated"] },
    impersonatedUser: { username: "root", groups: ["admins"] },
    sourceIPs: ["192.0.2.10"],
    userAgent: "kubectl/v1.32",
    objectRef: { namespace: "default" },
    responseStatus: { code: 201 },
  })
  const least = parseLegacyLine('2026-07-24T10:11:12Z AUDIT: id="a" stage="Panic" user="<none>" uri="/"')
  assert.deepEqual(least && JSON.parse(JSON.stringify(legacyEvent(least))), {
    auditID: "a",
    stage: "Panic",
    verb: "",
    requestURI: "/",
    requestReceivedTimestamp: "2026-07-24T10:11:12Z",
    user: { groups: [] },
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
