import assert from "node:assert/strict"
import { test } from "node:test"
import { Advisor, withRules } from "./advise.ts"
import { decide } from "./decide.ts"
import { loadPolicy, readPolicy } from "./load.ts"
import { patchPolicy } from "./patch.ts"
import { requestOf } from "./request-text.ts"
import type { Cell } from "./traffic.ts"

const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
const NODE = { user: "system:node:n1", groups: ["system:nodes", "system:authenticated"] }
const ALICE = { user: "alice", groups: ["system:authenticated"] }

function cell(who: object, verb: string, resource: string, apiGroup: string, bytes: number): Cell {
  const asked = { verb, resource, subresource: "", apiGroup, namespace: "default", name: "" }
  const nothing = { request: 0, response: 0, patches: 0, requestManaged: 0, responseManaged: 0, ending: 0 }
  const tally = {
    ...{
      stage: "ResponseComplete" as const,
      level: "Metadata" as const,
      events: 1,
      requests: 0,
      responses: 0,
    },
    ...{ bytes: { whole: bytes, ...nothing }, first: 0, last: 0, examples: [] },
  }
  return { attributes: { ...requestOf(asked), ...who }, tallies: [tally] }
}

const rows: readonly [why: string, rules: string, cell: Cell, advice: object][] = [
  [
    "noise of the machinery, before the rule that records it",
    "- {level: Request, verbs: [create]}\n- level: Metadata",
    cell(NODE, "update", "leases", "coordination.k8s.io", 9),
    { kind: "rule", before: 1 },
  ],
  [
    "protected resources stay",
    "- level: Metadata",
    cell(NODE, "get", "secrets", "", 9),
    { kind: "kept", why: "protected: who read or changed which Secret; never its content" },
  ],
  [
    "people stay",
    "- level: Metadata",
    cell(ALICE, "get", "widgets", "example.com", 9),
    { kind: "kept", why: "a person's requests" },
  ],
  [
    "nobody's failed logins stay",
    "- level: Metadata",
    cell({}, "get", "widgets", "example.com", 9),
    { kind: "kept", why: "requests without a name are what intruders send" },
  ],
]

for (const [why, rules, seen, expected] of rows) {
  test(`advice: ${why}`, () => {
    const advisor = new Advisor(loadPolicy(HEAD + rules))
    advisor.add(seen)
    const [talker] = advisor.top(1, "bytes")
    const found = Object.keys(expected).map((key) => [key, Reflect.get(talker?.advice ?? {}, key)])
    assert.deepEqual(Object.fromEntries(found), expected)
  })
}

test("what the policy leaves out already is no advice", () => {
  const advisor = new Advisor(loadPolicy(`${HEAD}- level: None`))
  advisor.add(cell(NODE, "update", "leases", "coordination.k8s.io", 9))
  assert.deepEqual(advisor.top(1, "bytes"), [])
})

const layouts: readonly [why: string, rules: string][] = [
  ["rules at the margin", "- level: Request\n  verbs: [create]\n# the rest\n- level: Metadata\n"],
  ["rules further in", "  - level: Request\n    verbs: [create]\n  # the rest\n\n  - level: Metadata\n"],
]

for (const [why, rules] of layouts) {
  test(`a patched policy is read as the policy with the rules in it: ${why}`, () => {
    const text = HEAD + rules
    const { policy, yaml } = readPolicy(text)
    const advisor = new Advisor(policy)
    const seen = cell({ ...NODE, user: "system:node:a: b #c" }, "update", "leases", "coordination.k8s.io", 9)
    advisor.add(seen)
    const advised = advisor.top(1, "bytes").flatMap(({ advice }) => (advice.kind === "rule" ? [advice] : []))
    const patched = patchPolicy(text, yaml, advised)
    assert.deepEqual(loadPolicy(patched?.text ?? ""), withRules(policy, advised))
    assert.equal(decide(loadPolicy(patched?.text ?? ""), seen.attributes).level, "None")
    const added = patched?.patch.split("\n").filter((line) => line.startsWith("+") && !line.startsWith("+++"))
    assert.equal(added?.[0]?.trim(), rules.startsWith("-") ? "+- level: None" : "+  - level: None")
  })
}

test("rules in braces have no line to put another before", () => {
  const { yaml } = readPolicy(`${HEAD.trim()} [{level: Metadata}]\n`)
  assert.equal(
    patchPolicy(`${HEAD.trim()} [{level: Metadata}]\n`, yaml, [
      { before: 0, rule: loadPolicy(`${HEAD}- level: None`).rules[0]! },
    ]),
    undefined,
  )
})
