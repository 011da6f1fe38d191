import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { coverageOf } from "./coverage.ts"
import { diffPolicies } from "./diff.ts"
import { levelTable } from "./level-table.ts"
import { loadPolicy } from "./load.ts"
import { PRESETS } from "./presets/index.ts"

const HEAD = "apiVersion: audit.k8s.io/v1\nrules:\n"
const policyOf = (rules: string) => loadPolicy(HEAD + rules)
const fixture = (name: string) =>
  loadPolicy(readFileSync(join(import.meta.dirname, "../../test/fixtures/policy", name), "utf8"))
const at = (rules: string, name: string) =>
  coverageOf(policyOf(rules)).find((covered) => covered.name === name)

/** What the list is for, by who asks for it. */
const listed: [name: string, verbs: readonly string[]][] = [
  ["secrets", ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]],
  ["serviceaccounts", ["create", "delete", "deletecollection"]],
  ["serviceaccounts/token", ["create"]],
  ["roles.rbac.authorization.k8s.io", ["create", "deletecollection"]],
  ["clusterrolebindings.rbac.authorization.k8s.io", ["create", "deletecollection"]],
  ["mutatingwebhookconfigurations.admissionregistration.k8s.io", ["create", "delete"]],
  ["validatingadmissionpolicies.admissionregistration.k8s.io", ["create", "delete"]],
  ["validatingadmissionpolicybindings.admissionregistration.k8s.io", ["create", "delete"]],
  ["jobs.batch", ["create", "deletecollection"]],
  ["cronjobs.batch", ["create", "deletecollection"]],
  ["pods", ["create", "update", "patch", "delete", "deletecollection"]],
  ["deployments.apps", ["create", "update", "patch", "delete", "deletecollection"]],
  ["pods/exec", ["get", "create"]],
  ["pods/attach", ["get", "create"]],
  ["pods/portforward", ["get", "create"]],
  ["pods/proxy", ["get", "create"]],
  ["services/proxy", ["get", "create"]],
  ["nodes/proxy", ["get", "create"]],
  ["networkpolicies.networking.k8s.io", ["create", "deletecollection"]],
  ["certificatesigningrequests.certificates.k8s.io", ["create"]],
  ["certificatesigningrequests.certificates.k8s.io/approval", ["update", "patch"]],
  ["namespaces", ["create", "delete"]],
  ["httproutes.gateway.networking.k8s.io", ["create", "delete"]],
  ["gateways.gateway.networking.k8s.io", ["create", "delete"]],
]
const byDefault = coverageOf(policyOf("- level: Metadata"))
for (const [name, verbs] of listed) {
  test(`the default list asks for ${name}: ${verbs.join(", ")}`, () => {
    const covered = byDefault.find((line) => line.name === name)
    assert.deepEqual(
      verbs.filter((verb) => !covered?.verbs.includes(verb)),
      [],
    )
    assert.equal(covered?.required, "Metadata")
  })
}

const rows: [
  why: string,
  rules: string,
  name: string,
  verdict: string,
  lowest: string,
  rule?: number | undefined,
][] = [
  ["everything at Metadata", "- level: Metadata", "secrets", "covered", "Metadata"],
  ["no rule matches", "- level: Metadata\n  verbs: [get]", "secrets", "below", "None", undefined],
  [
    "a rule for some users counts",
    "- level: None\n  users: [bob]\n- level: Metadata",
    "secrets",
    "below",
    "None",
    0,
  ],
  [
    "parts of the control plane are an exception",
    "- level: None\n  users: [system:kube-scheduler]\n- level: Metadata",
    "secrets",
    "covered",
    "Metadata",
  ],
  ["too much is wrong too: contents of Secrets", "- level: Request", "secrets", "above", "Request", 0],
  [
    "one namespace left out",
    "- level: None\n  namespaces: [dev]\n- level: Metadata",
    "pods/exec",
    "below",
    "None",
    0,
  ],
  [
    "exec for create only",
    "- level: Metadata\n  verbs: [create]\n  resources: [{group: '', resources: [pods/exec]}]",
    "pods/exec",
    "below",
    "None",
    undefined,
  ],
]
for (const [why, rules, name, verdict, lowest, rule] of rows) {
  test(`coverage of ${name}: ${why}`, () => {
    const covered = at(rules, name)
    assert.deepEqual([covered?.verdict, covered?.lowest], [verdict, lowest])
    if (verdict !== "covered") assert.equal(covered?.witnesses[0]?.rule, rule)
  })
}

test("an exception is told with its rule", () => {
  assert.deepEqual(
    at("- level: None\n  userGroups: [system:nodes]\n- level: Metadata", "secrets")?.exceptions,
    [0],
  )
})

test("diff: a policy does not differ from itself", () => {
  const presets = PRESETS.map(({ text }) => loadPolicy(text))
  for (const policy of [fixture("gce.yaml"), ...presets]) assert.deepEqual(diffPolicies(policy, policy), [])
})

test("diff: one level changed is one difference, with a request that shows it", () => {
  const [found, ...more] = diffPolicies(
    policyOf("- level: Metadata\n  resources: [{group: '', resources: [secrets]}]\n- level: None"),
    policyOf("- level: Request\n  resources: [{group: '', resources: [secrets]}]\n- level: None"),
  )
  assert.equal(more.length, 0)
  assert.deepEqual(
    [found?.before.level, found?.after.level, found?.pattern],
    ["Metadata", "Request", "resources secrets"],
  )
  assert.equal(found?.witness.resource, "secrets")
})

test("level table: classes of actors side by side", () => {
  const row = levelTable(fixture("gce.yaml")).find(({ resource }) => resource === "nodes/status")
  assert.ok(row !== undefined)
  assert.deepEqual(row.levels[2]?.[0], ["None", "Request"]) // nodes: get is None, list and watch are not
})
