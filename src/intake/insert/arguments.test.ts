import assert from "node:assert/strict"
import { test } from "node:test"
import { parseInsertArguments } from "./arguments.ts"

const none = () => undefined

test("an argument goes before its header, and headers stand in for absent ones", () => {
  const headers: Record<string, string> = {
    "vl-time-field": "when",
    "vl-msg-field": "said",
    "vl-stream-fields": "a,b",
    "vl-extra-fields": "env=prod,x=a=b",
    "vl-debug": "1",
    "vl-ignore-fields": "z",
  }
  const args = parseInsertArguments({ _msg_field: "text,log" }, (name) => headers[name])
  assert.deepEqual(args, {
    timeFields: ["when"],
    msgFields: ["text", "log"],
    streamFields: ["a", "b"],
    extra: [
      ["env", "prod"],
      ["x", "a=b"],
    ],
    unwraps: true,
    debug: true,
    unused: ["ignore_fields"],
  })
})

test("without any, the names that collectors use are tried", () => {
  const { timeFields, msgFields, streamFields, unused } = parseInsertArguments({}, none)
  assert.ok(timeFields.includes("@timestamp") && msgFields.includes("log"))
  assert.equal(streamFields, undefined)
  assert.deepEqual(unused, [])
})

const refused: readonly (readonly [why: string, parameters: Record<string, string>])[] = [
  ["a pair without a name", { extra_fields: "=x" }],
  ["no pair", { extra_fields: "prod" }],
  ["more names than a pipeline has", { _stream_fields: Array(65).fill("a").join() }],
  ["a name that fits no word", { _time_field: "x".repeat(129) }],
  ["more to add to every line than is sensible", { extra_fields: `a=${"é".repeat(2100)}` }],
]
for (const [why, parameters] of refused) {
  test(`parseInsertArguments refuses: ${why}`, () =>
    assert.throws(() => parseInsertArguments(parameters, none), { code: "insert.parameters" }))
}
