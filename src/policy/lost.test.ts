import assert from "node:assert/strict"
import { test } from "node:test"
import { QUESTIONS } from "../query/questions/index.ts"
import { loadPolicy } from "./load.ts"
import { Losses, QUESTION_NEEDS } from "./lost.ts"

const policyOf = (...rules: string[]) =>
  loadPolicy(`apiVersion: audit.k8s.io/v1\nrules:\n${rules.map((rule) => `- ${rule}\n`).join("")}`)
const lostUnder = (...rules: string[]) => new Losses(policyOf(...rules), QUESTION_NEEDS).found(undefined)
const names = (lost: ReturnType<typeof lostUnder>): string[] => [...new Set(lost.map(({ need }) => need))]

test("with every body recorded no question loses anything", () => {
  assert.deepEqual(lostUnder("level: RequestResponse"), [])
})

test("without bodies, the questions that read them lose", () => {
  const reading = QUESTIONS.filter(({ needs }) => needs.some(({ level }) => level === "Request"))
  assert.deepEqual(
    names(lostUnder("level: Metadata")),
    reading.map(({ name }) => `question ${name}`),
  )
})

const blind: [rule: string, question: string, resource: string, example: RegExp][] = [
  [
    'level: None, resources: [{group: "", resources: [secrets]}]',
    "who-read-secrets",
    "secrets",
    /get secrets/,
  ],
  ["level: None, verbs: [delete]", "deletions", "*", /delete pods/],
  [
    'level: None, resources: [{group: "", resources: ["*/exec"]}]',
    "exec-sessions",
    "pods/exec",
    /pods\/exec/,
  ],
]
for (const [rule, question, resource, example] of blind) {
  test(`${question} goes blind under {${rule}}`, () => {
    const lost = lostUnder(`{${rule}}`, "level: RequestResponse").find(
      ({ need }) => need === `question ${question}`,
    )
    assert.equal(lost?.resource, resource)
    assert.equal(lost?.reached, "None")
    assert.match(lost?.example ?? "", example)
  })
}

test("a question about something else loses nothing with Secrets", () => {
  const lost = names(
    lostUnder('{level: None, resources: [{group: "", resources: [secrets]}]}', "level: RequestResponse"),
  )
  assert.ok(!lost.includes("question exec-sessions") && !lost.includes("question who-changed-rbac"))
})

test("what the policy in force does not serve either is no loss", () => {
  const none = policyOf(
    '{level: None, resources: [{group: "", resources: [secrets]}]}',
    "level: RequestResponse",
  )
  assert.deepEqual(new Losses(none, QUESTION_NEEDS).found(none), [])
})
