import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { toBytes } from "../base/bytes.ts"
import { compileRedaction, DEFAULT_REDACTION, ENVIRONMENT_REDACTION, redactionNames } from "./redact.ts"
import type { RedactionRule } from "./redaction-rules.ts"
import { sliceEvents } from "./slice.ts"

const CANARY = "c4narYsEcReT-0123"
const BASE64 = Buffer.from(CANARY).toString("base64")
const JWT = `eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.${BASE64.replace(/=/g, "")}`
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
const redact = compileRedaction()

/** The event as kube-apiserver would write it; `more` are its members besides the usual. */
function event(more: object): string {
  const usual = {
    level: "RequestResponse",
    auditID: "a",
    stage: "ResponseComplete",
    requestURI: "/api/v1/x",
    verb: "create",
    user: { username: "alice" },
    objectRef: { resource: "secrets", namespace: "prod", name: "db" },
  }
  return JSON.stringify({ ...usual, ...more })
}
const of = (resource: string, subresource?: string) => ({
  objectRef: { resource, ...(subresource && { subresource }) },
})
const secret = (more: object = {}) => ({
  kind: "Secret",
  apiVersion: "v1",
  metadata: { name: "db" },
  type: "Opaque",
  ...more,
})
const data = { data: { password: BASE64, empty: "" } }

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

