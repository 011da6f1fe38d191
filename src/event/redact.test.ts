import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import {
  BASE64,
  CANARY,
  event,
  HARMLESS,
  HIDDEN,
  JWT,
  of,
  SECRET_EVENT,
  UNPARSED_SECRETS,
} from "../../test/fixtures/events/hidden-canary.ts"
import { toBytes } from "../base/bytes.ts"
import { compileRedaction, DEFAULT_REDACTION, ENVIRONMENT_REDACTION, redactionNames } from "./redact.ts"
import type { RedactionRule } from "./redaction-rules.ts"
import { sliceEvents } from "./slice.ts"

const redact = compileRedaction()

/** Through the front door: sliced, then redacted with hints. */
function redactAll(body: string): { text: string; rules: string[] } {
  const bytes = toBytes(body)
  const rules: string[] = []
  const texts = sliceEvents(bytes).items.map(({ start, end, hints }) => {
    const item = bytes.subarray(start, end)
    const hit = redact(item, hints)
    assert.deepEqual(redact(item), hit, "the same without hints")
    rules.push(...(hit?.redacted ?? []))
    return Buffer.from(hit?.body ?? item).toString()
  })
  return { text: texts.join("\n"), rules }
}

for (const [where, body, rule] of HIDDEN) {
  test(`the canary is taken out of: ${where}`, () => {
    const { text, rules } = redactAll(body)
    assert.ok(!text.includes(CANARY) && !text.includes(BASE64) && !text.includes(CANARY.slice(1)), text)
    assert.ok(!text.includes(JWT.slice(-20)), text)
    assert.ok(rules.includes(rule), `hit by ${rules}`)
    const { items } = sliceEvents(toBytes(body))
    const original = toBytes(body).subarray(items[0]?.start, items.at(-1)?.end)
    assert.deepEqual(
      shape(JSON.parse(text)),
      shape(JSON.parse(Buffer.from(original).toString())),
      "same keys",
    )
    assert.equal(redact(toBytes(text)), undefined, "twice is as good as once")
  })
}

