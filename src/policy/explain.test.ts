import assert from "node:assert/strict"
import { test } from "node:test"
import { explain } from "./explain.ts"
import { loadPolicy } from "./load.ts"
import type { Attributes } from "./policy.ts"
import { formatRequest, parseResource, requestOf } from "./request-text.ts"

const policy = loadPolicy(`apiVersion: audit.k8s.io/v1
omitStages: [RequestReceived]
rules:
- {level: None, users: [bob]}
- {level: None, userGroups: [ops]}
- {level: None, verbs: [list]}
- {level: None, nonResourceURLs: [/x]}
- {level: None, namespaces: [a]}
- {level: None, resources: [{group: apps}]}
- {level: None, resources: [{group: "", resources: [pods]}]}
- {level: None, resources: [{group: "", resources: ["pods/*"], resourceNames: [other]}]}
- {level: Request, resources: [{group: "", resources: [pods/exec]}]}
`)
const exec: Attributes = {
  ...requestOf({ ...parseResource("pods/exec"), verb: "get", namespace: "n", name: "p" }),
  ...{ user: "alice", groups: ["devs"] },
}

test("every earlier rule says the first condition that does not hold, in the server's order", () => {
  const { decision, stages, passed } = explain(policy, exec)
  assert.equal(decision.rule, 8)
  assert.deepEqual(
    passed.map(({ condition, why }) => `${condition}: ${why}`),
    [
      "users: alice is not in users [bob]",
      "userGroups: none of the user's groups [devs] is in userGroups [ops]",
      "verbs: get is not in verbs [list]",
      "nonResourceURLs: it asks for a resource, the rule is for URLs",
      "namespaces: n is not in namespaces [a]",
      'resources: group "" is not in resources [apps]',
      "resources: pods/exec is not in resources [pods]",
      "resources: name p is not in resourceNames [other]",
    ],
  )
  assert.deepEqual(stages, ["ResponseStarted", "ResponseComplete", "Panic"])
})

test("without a user only rules without users can match, and the one stage is ResponseStarted", () => {
  const { user: _, groups: __, ...nobody } = exec
  const { passed, stages } = explain(policy, nobody)
  assert.equal(passed[0]?.why, "there is no user")
  assert.deepEqual(stages, ["ResponseStarted"])
})

const resources: [text: string, resource: string, subresource: string, group: string][] = [
  ["pods", "pods", "", ""],
  ["pods/exec", "pods", "exec", ""],
  ["deployments.apps", "deployments", "", "apps"],
  ["deployments.apps/scale", "deployments", "scale", "apps"],
  ["deployments/scale.apps", "deployments", "scale", "apps"],
  ["roles.rbac.authorization.k8s.io", "roles", "", "rbac.authorization.k8s.io"],
]
for (const [text, resource, subresource, apiGroup] of resources) {
  test(`parseResource reads ${text}`, () => {
    assert.deepEqual(parseResource(text), { resource, subresource, apiGroup })
  })
}
for (const text of ["", "a/b/c", "a.b/c.d", "/exec"]) {
  test(`parseResource refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseResource(text), { code: "usage" })
  })
}

test("a request as one line", () => {
  assert.equal(formatRequest(exec), "alice (devs): get pods/exec p in n")
})
