import assert from "node:assert/strict"
import test from "node:test"
import { fc } from "../../test/support/properties.ts"
import { Refusal } from "./refusal.ts"
import { parseYaml, type YamlPath } from "./yaml.ts"

const TEXT = `origin: a
listen:
  port: 9628
files:
  - path: /x
    source: prod
  - path: /y
`

const places: [why: string, path: YamlPath, line: number, column: number][] = [
  ["a key at the top", ["origin"], 1, 1],
  ["a key inside", ["listen", "port"], 3, 3],
  ["an item of a list", ["files", 1], 7, 5],
  ["a key of an item", ["files", 0, "source"], 6, 5],
  ["what is not there stands where its parent does", ["listen", "prt"], 2, 1],
  ["nothing is there at all", ["x", "y"], 1, 1],
]
for (const [why, path, line, column] of places) {
  test(`placeOf: ${why}`, () => assert.deepEqual(parseYaml(TEXT, "t").placeOf(path), { line, column }))
}

const refused: [why: string, text: string, message: RegExp][] = [
  ["a key twice: which one counts?", "a: 1\na: 2\n", /^t:2:1: /],
  ["a tab as indentation", "a:\n\tb: 1\n", /^t:2:/],
  ["an open quote", 'a: "b\n', /^t:/],
  ["two documents", "a: 1\n---\nb: 2\n", /^t:2:1: /],
  ["a bomb of aliases", bomb(), /aliases/],
  ["a megabyte and more", `a: ${"x".repeat(1024 * 1024)}`, /larger/],
]
for (const [why, text, message] of refused) {
  test(`parseYaml refuses: ${why}`, () => {
    assert.throws(() => parseYaml(text, "t"), { code: "yaml.malformed", message })
  })
}

test("an empty text and one of comments have no value", () => {
  assert.equal(parseYaml("", "t").value, undefined)
  assert.equal(parseYaml("# nothing\n", "t").value, undefined)
})

test("YAML 1.2: no and on are words, not booleans", () => {
  assert.deepEqual(parseYaml("a: no\nb: on\nc: 012\n", "t").value, { a: "no", b: "on", c: 12 })
})

test("any text gives a value or a refusal", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      try {
        parseYaml(text, "t")
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error))
      }
    }),
  )
})

function bomb(): string {
  const letters = "abcdefghi".split("")
  const lines = letters.map(
    (l, i) =>
      `${l}: &${l} [${i === 0 ? "x" : `*${letters[i - 1]}`}${`,*${letters[i - 1] ?? ""}`.repeat(i === 0 ? 0 : 8)}]`,
  )
  return lines.join("\n")
}

// sigs.k8s.io/yaml over goyaml.v2, as kube-apiserver reads its files.
const kubernetes: [why: string, text: string, value: unknown][] = [
  ["of a key twice the last wins", "a: 1\na: 2\n", { a: 2 }],
  ["only the first document is read", "---\na: 1\n---\n{", { a: 1 }],
  ["an empty first document is nothing", "---\n---\na: 1\n", undefined],
  ["words of YAML 1.1 are bools", "[on, yes, no, off, y]", [true, true, false, false, true]],
  ["in quotes they are text", "['on', \"no\"]", ["on", "no"]],
  ["dates and times of day are text", "[2026-01-02, 12:30:45]", ["2026-01-02", "12:30:45"]],
  ["a leading zero is octal", "[010]", [8]],
  ["an empty text is nothing", "", undefined],
]
for (const [why, text, value] of kubernetes) {
  test(`as Kubernetes reads YAML: ${why}`, () => {
    assert.deepEqual(parseYaml(text, "t", "kubernetes").value, value)
  })
}

test("as Kubernetes reads YAML: keys twice are told with their place", () => {
  const { duplicateKeys } = parseYaml("rules:\n- a: 1\n  b: 2\n  a: 3\n", "t", "kubernetes")
  assert.deepEqual(duplicateKeys, [{ path: ["rules", 0, "a"], place: { line: 4, column: 3 } }])
})