/** Keys and lengths, without scalars. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape)
  if (typeof value !== "object" || value === null) return 0
  return Object.entries(value).map(([key, inner]) => [key, shape(inner)])
}

for (const [what, body] of HARMLESS) {
  test(`nothing is taken out of: ${what}`, () => assert.deepEqual(redactAll(body), { text: body, rules: [] }))
}

for (const [where, body] of UNPARSED_SECRETS) {
  test(`the canary is taken out of what is no JSON: ${where}`, () => {
    const bytes = toBytes(body)
    const hit = redact(bytes)
    const text = Buffer.from(hit?.body ?? bytes).toString()
    assert.ok(!text.includes(CANARY) && !text.includes(BASE64), text)
    const again = redact(toBytes(text))
    assert.equal(Buffer.from(again?.body ?? toBytes(text)).toString(), text, "twice is as good as once")
  })
}

test("a cut-off list never shows the canary, wherever it is cut", () => {
  const list = `{"kind":"EventList","items":[${SECRET_EVENT},${SECRET_EVENT}`
  for (let size = 40; size < list.length; size += 3) {
    const { text } = redactAll(list.slice(0, size))
    // A value that is cut itself may show as many bytes as are there, but not under its key.
    assert.ok(
      !text.includes(CANARY.slice(0, 8)) && !text.includes(BASE64.slice(0, 8)),
      `cut at ${size}: ${text}`,
    )
  }
})

test("a redacted body says so, and all else stays byte for byte", () => {
  const body = event({ requestObject: { kind: "Secret", data: { a: "AAAA" }, n: 1.0, é: "\ud83d" } })
  const hit = redact(toBytes(body))
  assert.equal(Buffer.from(hit?.body ?? []).toString(), body.replace('"AAAA"', '"[redacted:secret-data]"'))
  assert.deepEqual(hit?.redacted, ["secret-data"])
})

const refused: [why: string, rule: RedactionRule][] = [
  ["a name with spaces", { name: "My rule", paths: ["a"] }],
  ["nothing to take out", { name: "x" }],
  ["two things at once", { name: "x", paths: ["a"], parameters: "b" }],
  ["objectPaths without when", { name: "x", objectPaths: ["a"] }],
  ["kinds without objectPaths", { name: "x", when: { kinds: ["Secret"] }, paths: ["a"] }],
  ["no path", { name: "x", paths: ["a..b"] }],
  ["a path that ends in a dot", { name: "x", paths: ["a."] }],
  ["look-ahead", { name: "x", pattern: "a(?=b)" }],
  ["a pattern too long", { name: "x", pattern: "a".repeat(1001) }],
]
for (const [why, rule] of refused) {
  test(`compileRedaction refuses ${why}`, () => {
    assert.throws(() => compileRedaction([rule]), { code: "redaction.malformed" })
  })
}

test("a name twice is refused", () => {
  const rule: RedactionRule = { name: "x", paths: ["a"] }
  assert.throws(() => compileRedaction([rule, rule]), { code: "redaction.malformed" })
})

const own: [what: string, rules: readonly RedactionRule[], more: object, expected: string | undefined][] = [
  [
    "a path",
    [{ name: "own", paths: ["requestObject.spec.pin"] }],
    { requestObject: { spec: { pin: 1234 } } },
    '{"spec":{"pin":"[redacted:own]"}}',
  ],
  [
    "a path for another resource",
    [{ name: "own", when: { resources: ["cards"] }, paths: ["requestObject.pin"] }],
    { requestObject: { pin: 1 } },
    undefined,
  ],
  [
    "a path for this resource",
    [{ name: "own", when: { resources: ["secrets"] }, paths: ["requestObject.pin"] }],
    { requestObject: { pin: 1 } },
    '{"pin":"[redacted:own]"}',
  ],
  [
    "a path within a JSON patch",
    [{ name: "own", paths: ["requestObject.spec.pin"] }],
    { requestObject: [{ path: "/spec/pin", value: 1 }] },
    '[{"path":"/spec/pin","value":"[redacted:own]"}]',
  ],
  [
    "stars",
    [{ name: "own", paths: ["requestObject.**.pin"] }],
    { requestObject: { pin: 1, a: [{ pin: "x" }] } },
    '{"pin":"[redacted:own]","a":[{"pin":"[redacted:own]"}]}',
  ],
  [
    "a star within a key",
    [{ name: "own", paths: ['requestObject["p*n"]'] }],
    { requestObject: { pin: 1, pan: 2, pen1: 3 } },
    '{"pin":"[redacted:own]","pan":"[redacted:own]","pen1":3}',
  ],
  [
    "another kind",
    [{ name: "own", when: { kinds: ["Card"] }, objectPaths: ["pin"] }],
    { requestObject: { x: { kind: "Card", pin: 1 } } },
    '{"x":{"kind":"Card","pin":"[redacted:own]"}}',
  ],
  [
    "a pattern",
    [{ name: "own", pattern: "pin=([0-9]+)" }],
    { requestObject: "my pin=1234!" },
    '"my pin=[redacted:own]!"',
  ],
  [
    "a pattern beside other letters and escapes",
    [{ name: "own", pattern: "[0-9]{4}" }],
    { requestObject: 'é"\ud83d\ude00 1234 \n' },
    JSON.stringify('é"\ud83d\ude00 [redacted:own] \n'),
  ],
  [
    "environment variables",
    [...ENVIRONMENT_REDACTION],
    { ...of("pods"), requestObject: { spec: { containers: [{ env: [{ name: "A", value: "b" }] }] } } },
    '{"spec":{"containers":[{"env":[{"name":"A","value":"[redacted:environment]"}]}]}}',
  ],
]
for (const [what, rules, more, expected] of own) {
  test(`rules of one's own: ${what}`, () => {
    const item = toBytes(event(more))
    const { hints } = sliceEvents(item).items[0]!
    const hit = compileRedaction(rules)(item, hints)
    assert.equal(hit && JSON.stringify(JSON.parse(Buffer.from(hit.body).toString()).requestObject), expected)
  })
}

test("rules of one's own for a resource: those whose text no event need show go the careful way", () => {
  const when = { resources: ["pods"] }
  const what = { ...of("pods"), annotations: { a: "x1234", "b&c": "y" } }
  const kept = (rule: Partial<RedactionRule>): unknown => {
    const item = toBytes(event(what))
    const { hints } = sliceEvents(item).items[0]!
    const hit = compileRedaction([{ name: "own", when, ...rule }])(item, hints)
    return hit && JSON.parse(Buffer.from(hit.body).toString()).annotations
  }
  assert.deepEqual(kept({ pattern: "[0-9]{4}" }), { a: "x[redacted:own]", "b&c": "y" })
  assert.deepEqual(kept({ pattern: "[0-9]{4}", contains: ["x1"] }), { a: "x[redacted:own]", "b&c": "y" })
  assert.equal(kept({ pattern: "[0-9]{4}", contains: ["x2"] }), undefined)
  assert.deepEqual(kept({ paths: ["annotations.*"] }), { a: "[redacted:own]", "b&c": "[redacted:own]" })
  assert.deepEqual(kept({ paths: ['annotations["b&*"]'] }), { a: "x1234", "b&c": "[redacted:own]" })
  assert.equal(kept({ paths: ["annotations.nobody"] }), undefined)
})

const secretValue = fc.constantFrom(CANARY, BASE64, JWT, `Bearer ${CANARY}`, "x")
const anyEvent = fc
  .record({
    resource: fc.constantFrom("secrets", "pods", "configmaps", "tokenreviews"),
    kind: fc.constantFrom("Secret", "List", "Pod", "TokenReview"),
    value: secretValue,
    extra: fc.jsonValue({ maxDepth: 3 }),
    uri: fc.constantFrom("/a", "/a?token=x", "/a?limit=1&password=%20y", "/secrets?x"),
    hasBody: fc.boolean(),
    annotation: fc.constantFrom("a", "patch.webhook.admission.k8s.io/round_0_index_0", "patch.webhook"),
    message: fc.constantFrom("ok", `found in #10 byte of ...|${CANARY}`, "byte of ..."),
  })
  .map(({ resource, kind, value, extra, uri, hasBody, annotation, message }) => {
    const body = {
      kind,
      data: { k: value, extra },
      spec: { token: value },
      items: [{ kind: "Secret", data: extra }],
    }
    return event({
      ...of(resource),
      requestURI: uri,
      ...(hasBody ? { requestObject: body } : {}),
      responseStatus: { message },
      annotations: { [annotation]: value },
    })
  })

test("redaction keeps JSON, keys and all bytes outside of marks; twice is as good as once", () => {
  fc.assert(
    fc.property(anyEvent, (body) => {
      const bytes = toBytes(body)
      const hit = redact(bytes)
      if (hit === undefined) return
      const text = Buffer.from(hit.body).toString()
      assert.equal(typeof JSON.parse(text), "object")
      // What stands between marks stands in the original, in this order.
      let at = 0
      for (const piece of text.split(/"?\[redacted:[a-z-]+\]"?/)) {
        const found = body.indexOf(piece, at)
        assert.ok(found >= 0, piece)
        at = found + piece.length
      }
      assert.equal(redact(hit.body), undefined)
    }),
    { numRuns: 300 },
  )
})

test("the fast path and the careful path agree", () => {
  // A rule that may hit anything forces the careful path; it hits nothing itself.
  const careful = compileRedaction([...DEFAULT_REDACTION, { name: "never", paths: ["no.such.place"] }])
  fc.assert(
    fc.property(anyEvent, (body) => {
      const bytes = toBytes(body)
      const { hints } = sliceEvents(bytes).items[0]!
      assert.deepEqual(redact(bytes, hints), careful(bytes, hints))
    }),
    { numRuns: 600 },
  )
})

test("random bytes never throw", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    ",",
    ":",
    "data",
    "Secret",
    "\\",
    "\\u00",
    "token",
    "?",
    "=",
    "\n",
    "é",
    "eyJ",
    ".",
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void redact(toBytes(pieces.join("")))),
    { numRuns: 1000 },
  )
})

test("names of rules for metrics", () => {
  assert.deepEqual(redactionNames(), [...DEFAULT_REDACTION.map(({ name }) => name), "unparsed"])
})

test("what is passed over without a look holds nothing that a look would find", () => {
  const wary = compileRedaction([...DEFAULT_REDACTION, { name: "never", paths: ["never.there"] }])
  const plain = compileRedaction()
  const words = [
    "objectRef",
    "requestURI",
    "Secret",
    "data",
    "secrets",
    "kind",
    "resource",
    "R",
    "eyJ",
    "Bearer x",
  ]
  const text = fc.oneof(
    fc.constantFrom(...words, CANARY, "/api/v1/secrets?token=x"),
    fc.string({ maxLength: 6 }),
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, text, fc.integer(), tie("object"), fc.array(tie("any"), { maxLength: 3 })),
    object: fc.dictionary(text, tie("any"), { maxKeys: 4 }),
  })).object
  fc.assert(
    fc.property(value, (object) => {
      const item = toBytes(JSON.stringify(object))
      assert.deepEqual(plain(item), wary(item))
    }),
    { numRuns: 2_000 },
  )
})
