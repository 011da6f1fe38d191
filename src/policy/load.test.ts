import assert from "node:assert/strict"
import { test } from "node:test"
import { Refusal } from "../base/refusal.ts"
import { loadPolicy, readPolicy } from "./load.ts"

const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
const rule = (text: string): string => `${HEAD}rules:\n- ${text}\n`

// The texts are kube-apiserver's own.
const refused: readonly [why: string, text: string, message: string][] = [
  ["empty file", "", "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"],
  ["no rules", HEAD, "loaded illegal policy with 0 rules"],
  [
    "a version removed in 1.24",
    rule("level: Metadata").replace("v1", "v1beta1"),
    `failed decoding: no kind "Policy" is registered for version "audit.k8s.io/v1beta1" in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"`,
  ],
  [
    "another kind",
    rule("level: Metadata").replace("Policy", "EventList"),
    "failed decoding: converting (v1.EventList) to (audit.Policy): unknown conversion",
  ],
  [
    "a string where a list belongs",
    rule("level: None\n  users: alice"),
    "failed decoding: json: cannot unmarshal string into Go struct field PolicyRule.rules.users of type []string",
  ],
  [
    "a bare on, which is a bool in YAML 1.1",
    rule("level: None\n  users: [on]"),
    "failed decoding: json: cannot unmarshal bool into Go struct field PolicyRule.rules.users of type string",
  ],
  [
    "a number for a name",
    rule("level: None\n  namespaces: [1]"),
    "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.namespaces of type string",
  ],
  [
    "an empty first document",
    `---\n---\n${rule("level: Metadata")}`,
    "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy",
  ],
  ["no YAML", "{", "failed decoding: yaml: line 1: did not find expected node content"],
  ["no level", rule("verbs: [get]"), "rules[0].level: Required value"],
  [
    "a level in lower case",
    rule("level: metadata"),
    `rules[0].level: Unsupported value: "metadata": supported values: "None", "Metadata", "Request", "RequestResponse"`,
  ],
  [
    "URLs with namespaces",
    rule("level: None\n  namespaces: [a]\n  nonResourceURLs: [/x]"),
    `rules[0].nonResourceURLs: Invalid value: []string{"/x"}: rules cannot apply to both regular resources and non-resource URLs`,
  ],
  [
    "two errors are both told",
    rule('level: Nope\n  nonResourceURLs: ["x"]'),
    `[rules[0].level: Unsupported value: "Nope": supported values: "None", "Metadata", "Request", "RequestResponse", ` +
      `rules[0].nonResourceURLs[0]: Invalid value: "x": non-resource URL rules must begin with a '/' character]`,
  ],
]
for (const [why, text, message] of refused) {
  test(`loadPolicy refuses: ${why}`, () => {
    assert.throws(() => loadPolicy(text), { code: "policy.illegal", message })
  })
}

test("a misplaced key is dropped as the server drops it, and told", () => {
  const { policy, unknownKeys } = readPolicy(
    rule("level: None\n  resources:\n  - group: apps\n    verbs: [get]"),
  )
  assert.deepEqual(policy.rules[0]?.verbs, [])
  assert.deepEqual(unknownKeys, [{ path: ["rules", 0, "resources", 0, "verbs"], key: "verbs" }])
})

test("any group is a group since 1.36, and keeps older servers from starting", () => {
  const text = rule('level: None\n  resources:\n  - group: "*"')
  assert.equal(loadPolicy(text).rules.length, 1)
  assert.throws(() => loadPolicy(text, { minor: 35 }), Refusal)
})

test("as the server reads it: a leading ---, one document, the last of a key, null as the empty name", () => {
  const text = `---\n${rule("level: None\n  users: [null, a]\n  level: Metadata")}---\nkind: [`
  const { policy, duplicateKeys } = readPolicy(text)
  assert.equal(policy.rules[0]?.level, "Metadata")
  assert.deepEqual(policy.rules[0]?.users, ["", "a"])
  assert.deepEqual(duplicateKeys, [{ path: ["rules", 0, "level"], place: { line: 7, column: 3 } }])
})
