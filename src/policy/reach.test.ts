import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { decide } from "./decide.ts"
import { diffPolicies, treatsAlike } from "./diff.ts"
import type { Attributes, GroupResources, Policy, PolicyRule } from "./policy.ts"
import { decidersOf, reachOfRules } from "./reach.ts"
import { boxesOf, holds, isEmpty, RESOURCES, URLS } from "./request-set.ts"
import { witnessOf } from "./witness.ts"

const EVERY: PolicyRule = {
  ...{ level: "Metadata", users: [], userGroups: [], verbs: [], resources: [] },
  ...{ namespaces: [], nonResourceURLs: [], omitStages: [] },
}
const policyOf = (...rules: readonly Partial<PolicyRule>[]): Policy => ({
  rules: rules.map((rule) => ({ ...EVERY, ...rule })),
  omitStages: [],
  omitManagedFields: false,
})
const of = (group: string, ...resources: string[]): readonly GroupResources[] => [
  { group, resources, resourceNames: [] },
]

// [why, rules, what the last rule is: the rules that shadow it, or how it is reached]
const rows: readonly [
  why: string,
  rules: readonly Partial<PolicyRule>[],
  last: readonly number[] | string,
][] = [
  ["after a rule for everything", [{}, { verbs: ["get"] }], [0]],
  ["a wider list of verbs", [{ verbs: ["get", "list"] }, { verbs: ["list"] }], [0]],
  ["one verb is left", [{ verbs: ["get"] }, { verbs: ["get", "list"] }], "reached"],
  ["two rules together", [{ verbs: ["get"] }, { verbs: ["list"] }, { verbs: ["get", "list"] }], [0, 1]],
  [
    "of three only the needed",
    [{ verbs: ["x"] }, { verbs: ["get"] }, { verbs: ["list"] }, { verbs: ["list", "get"] }],
    [1, 2],
  ],
  [
    "a bare resource leaves its subresources",
    [{ resources: of("", "pods") }, { resources: of("", "pods/exec") }],
    "reached",
  ],
  [
    "all of a resource leaves nothing of it",
    [{ resources: of("", "pods/*") }, { resources: of("", "pods") }],
    [0],
  ],
  [
    "a subresource of any resource",
    [{ resources: of("", "*/exec") }, { resources: of("", "pods/exec") }],
    [0],
  ],
  ["the whole group", [{ resources: of("apps") }, { resources: of("apps", "*/scale", "deployments") }], [0]],
  ["another group", [{ resources: of("apps") }, { resources: of("", "pods") }], "reached"],
  ["resources do not cover URLs", [{ resources: of("*") }, { verbs: ["get"] }], "reached"],
  [
    "resources and URLs cover all",
    [{ resources: of("*") }, { nonResourceURLs: ["*"] }, { verbs: ["get"] }],
    [0, 1],
  ],
  ["a prefix covers a path", [{ nonResourceURLs: ["/health*"] }, { nonResourceURLs: ["/healthz"] }], [0]],
  [
    "a longer prefix leaves the shorter",
    [{ nonResourceURLs: ["/healthz*"] }, { nonResourceURLs: ["/health*"] }],
    "reached",
  ],
  ["a user may be in other groups", [{ userGroups: ["a"] }, { users: ["u"] }], "reached"],
  ["and in both", [{ userGroups: ["a"] }, { userGroups: ["a", "b"] }], "reached"],
  ["a group taken leaves those without it", [{ userGroups: ["a", "b"] }, { userGroups: ["b"] }], [0]],
  ["a conjunction", [{ userGroups: ["a"] }, { users: ["u"], userGroups: ["a"] }], [0]],
  ["namespaces", [{ namespaces: ["a"] }, { namespaces: ["a"], resources: of("", "pods") }], [0]],
  [
    "names",
    [
      { resources: [{ group: "", resources: ["pods"], resourceNames: ["a"] }] },
      { resources: of("", "pods") },
    ],
    "reached",
  ],
  ["nothing but stars", [{ resources: of("", "*/*") }], "empty"],
]
for (const [why, rules, last] of rows) {
  test(`reach: ${why}`, () => {
    const reach = reachOfRules(policyOf(...rules)).at(-1)
    assert.deepEqual(reach?.kind === "shadowed" ? reach.by : reach?.kind, last)
  })
}

