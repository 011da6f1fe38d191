import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { createSightingReader } from "./sighting.ts"
import { attributesSeen } from "./traffic.ts"

const read = createSightingReader()
const bytes = (text: string) => new TextEncoder().encode(text)
const see = (event: object) => read(bytes(JSON.stringify(event)))
const EVENT = {
  ...{ auditID: "a", stage: "ResponseComplete", level: "Metadata", verb: "create" },
  requestURI: "/api/v1/namespaces/prod/pods",
  user: { username: "alice", groups: ["devs"] },
  objectRef: { resource: "pods", namespace: "prod", name: "web" },
}

const attributeRows: readonly [why: string, event: object, expected: object][] = [
  ["a policy never saw the name of what is created", {}, { name: "", namespace: "prod" }],
  [
    "nor a namespace that stands in the body alone",
    { requestURI: "/api/v1/pods" },
    { namespace: "", resource: "pods" },
  ],
  [
    "the name before a subresource is in the path",
    {
      requestURI: "/api/v1/namespaces/prod/pods/web/exec",
      objectRef: { ...EVENT.objectRef, subresource: "exec" },
    },
    { name: "web", subresource: "exec" },
  ],
  ["no user at all after a failed authentication", { user: {} }, { user: undefined }],
  [
    "a URL is decoded and without its query",
    { objectRef: undefined, verb: "get", requestURI: "/heal%74hz?verbose" },
    { isResourceRequest: false, path: "/healthz" },
  ],
  ["names with escapes are names", { user: { username: 'a"\u0007b\u2028' } }, { user: 'a"\u0007b\u2028' }],
]

for (const [why, change, expected] of attributeRows) {
  test(`attributes of an event: ${why}`, () => {
    const seen = attributesSeen(see({ ...EVENT, ...change })!)
    const found = Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(seen, key)]))
    assert.deepEqual(found, expected)
  })
}

const noEvents: readonly [why: string, text: string][] = [
  ["empty", ""],
  ["a text", '"a"'],
  ["cut off", '{"stage":"ResponseComplete","verb":"ge'],
  ["no stage", '{"auditID":"a"}'],
  ["another stage", '{"stage":"Later"}'],
  ["a stage that is no text", '{"stage":7}'],
  ["a user that is no JSON", '{"stage":"Panic","user":{username}}'],
  ["a broken escape", '{"stage":"\\u12"}'],
]

for (const [why, text] of noEvents) {
  test(`no event: ${why}`, () => assert.equal(read(bytes(text)), undefined))
}

test("whatever the bytes, reading ends with a sighting or with none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (body) => {
      const seen = read(body)
      assert.ok(seen === undefined || seen.stage.length > 0)
    }),
  )
})

test("what is inside strings is no member, and managedFields of both bodies are measured", () => {
  const metadata = { note: '"managedFields":[1]', managedFields: [1, { a: "]" }] }
  const seen = see({ ...EVENT, requestObject: { metadata }, responseObject: { metadata } })
  const size = '"managedFields":[1,{"a":"]"}],'.length
  assert.deepEqual([seen?.size.requestManaged, seen?.size.responseManaged], [size, size])
})

/** Members called managedFields, each with its key and a comma; not those inside one another. */
function managedBytes(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  return Object.entries(value).reduce((sum, [key, inner]) => {
    if (Array.isArray(value) || key !== "managedFields") return sum + managedBytes(inner)
    return sum + bytes(`"managedFields":${JSON.stringify(inner)},`).length
  }, 0)
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"managedFields":', '\\"managedFields\\":{', "managedFields", "é\\", '"'),
)
const { value: anyBody } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom("managedFields", "metadata")), tie("value"), {
      maxKeys: 4,
    }),
  ),
}))

test("managedFields are measured wherever they stand, and no text is taken for them", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("managedFields", "metadata", "a"), anyBody), (body) => {
      const seen = see({ ...EVENT, requestObject: body, responseObject: { items: [body, body] } })
      const size = managedBytes(JSON.parse(JSON.stringify(body)))
      assert.deepEqual([seen?.size.requestManaged, seen?.size.responseManaged], [size, 2 * size])
    }),
    { numRuns: 500 },
  )
})
