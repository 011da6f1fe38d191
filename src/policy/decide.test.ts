import assert from "node:assert/strict"
import { test } from "node:test"
import { decide } from "./decide.ts"
import type { Attributes, Policy, PolicyRule } from "./policy.ts"
import { attributesOf } from "./request-info.ts"

const EVERY: PolicyRule = {
  level: "Metadata",
  users: [],
  userGroups: [],
  verbs: [],
  resources: [],
  namespaces: [],
  nonResourceURLs: [],
  omitStages: [],
}
const policyOf = (...rules: readonly Partial<PolicyRule>[]): Policy => ({
  rules: rules.map((rule) => ({ ...EVERY, ...rule })),
  omitStages: [],
  omitManagedFields: false,
})
const resources = (group: string, names: readonly string[], resourceNames: readonly string[] = []) => [
  { group, resources: names, resourceNames },
]
const ask = (
  method: string,
  url: string,
  user: Partial<Attributes> = { user: "alice", groups: ["devs"] },
): Attributes => ({
  ...attributesOf(method, url),
  ...user,
})
const EXEC = ask("POST", "/api/v1/namespaces/n/pods/p/exec")
const POD = ask("GET", "/api/v1/namespaces/n/pods/p")

const rows: readonly [why: string, rule: Partial<PolicyRule>, request: Attributes, matches: boolean][] = [
  ["a rule without conditions matches a resource", {}, POD, true],
  ["and a URL", {}, ask("GET", "/healthz"), true],
  ["no user is not the empty user", { users: [""] }, ask("GET", "/api/v1/pods", {}), false],
  ["a group of the user", { userGroups: ["ops", "devs"] }, POD, true],
  [
    "no user has no groups",
    { userGroups: ["devs"] },
    ask("GET", "/api/v1/pods", { groups: ["devs"] }),
    false,
  ],
  ["verbs are compared whole", { verbs: ["*"] }, POD, false],
  ["the bare resource does not match its subresource", { resources: resources("", ["pods"]) }, EXEC, false],
  ["a subresource by name", { resources: resources("", ["pods/exec"]) }, EXEC, true],
  ["a subresource of any resource", { resources: resources("", ["*/exec"]) }, EXEC, true],
  ["all of a resource matches a subresource", { resources: resources("", ["pods/*"]) }, EXEC, true],
  ["and the bare resource too", { resources: resources("", ["pods/*"]) }, POD, true],
  ["a double star matches nothing", { resources: resources("", ["*/*"]) }, EXEC, false],
  ["no resources means all of the group", { resources: resources("", []) }, EXEC, true],
  ["of that group only", { resources: resources("apps", []) }, EXEC, false],
  ["any group", { resources: resources("*", ["pods"]) }, POD, true],
  ["a name in the path", { resources: resources("", ["pods"], ["p"]) }, POD, true],
  ["a star is no name", { resources: resources("", ["pods"], ["*"]) }, POD, false],
  ["the empty namespace is a list over all", { namespaces: [""] }, ask("GET", "/api/v1/pods"), true],
  ["namespaces make it a resource rule", { namespaces: [""] }, ask("GET", "/healthz"), false],
  ["a prefix URL", { nonResourceURLs: ["/healthz*"] }, ask("GET", "/healthzfoo"), true],
  ["a prefix with its slash", { nonResourceURLs: ["/healthz/*"] }, ask("GET", "/healthz"), false],
  ["no URL matches a resource", { nonResourceURLs: ["*", "/api*"] }, POD, false],
]
for (const [why, rule, request, matches] of rows) {
  test(`decide: ${why}`, () => {
    assert.equal(decide(policyOf(rule), request).rule, matches ? 0 : undefined)
  })
}

test("the first rule that matches decides; without one the level is None", () => {
  const policy = policyOf({ verbs: ["get"], level: "None" }, { verbs: ["get"], level: "Request" })
  assert.deepEqual(decide(policy, POD), { level: "None", omitStages: [], omitManagedFields: false, rule: 0 })
  assert.equal(decide(policy, EXEC).level, "None")
  assert.equal(decide(policy, EXEC).rule, undefined)
})

test("omitted stages are the union, managed fields the rule's own word", () => {
  const policy: Policy = {
    ...policyOf({ omitStages: ["Panic"], omitManagedFields: false }),
    omitStages: ["RequestReceived"],
    omitManagedFields: true,
  }
  const decision = decide(policy, POD)
  assert.deepEqual(decision.omitStages, ["RequestReceived", "Panic"])
  assert.equal(decision.omitManagedFields, false)
})