const hidden: [where: string, body: string, rule: string][] = [
  ["data of a Secret in a request", event({ requestObject: secret(data) }), "secret-data"],
  ["data of a Secret in a response", event({ responseObject: secret(data) }), "secret-data"],
  ["stringData", event({ requestObject: secret({ stringData: { password: CANARY } }) }), "secret-data"],
  [
    "several keys and odd types",
    event({ requestObject: secret({ data: { a: BASE64, b: { c: [CANARY] }, d: 4711 } }) }),
    "secret-data",
  ],
  [
    "data that is a string instead of an object",
    event({ requestObject: secret({ data: CANARY }) }),
    "secret-data",
  ],
  [
    "data under a key with an escape",
    event({ requestObject: secret(data) }).replace('"data"', '"d\\u0061ta"'),
    "secret-data",
  ],
  [
    "the second of two data",
    event({ requestObject: secret(data) }).replace('"data"', '"data":{"x":"y"},"data"'),
    "secret-data",
  ],
  [
    "the first of two data",
    event({ requestObject: secret(data) }).replace('"type"', '"data":{},"type"'),
    "secret-data",
  ],
  [
    "a value written with escapes",
    event({ requestObject: secret({ data: { p: "@" } }) }).replace("@", `\\u0063${CANARY.slice(1)}`),
    "secret-data",
  ],
  [
    "a SecretList, whose items have no kind",
    event({ verb: "list", responseObject: { kind: "SecretList", items: [data, data] } }),
    "secret-data",
  ],
  [
    "a List of mixed kinds",
    event({ ...of("lists"), responseObject: { kind: "List", items: [{ kind: "ConfigMap" }, secret(data)] } }),
    "secret-data",
  ],
  [
    "a Secret deep in another object",
    event({ ...of("bundles"), requestObject: { spec: { manifests: [secret(data)] } } }),
    "secret-data",
  ],
  [
    "the kind of it written with an escape",
    event({ ...of("bundles"), requestObject: { x: secret(data) } }).replace('"Secret"', '"S\\u0065cret"'),
    "secret-data",
  ],
  [
    "a SecretList in an event about something else",
    event({ ...of("bundles"), responseObject: { kind: "SecretList", items: [data] } }),
    "secret-data",
  ],
  ["a merge patch", event({ verb: "patch", requestObject: data }), "secret-data"],
  [
    "a strategic merge patch",
    event({ verb: "patch", requestObject: { $patch: "replace", data: { $patch: "merge", k: CANARY } } }),
    "secret-data",
  ],
  [
    "an apply patch",
    event({
      verb: "patch",
      requestURI: "/x?fieldManager=k&force=true",
      requestObject: secret({ stringData: { k: CANARY } }),
    }),
    "secret-data",
  ],
  [
    "a JSON patch of one value",
    event({ verb: "patch", requestObject: [{ op: "replace", path: "/data/password", value: CANARY }] }),
    "secret-data",
  ],
  [
    "a JSON patch of all data",
    event({ verb: "patch", requestObject: [{ op: "add", path: "/data", value: { password: CANARY } }] }),
    "secret-data",
  ],
  [
    "a JSON patch of stringData",
    event({ verb: "patch", requestObject: [{ op: "add", path: "/stringData/p", value: CANARY }] }),
    "secret-data",
  ],
  [
    "a JSON patch of everything",
    event({ verb: "patch", requestObject: [{ op: "replace", path: "", value: secret(data) }] }),
    "secret-data",
  ],
  [
    "a JSON patch that only tests",
    event({ verb: "patch", requestObject: [{ op: "test", path: "/data/p", value: CANARY }] }),
    "secret-data",
  ],
  [
    "a JSON patch with an escaped path",
    event({ verb: "patch", requestObject: [{ op: "add", path: "/data/p", value: CANARY }] }).replace(
      '"/data/p"',
      '"\\/d\\u0061ta\\/p"',
    ),
    "secret-data",
  ],
  [
    "a JSON patch with path twice",
    event({ verb: "patch", requestObject: [{ op: "add", path: "/data/p", value: CANARY }] }).replace(
      '"path"',
      '"path":"/metadata","path"',
    ),
    "secret-data",
  ],
  [
    "a patch in another notation",
    event({ verb: "patch", requestObject: `data:\n  p: ${CANARY}\n` }),
    "secret-data",
  ],
  [
    "a Table with whole objects",
    event({
      verb: "list",
      responseObject: { kind: "Table", rows: [{ cells: ["db"], object: secret(data) }] },
    }),
    "secret-data",
  ],
  [
    "a Secret pretty-printed",
    JSON.stringify(JSON.parse(event({ requestObject: secret(data) })), null, 2),
    "secret-data",
  ],
  ["a refused create", event({ requestObject: secret(data), responseStatus: { code: 403 } }), "secret-data"],
  [
    "an event without objectRef",
    event({ objectRef: undefined, requestURI: "/api/v1/namespaces/x/secrets", requestObject: data }),
    "secret-data",
  ],
  [
    "last-applied of a Secret",
    event({
      requestObject: secret({ metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(secret(data)) } } }),
    }),
    "last-applied",
  ],
  [
    "last-applied in a merge patch",
    event({
      verb: "patch",
      requestObject: { metadata: { annotations: { [LAST_APPLIED]: `{"x":"${CANARY}"}` } } },
    }),
    "last-applied",
  ],
  [
    "last-applied in a JSON patch",
    event({
      verb: "patch",
      requestObject: [
        {
          op: "add",
          path: "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
          value: CANARY,
        },
      ],
    }),
    "last-applied",
  ],
  [
    "last-applied in Table rows with metadata only",
    event({
      verb: "list",
      responseObject: {
        kind: "Table",
        rows: [
          {
            object: { kind: "PartialObjectMetadata", metadata: { annotations: { [LAST_APPLIED]: CANARY } } },
          },
        ],
      },
    }),
    "last-applied",
  ],
  [
    "last-applied of a list that holds a Secret",
    event({
      ...of("apps"),
      requestObject: {
        metadata: {
          annotations: { [LAST_APPLIED]: JSON.stringify({ items: [secret({ stringData: { p: CANARY } })] }) },
        },
      },
    }),
    "embedded-secret",
  ],
  [
    "a Secret in a string in a string",
    event({
      ...of("apps"),
      requestObject: { spec: JSON.stringify({ m: JSON.stringify(secret({ stringData: { p: CANARY } })) }) },
    }),
    "embedded-secret",
  ],
  [
    "a manifest as YAML in a ConfigMap",
    event({
      ...of("configmaps"),
      requestObject: { data: { m: `apiVersion: v1\nkind: Secret\nstringData:\n  p: ${CANARY}\n` } },
    }),
    "embedded-secret",
  ],
  [
    "a manifest as YAML, data first",
    event({ ...of("configmaps"), requestObject: { data: { m: `data:\n  p: ${CANARY}\nkind: "Secret"\n` } } }),
    "embedded-secret",
  ],
  [
    "TokenReview spec",
    event({ ...of("tokenreviews"), requestObject: { kind: "TokenReview", spec: { token: CANARY } } }),
    "token",
  ],
  [
    "TokenReview in the response",
    event({
      ...of("tokenreviews"),
      responseObject: { kind: "TokenReview", spec: { token: CANARY }, status: { authenticated: true } },
    }),
    "token",
  ],
  [
    "TokenRequest status",
    event({
      ...of("serviceaccounts", "token"),
      responseObject: { kind: "TokenRequest", status: { token: CANARY } },
    }),
    "token",
  ],
  [
    "a TokenReview sent elsewhere",
    event({ ...of("webhooks"), requestObject: { kind: "TokenReview", spec: { token: CANARY } } }),
    "token",
  ],
  [
    "a webhook's patch",
    event({
      annotations: {
        "patch.webhook.admission.k8s.io/round_0_index_1": JSON.stringify({
          patch: [{ op: "add", path: "/data/p", value: CANARY }],
        }),
      },
    }),
    "webhook-patch",
  ],
  [
    "a decoding error that quotes the Secret",
    event({
      responseStatus: {
        code: 400,
        message: `illegal base64 data, error found in #10 byte of ...|":"${CANARY}"},"kind"|...`,
      },
    }),
    "decode-error",
  ],
  ["a JWT in requestURI", event({ ...of("pods"), requestURI: `/x?watch=true&t=${JWT}` }), "jwt"],
  ["a JWT in the path", event({ ...of("services", "proxy"), requestURI: `/proxy/${JWT}/x` }), "jwt"],
  ["a JWT in userAgent", event({ ...of("pods"), userAgent: JWT }), "jwt"],
  ["a JWT behind an escape", event({ ...of("pods"), userAgent: JWT }).replace('"eyJ', '"\\u0065yJ'), "jwt"],
  [
    "a JWT in a ConfigMap",
    event({ ...of("configmaps"), requestObject: { data: { kubeconfig: `user:\n  token: ${JWT}\n` } } }),
    "jwt",
  ],
  ["a JWT in a message", event({ ...of("pods"), responseStatus: { message: `bad token ${JWT}` } }), "jwt"],
  [
    "Bearer in a body",
    event({ ...of("pods"), requestObject: { args: ["-H", `Authorization: Bearer ${CANARY}`] } }),
    "bearer",
  ],
  ["Bearer in requestURI", event({ ...of("pods"), requestURI: `/x?h=Bearer%20${CANARY}` }), "bearer"],
  [
    "access_token",
    event({ ...of("pods"), requestURI: `/x?access_token=${CANARY}&limit=5` }),
    "uri-parameter",
  ],
  [
    "token, after Go's escaped ampersand",
    event({ ...of("pods"), requestURI: `/x?limit=5&token=${CANARY}` }).replace("&", "\\u0026"),
    "uri-parameter",
  ],
  [
    "a parameter with a percent-encoded name",
    event({ ...of("pods"), requestURI: `/x?acc%65ss_t%6fken=${CANARY}` }),
    "uri-parameter",
  ],
  [
    "a parameter behind an escape",
    event({ ...of("pods"), requestURI: `/x?token=${CANARY}` }).replace("?token", "?t\\u006fken"),
    "uri-parameter",
  ],
  ["a signed URL", event({ ...of("pods"), requestURI: `/x?X-Amz-Signature=${CANARY}` }), "uri-parameter"],
  [
    "exec with --token=",
    event({ ...of("pods", "exec"), requestURI: `/x/exec?command=sh&command=--token%3D${CANARY}` }),
    "exec-argument",
  ],
  [
    "exec with --password and the next argument",
    event({ ...of("pods", "exec"), requestURI: `/x/exec?command=--password&command=${CANARY}` }),
    "exec-argument",
  ],
  [
    "exec with an environment variable",
    event({
      ...of("pods", "exec"),
      requestURI: `/x/exec?command=env&command=DB_PASSWORD%3D${CANARY}&container=c`,
    }),
    "exec-argument",
  ],
  [
    "an event of a version of old",
    event({ apiVersion: "audit.k8s.io/v1beta1", requestObject: secret(data) }),
    "secret-data",
  ],
  [
    "an event with a field twice",
    event({ requestObject: data }).replace('"verb"', '"verb":"x","verb"'),
    "secret-data",
  ],
  ["a Secret posted as it is", JSON.stringify(secret(data)), "secret-data"],
  [
    "events under a wrong name",
    `{"kind":"EventList","events":[${event({ requestObject: data })}]}`,
    "secret-data",
  ],
]
for (const [where, body, rule] of hidden) {
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
    assert.equal(redactAll(text).text, text, "twice is as good as once")
  })
}

