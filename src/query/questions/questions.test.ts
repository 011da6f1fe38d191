import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import test from "node:test"
import { fc } from "../../../test/support/properties.ts"
import { quoteIfNeeded } from "../quote.ts"
import { findQuestion, QUESTIONS } from "./index.ts"
import { type Question, questionQuery } from "./question.ts"

/** What could end a string, a filter or a query, begin another, or be read as a sign, a word or nothing. */
const HOSTILE = [
  ...[`"`, `'`, "`", "\\", `\\"`, `" or *`, `") or (verb:*`, "* | delete _time", "x | stats count()", "a\nb"],
  ...[
    "*",
    "x*",
    "or",
    "and",
    "not",
    "!x",
    "-x",
    ":=",
    "in(a)",
    "~x",
    ">5",
    "_time:1d",
    "{a=b}",
    "#",
    "$(id)",
  ],
  ...[
    "%",
    "é",
    "\u202e",
    "\u0000",
    "\x1b[31m",
    "$\u007bx}",
    "null",
    " ",
    "(",
    ")",
    "]",
    "options(x)",
    "[redacted]",
  ],
]
const PLAIN = "plainvalue"

function asked(question: Question, value: string): string {
  const texts = question.parameters.filter(({ kind }) => kind === "text")
  return questionQuery(question, Object.fromEntries(texts.map(({ name }) => [name, value])))
}

for (const question of QUESTIONS) {
  test(`${question.name}: a value stays a value, whatever it says`, () => {
    // One text per meaning: the query is that of an ordinary value with the other value, printed, in its place.
    const shape = asked(question, PLAIN)
    const check = (value: string) =>
      assert.equal(
        asked(question, value),
        shape.replaceAll(`=${PLAIN}`, () => `=${quoteIfNeeded(value)}`),
      )
    for (const value of HOSTILE) check(value)
    fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }), check), {
      numRuns: 50,
    })
  })

  test(`${question.name}: says what it asks, and takes what it says`, () => {
    assert.match(question.name, /^[a-z]+(-[a-z]+)*$/)
    assert.match(question.title, /^[A-Z].*\?$/)
    assert.match(question.about, /\.$/)
    assert.ok(question.example.events.length > 0 && question.example.others.length > 0)
    for (const { name, kind, example, description } of question.parameters) {
      assert.ok(description.length > 0, name)
      const others = question.parameters.filter((other) => other.name !== name)
      const values = Object.fromEntries(others.map((other) => [other.name, other.example]))
      const query = questionQuery(question, { ...values, [name]: example })
      assert.ok(query.includes(kind === "text" ? quoteIfNeeded(example) : example), query)
    }
  })
}

for (const question of QUESTIONS) {
  test(`${question.name}: needs what its example is about, bodies where it reads them`, () => {
    const needs = (group: string, text: string, verb: string) =>
      question.needs.some(
        (need) =>
          (need.group === "*" || need.group === group) &&
          (need.resources.includes("*") || need.resources.includes(text)) &&
          need.verbs.includes(verb),
      )
    assert.ok(question.needs.length > 0)
    for (const event of question.example.events) {
      const { objectRef, verb } = JSON.parse(event)
      if (objectRef === undefined) continue // of a URL: needs are about resources
      const { apiGroup = "", resource, subresource } = objectRef
      const text = subresource === undefined ? resource : `${resource}/${subresource}`
      assert.ok(needs(apiGroup, text, verb), `${verb} ${text} of ${JSON.stringify(apiGroup)}`)
    }
    const reads = questionQuery(question, question.example.given).includes("requestObject.")
    assert.equal(
      question.needs.some(({ level }) => level === "Request"),
      reads,
    )
  })
}

test("each file of a question is in the list", () => {
  const parts = ["example-event", "index", "logsql", "needed", "parts", "question"]
  const files = readdirSync(import.meta.dirname)
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => name.replace(".ts", ""))
  assert.deepEqual(
    files.filter((name) => !parts.includes(name)).sort(),
    QUESTIONS.map(({ name }) => name).sort(),
  )
})

const refused: [why: string, name: string, values: Record<string, string>, message: RegExp][] = [
  ["no such question", "exec-sesions", {}, /did you mean exec-sessions\?/],
  [
    "a parameter of another question",
    "deletions",
    { ip: "::1" },
    /does not take --ip; it takes --namespace, --user/,
  ],
  ["a parameter that no question has", "impersonation", { __proto__x: "" }, /does not take --__proto__x/],
  ["what is needed is missing", "what-did-user-do", {}, /needs --user, as in --user alice/],
  [
    "an empty name would mean: without a name",
    "what-did-user-do",
    { user: "" },
    /text of 1 to 512 characters/,
  ],
  ["longer than any name", "what-did-user-do", { user: "x".repeat(513) }, /text of 1 to 512/],
  ["no duration", "first-time-actors", { window: "7d) or (*" }, /a duration like 7d, saw "7d\) or \(\*"/],
  ["a duration into the future", "first-time-actors", { window: "-7d" }, /a duration like 7d/],
  ["no time of day", "outside-working-hours", { opens: "8" }, /a time of day like 08:00/],
]
for (const [why, name, values, message] of refused) {
  test(`refused: ${why}`, () =>
    assert.throws(() => questionQuery(findQuestion(name), values), { code: "usage", message }))
}
