import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { decide } from "./decide.ts"
import { lint } from "./lint.ts"
import { readPolicy } from "./load.ts"
import { PRESETS } from "./presets/index.ts"

const preset = (wanted: string): string => PRESETS.find(({ name }) => name === wanted)?.text ?? ""
const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
const said = (text: string): string[] => lint(text).map(({ rule, line }) => `${rule}:${line}`)

const defects: [what: string, file: string, found: string][] = [
  ["a rule without conditions that is meant for failures", "talos-as-written", "catch-all:206"],
  ["and the rule after it, which is dead", "talos-as-written", "shadowed-rule:213"],
  ["bodies of Secrets at level Request", "talos-as-written", "secret-bodies:72"],
  ["deletecollection of Secrets", "talos-as-written", "missing-deletecollection:77"],
  ["deletecollection of RBAC", "talos-as-written", "missing-deletecollection:93"],
  ["serviceaccounts without their tokens", "talos-as-written", "missing-subresources:92"],
  ["pods without exec, attach, port-forward", "talos-as-written", "missing-subresources:164"],
  ["deployments without scale", "talos-as-written", "missing-subresources:160"],
  ["a list of controllers with holes", "talos-as-written", "noise:28"],
  ["system users read Secrets without a trace", "talos-as-written", "none-protected:27"],
  ["failed logins omitted with ResponseStarted", "talos-as-written", "failed-logins:7"],
  ["prefixes that take more than they name", "talos-as-written", "wide-url:15"],
  ["PodSecurityPolicies are gone since 1.25", "immutable-trail-as-written", "removed-api:34"],
  ["exec for the verb create only", "immutable-trail-as-written", "exec-verbs:16"],
  ["bodies of Secrets, kept for seven years", "immutable-trail-as-written", "secret-bodies:6"],
  ["bodies of ConfigMaps", "immutable-trail-as-written", "configmap-bodies:6"],
  ["RequestReceived recorded by the first rules", "immutable-trail-as-written", "request-received:6"],
  ["no deletecollection", "immutable-trail-as-written", "missing-deletecollection:7"],
  ["TokenReviews taken for logins", "immutable-trail-as-written", "reviews:25"],
]
for (const [what, file, found] of defects) {
  test(`lint finds in ${file}: ${what}`, () => assert.ok(said(preset(file)).includes(found)))
}

test("the shadowing rule is named, with a request that shows it", () => {
  const text = preset("talos-as-written")
  const finding = lint(text).find(({ rule }) => rule === "shadowed-rule")
  assert.match(finding?.message ?? "", /rule 16 never decides: rule 15 \(line 206\) takes all/)
  assert.equal(decide(readPolicy(text).policy, finding!.witness!).rule, 14)
})

const suppressed: [why: string, rules: string, left: string[]][] = [
  [
    "on the line itself",
    "- level: Metadata\n  resources: [{group: '', resources: [widget]}] # tallystick-lint: ignore wrong-group -- ours\n- level: Metadata\n",
    [],
  ],
  [
    "above a rule it is for the whole rule",
    "# tallystick-lint: ignore missing-deletecollection -- counted elsewhere\n- level: Metadata\n  verbs: [delete]\n- level: Metadata\n",
    [],
  ],
  [
    "and no further",
    "# tallystick-lint: ignore missing-deletecollection -- counted elsewhere\n- level: None\n- level: Metadata\n  verbs: [delete]\n",
    ["suppression:5", "catch-all:6", "shadowed-rule:7", "missing-deletecollection:8"],
  ],
  [
    "without a reason it does not count",
    "# tallystick-lint: ignore missing-deletecollection\n- level: Metadata\n  verbs: [delete]\n- level: Metadata\n",
    ["suppression:5", "missing-deletecollection:7"],
  ],
]
for (const [why, rules, left] of suppressed) {
  test(`a suppression: ${why}`, () => assert.deepEqual(said(HEAD + rules).sort(), [...left].sort()))
}

const unloadable: [why: string, text: string, line: number][] = [
  ["no YAML", "a: [", 1],
  ["another kind", "apiVersion: v1\nkind: Pod\n", 1],
  ["a string for a list", `${HEAD}- level: None\n  users: a\n`, 1],
]
for (const [why, text, line] of unloadable) {
  test(`lint of what does not load is one finding: ${why}`, () => {
    assert.deepEqual(
      lint(text).map(({ rule, line }) => [rule, line]),
      [["unloadable", line]],
    )
  })
}

test("an older server refuses any group", () => {
  const text = `${HEAD}- level: Metadata\n  resources: [{group: "*", resources: [pods/*]}]\n- level: Metadata\n`
  assert.deepEqual(said(text), [])
  assert.deepEqual(
    lint(text, { kubernetes: { minor: 35 } }).map(({ rule }) => rule),
    ["illegal"],
  )
})

/** FUZZ_RUNS=100000 for the whole of it; some minutes. */
const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 2_000)

test("property: lint answers with findings, never by throwing, whatever the YAML", () => {
  const word = fc.constantFrom(
    "level",
    "rules",
    "users",
    "verbs",
    "resources",
    "group",
    "*",
    "get",
    "None",
    "/x*",
    "pods/*",
    "",
    "on",
    "a/v1",
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      word,
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
      tie("list"),
      tie("map"),
    ),
    list: fc.array(tie("any"), { maxLength: 4 }),
    map: fc.dictionary(word, tie("any"), { maxKeys: 5 }),
  })).any
  const text = fc.oneof(
    value.map((rules) => JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [rules] })),
    fc.string().map((text) => HEAD + text),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (text) => {
      for (const { line, column } of lint(text)) assert.ok(line >= 1 && column >= 1)
    }),
    { numRuns: FUZZ_RUNS },
  )
})

test("more rules than can be judged are one finding, at the first one too many", () => {
  const many = (count: number) => `${HEAD}${"- level: Metadata\n".repeat(count)}`
  assert.deepEqual(said(many(1_001)), ["unjudged:1005"])
  const thousand = lint(many(1_000)).filter(({ rule }) => rule === "shadowed-rule")
  assert.equal(thousand.length, 999)
  assert.match(thousand.at(-1)?.message ?? "", /rule 1 \(line 5\)/)
})

const wayOut: readonly [rules: string, fix: string][] = [
  ["rules: []", "rules: [{level: Metadata}]"],
  ["rules: [{}]", "level: Metadata"],
  ["rules: [{level: requestresponse}]", "level: RequestResponse"],
  ["rules: [{level: None, nonResourceURLs: [healthz]}]", "/healthz"],
  ["rules: [{level: None, nonResourceURLs: [/a/*/b]}]", "/logs/*"],
  ["rules: [{level: None, nonResourceURLs: [/a], namespaces: [b]}]", "two rules"],
  ["rules: [{level: None, resources: [{resourceNames: [a]}]}]", "name the resources"],
]
for (const [rules, fix] of wayOut) {
  test(`what the server refuses is told with a way out: ${rules}`, () => {
    const [found] = lint(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}\n`).filter(
      ({ rule }) => rule === "illegal",
    )
    assert.ok(found?.fix?.includes(fix), JSON.stringify(found))
  })
}
