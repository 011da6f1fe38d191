import assert from "node:assert/strict"
import test from "node:test"
import fc from "fast-check"
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