/** Keys and lengths, without scalars. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape)
  if (typeof value !== "object" || value === null) return 0
  return Object.entries(value).map(([key, inner]) => [key, shape(inner)])
}

const kept: [what: string, body: string][] = [
  ["an event without bodies", event({ level: "Metadata" })],
  ["a ConfigMap", event({ ...of("configmaps"), requestObject: { kind: "ConfigMap", data: { a: "b" } } })],
  [
    "managedFields of a Secret, metadata, type, null",
    event({
      requestObject: {
        kind: "Secret",
        metadata: { managedFields: [{ fieldsV1: { "f:data": { "f:p": {} } } }] },
        type: "Opaque",
        data: null,
      },
    }),
  ],
  [
    "references to Secrets",
    event({
      ...of("pods"),
      requestObject: {
        imagePullSecrets: [{ name: "x" }],
        volumes: [{ secret: { secretName: "y" } }],
        ref: { kind: "Secret", name: "z" },
      },
    }),
  ],
  [
    "RBAC rules about secrets",
    event({ ...of("roles"), requestObject: { rules: [{ resources: ["secrets", "tokenreviews"] }] } }),
  ],
  [
    "continue tokens, which are base64 of JSON",
    event({ ...of("pods"), requestURI: "/x?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0&limit=5" }),
  ],
  [
    "harmless parameters",
    event({ ...of("pods"), requestURI: "/x?watch=true&resourceVersion=1&labelSelector=a%3Db&x=y" }),
  ],
  [
    "an exec of nothing secret",
    event({ ...of("pods", "exec"), requestURI: "/x/exec?command=ls&command=-la&stdin=true" }),
  ],
  [
    "a last-applied that refers to a Secret",
    event({
      ...of("apps"),
      requestObject: {
        metadata: {
          annotations: { [LAST_APPLIED]: '{"kind":"App","spec":{"ref":{"kind":"Secret","name":"x"}}}' },
        },
      },
    }),
  ],
  [
    "what a client says about itself in its own body",
    event({ ...of("configmaps"), requestObject: { objectRef: { resource: "secrets" }, data: { a: "b" } } }),
  ],
]
for (const [what, body] of kept) {
  test(`nothing is taken out of: ${what}`, () => assert.deepEqual(redactAll(body), { text: body, rules: [] }))
}

const SECRET_EVENT = event({
  requestObject: secret({ data: { password: BASE64 }, stringData: { other: CANARY } }),
  requestURI: "/api/v1/namespaces/prod/secrets?fieldManager=kubectl",
})

const unparsed: [where: string, body: string][] = [
  ["a line torn after the value", SECRET_EVENT.slice(0, SECRET_EVENT.indexOf(CANARY) + CANARY.length + 1)],
  ["a line torn within the value", SECRET_EVENT.slice(0, SECRET_EVENT.indexOf(CANARY) + CANARY.length)],
  ["a broken literal elsewhere", SECRET_EVENT.replace('"Opaque"', "Opaq")],
  ["a broken value", SECRET_EVENT.replace(`"${CANARY}"`, `"x" ${CANARY}`)],
  ["a raw control character", SECRET_EVENT.replace('"alice"', '"ali\u0001ce"')],
  ["brackets that do not match", SECRET_EVENT.replace('"data":{', '"data":{"z":[},')],
  ["pretty-printed and cut off", JSON.stringify(JSON.parse(SECRET_EVENT), null, 1).slice(0, -30)],
  [
    "keys with escapes",
    SECRET_EVENT.replace('"data"', '"d\\u0061ta"').replace('"stringData"', '"string\\u0044ata"').slice(0, -3),
  ],
  ["too deep", SECRET_EVENT.replace('"type"', `"x":${"[".repeat(600)}${"]".repeat(600)},"type"`)],
  [
    "a JSON patch cut off",
    event({ verb: "patch", requestObject: [{ op: "add", path: "/data/p", value: CANARY }] }).slice(0, -4),
  ],
  [
    "a webhook's patch cut off",
    event({
      annotations: { "patch.webhook.admission.k8s.io/round_0_index_1": `{"value":"${CANARY}"}` },
    }).slice(0, -1),
  ],
  ["a JWT", `{"userAgent":"${JWT}`],
  [
    "a token in requestURI",
    event({ ...of("pods"), requestURI: `/x?limit=5&token=${CANARY}` })
      .replace("&", "\\u0026")
      .slice(0, -9),
  ],
  [
    "a token behind an escape",
    event({ ...of("pods"), requestURI: `/x?t\\u006fken=${CANARY}` })
      .replace("\\\\", "\\")
      .slice(0, -9),
  ],
  [
    "last-applied cut off",
    event({ requestObject: { metadata: { annotations: { [LAST_APPLIED]: `{"data":"${CANARY}` } } } }).slice(
      0,
      -20,
    ),
  ],
  ["a Secret in a string", `{"a":${JSON.stringify(JSON.stringify(secret({ data: { p: CANARY } })))}, x`],
  ["the legacy log format", `2026-07-24T10:11:12Z AUDIT: id="x" uri="/api?token=${CANARY}" response="200"`],
  [
    "YAML",
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  p: ${CANARY}\n  q: |\n    ${CANARY}\n    more\ntype: Opaque\n`,
  ],
  ["YAML in flow style", `kind: Secret\ndata: {p: ${CANARY}}\n`],
  ["YAML in a list", `kind: List\nitems:\n- kind: Secret\n  data:\n    p: ${CANARY}\n`],
]
for (const [where, body] of unparsed) {
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

const secretValue = fc.constantFrom(CANARY, BASE64, JWT, `Bearer ${CANARY}`, "x")
const anyEvent = fc
  .record({
    resource: fc.constantFrom("secrets", "pods", "configmaps", "tokenreviews"),
    kind: fc.constantFrom("Secret", "List", "Pod", "TokenReview"),
    value: secretValue,
    extra: fc.jsonValue({ maxDepth: 3 }),
    uri: fc.constantFrom("/a", "/a?token=x", "/a?limit=1&password=%20y", "/secrets?x"),
  })
  .map(({ resource, kind, value, extra, uri }) =>
    event({
      ...of(resource),
      requestURI: uri,
      requestObject: {
        kind,
        data: { k: value, extra },
        spec: { token: value },
        items: [{ kind: "Secret", data: extra }],
      },
      annotations: { a: value },
    }),
  )

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
    { numRuns: 300 },
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