// A small world, so that rules overlap often: words that rules name, and one more that none does.
const some = <T>(...items: readonly T[]) => fc.subarray([...items], { maxLength: 2 })
const rule: fc.Arbitrary<PolicyRule> = fc
  .record({
    ...{
      users: some("u", "v"),
      userGroups: some("g", "h"),
      verbs: some("get", "list"),
      namespaces: some("n", ""),
    },
    resources: fc.array(
      fc.record({
        group: fc.constantFrom("", "apps", "*"),
        resources: some("pods", "pods/exec", "*/exec", "pods/*", "*", "jobs"),
        resourceNames: some("", "a"),
      }),
      { maxLength: 2 },
    ),
    nonResourceURLs: some("/a", "/a*", "/ab*", "*", "/b"),
    urls: fc.boolean(),
  })
  .map(({ urls, ...lists }) => ({
    ...EVERY,
    ...lists,
    ...(urls ? { resources: [], namespaces: [] } : { nonResourceURLs: [] }),
  }))
const request: fc.Arbitrary<Attributes> = fc
  .record({
    ...{
      user: fc.constantFrom("u", "v", "w"),
      groups: fc.subarray(["g", "h", "i"]),
      isResourceRequest: fc.boolean(),
    },
    ...{ verb: fc.constantFrom("get", "list", "watch"), namespace: fc.constantFrom("n", "", "m") },
    ...{ apiGroup: fc.constantFrom("", "apps", "batch"), resource: fc.constantFrom("pods", "jobs", "cats") },
    ...{ subresource: fc.constantFrom("", "exec", "log"), name: fc.constantFrom("", "a", "b") },
    ...{ path: fc.constantFrom("/a", "/ab", "/abc", "/b", "/c"), anonymous: fc.boolean() },
  })
  .map(({ anonymous, user, groups, ...rest }) => ({
    ...rest,
    ...(anonymous ? {} : { user, groups }),
    apiVersion: "v1",
  }))

test("property: boxes hold exactly what their rule matches", () => {
  fc.assert(
    fc.property(rule, request, (rule, request) => {
      const matches = decide({ ...policyOf(), rules: [rule] }, request).rule === 0
      assert.equal(
        boxesOf(rule).some((box) => holds(box, request)),
        matches,
      )
    }),
    { numRuns: 3000 },
  )
})

test("property: a witness of a box is matched by its rule", () => {
  fc.assert(
    fc.property(rule, (rule) => {
      for (const box of boxesOf(rule).filter((box) => !isEmpty(box))) {
        assert.equal(decide({ ...policyOf(), rules: [rule] }, witnessOf(box)).rule, 0)
      }
    }),
    { numRuns: 1000 },
  )
})

test("property: reached rules decide their witness, shadowed ones decide nothing, and all named are needed", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 5 }),
      fc.array(request, { maxLength: 60 }),
      (rules, requests) => {
        const policy = { ...policyOf(), rules }
        for (const [index, reach] of reachOfRules(policy).entries()) {
          if (reach.kind === "reached") assert.equal(decide(policy, reach.witness).rule, index)
          else for (const request of requests) assert.notEqual(decide(policy, request).rule, index)
          if (reach.kind === "shadowed") {
            assert.equal(decide({ ...policy, rules: rules.slice(index) }, reach.witness).rule, 0)
            assert.ok((decide(policy, reach.witness).rule ?? index) < index)
          }
        }
      },
    ),
    { numRuns: 1500 },
  )
})

test("property: deciders are all the rules that decide something, and what no rule matches", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 5 }), fc.array(request, { maxLength: 60 }), (rules, requests) => {
      const policy = { ...policyOf(), rules }
      const deciders = [RESOURCES, URLS].flatMap((box) => decidersOf(policy, box))
      for (const { rule, witness } of deciders) assert.equal(decide(policy, witness).rule, rule)
      const found = new Set(deciders.map(({ rule }) => rule))
      for (const request of requests) assert.ok(found.has(decide(policy, request).rule))
    }),
    { numRuns: 500 },
  )
})

test("property: a difference is one, and where there is none requests are treated alike", () => {
  const level = fc.constantFrom("None", "Metadata", "Request")
  const leveled = fc.tuple(rule, level).map(([rule, level]) => ({ ...rule, level }) as PolicyRule)
  const rules = fc.array(leveled, { maxLength: 4 })
  fc.assert(
    fc.property(rules, rules, fc.array(request, { maxLength: 60 }), (before, after, requests) => {
      const a: Policy = { ...policyOf(), rules: before }
      const b: Policy = { ...policyOf(), rules: after }
      const found = diffPolicies(a, b)
      for (const { before, after, witness } of found) {
        assert.ok(!treatsAlike(a, b, witness))
        assert.deepEqual([decide(a, witness).rule, decide(b, witness).rule], [before.rule, after.rule])
      }
      const pairs = new Set(found.map(({ before, after }) => `${before.rule} ${after.rule}`))
      for (const request of requests) {
        const [one, other] = [decide(a, request).rule, decide(b, request).rule]
        assert.equal(treatsAlike(a, b, request), !pairs.has(`${one} ${other}`))
      }
    }),
    { numRuns: 500 },
  )
})
