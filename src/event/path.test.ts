import assert from "node:assert/strict"
import { test } from "node:test"
import { toBytes } from "../base/bytes.ts"
import { parsePath, selectNodes } from "./path.ts"
import { readTree } from "./tree.ts"

const found: [path: string, json: string, pointer: string[], values: string[], why: string][] = [
  ["a.b", `{"a":{"b":1},"b":2}`, [], ["1"], "keys one after the other"],
  ["a.*", `{"a":{"b":1}}`, [], [`{"b":1}`], "a place stands for all below it"],
  ["a.*.c", `{"a":{"x":{"c":1},"y":{"c":2}}}`, [], ["1", "2"], "any key"],
  ["a.*.c", `{"a":[{"c":1},{"d":2}]}`, [], ["1"], "any index"],
  ["a[*].c", `{"a":[{"c":1},{"c":2}]}`, [], ["1", "2"], "any index, in brackets"],
  ["**.c", `{"c":1,"a":{"c":2,"b":[{"c":3}]}}`, [], ["1", "2", "3"], "any depth, none included"],
  ["a.**.c.**.d", `{"a":{"c":{"x":{"d":1}},"d":2}}`, [], ["1"], "any depth twice"],
  ['a["x.y"].z', `{"a":{"x.y":{"z":1},"x":{"y":{"z":2}}}}`, [], ["1"], "a key with dots"],
  ['["x/*"]', `{"x/":1,"x/1":2,"y/1":3}`, [], ["1", "2"], "a star within a key"],
  ["a", `{"a":1,"a":2}`, [], ["1", "2"], "every one of duplicate keys"],
  ["a", `{"\\u0061":1}`, [], ["1"], "keys are compared decoded"],
  ["a.b", `[1]`, ["a", "b"], ["[1]"], "a pointer that leads to the place"],
  ["a.b", `[1]`, ["a", "b", "c"], ["[1]"], "a pointer that leads past it"],
  ["a.b", `{"b":1,"c":2}`, ["a"], ["1"], "a pointer that leads short of it"],
  ["a.b", `{"b":1}`, ["c"], [], "a pointer that leads elsewhere"],
]
for (const [path, json, pointer, values, why] of found) {
  test(`${path} finds ${values}: ${why}`, () => {
    const parsed = parsePath(path)
    assert.ok(parsed !== undefined)
    const nodes = selectNodes(readTree(toBytes(json), 10), parsed, pointer)
    assert.deepEqual(nodes.map(({ start, end }) => json.slice(start, end)).sort(), values)
  })
}

test("parsePath gives nothing for what is no path", () => {
  for (const text of [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    'a["',
    'a["b',
    "a[0]",
    'a["b"]c',
    Array(31).fill("a").join("."),
  ]) {
    assert.equal(parsePath(text), undefined, text)
  }
})
