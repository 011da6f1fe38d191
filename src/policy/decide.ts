import type { Attributes, Decision, GroupResources, Policy, PolicyRule, Stage } from "./policy.ts"
import { STAGES } from "./policy.ts"

/**
 * How kube-apiserver would audit the request: the first rule that matches decides, no match means level None
 * (k8s.io/apiserver/pkg/audit/policy/checker.go). Compiled once per policy and remembered with it.
 */
export function decide(policy: Policy, attributes: Attributes): Decision {
  let compiled = remembered.get(policy)
  if (compiled === undefined) {
    compiled = compilePolicy(policy)
    remembered.set(policy, compiled)
  }
  return compiled(attributes)
}

export type Decide = (attributes: Attributes) => Decision
type Test = (attributes: Attributes) => boolean

const remembered = new WeakMap<Policy, Decide>()

/** Turns lists into sets once, so that one decision costs a few look-ups per rule. */
export function compilePolicy(policy: Policy): Decide {
  const rules = policy.rules.map((rule, index) => ({
    test: compileRule(rule),
    decision: decisionOf(policy, rule, index),
  }))
  const unmatched: Decision = {
    level: "None",
    omitStages: policy.omitStages,
    omitManagedFields: policy.omitManagedFields,
  }
  // Most rules are for one group of the API: a request is shown only those that could be for it, in their order.
  const urls = rules.filter((_, index) => isForUrls(policy.rules[index]))
  const groups = new Map<string, typeof rules>()
  for (const group of policy.rules.flatMap(({ resources }) => resources.map((entry) => entry.group))) {
    if (!groups.has(group))
      groups.set(
        group,
        rules.filter((_, index) => isForGroup(policy.rules[index], group)),
      )
  }
  const others = rules.filter((_, index) => isForGroup(policy.rules[index], undefined))
  return (attributes) => {
    const { isResourceRequest, apiGroup } = attributes
    for (const rule of isResourceRequest ? (groups.get(apiGroup) ?? others) : urls) {
      if (rule.test(attributes)) return rule.decision
    }
    return unmatched
  }
}

function isForUrls(rule: PolicyRule | undefined): boolean {
  return rule !== undefined && rule.resources.length === 0 && rule.namespaces.length === 0
}

/** Undefined: a group that no rule names. */
function isForGroup(rule: PolicyRule | undefined, group: string | undefined): boolean {
  if (rule === undefined) return false
  const { resources, namespaces, nonResourceURLs } = rule
  if (resources.length > 0) return resources.some((entry) => entry.group === "*" || entry.group === group)
  return namespaces.length > 0 || nonResourceURLs.length === 0
}

/** Stages are a union: a rule cannot take a stage back. Managed fields are the rule's own word, if it says one. */
function decisionOf(policy: Policy, rule: PolicyRule, index: number): Decision {
  const omitted = new Set<Stage>([...policy.omitStages, ...rule.omitStages])
  return {
    level: rule.level,
    omitStages: STAGES.filter((stage) => omitted.has(stage)),
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields,
    rule: index,
  }
}

/** The conditions of a rule in the order kube-apiserver looks at them, each with the name a person knows it by. */
export function conditionsOf(rule: PolicyRule): readonly { readonly name: string; readonly test: Test }[] {
  const conditions: { name: string; test: Test }[] = []
  if (rule.users.length > 0) conditions.push({ name: "users", test: userIn(rule.users) })
  if (rule.userGroups.length > 0) conditions.push({ name: "userGroups", test: groupIn(rule.userGroups) })
  if (rule.verbs.length > 0) conditions.push({ name: "verbs", test: verbIn(rule.verbs) })
  if (rule.namespaces.length > 0 || rule.resources.length > 0) {
    conditions.push({ name: "resource request", test: ({ isResourceRequest }) => isResourceRequest })
    if (rule.namespaces.length > 0)
      conditions.push({ name: "namespaces", test: namespaceIn(rule.namespaces) })
    if (rule.resources.length > 0) conditions.push({ name: "resources", test: resourceIn(rule.resources) })
  } else if (rule.nonResourceURLs.length > 0) {
    conditions.push({ name: "nonResourceURLs", test: urlIn(rule.nonResourceURLs) })
  }
  return conditions
}

/** The same conditions, the cheapest to fail first: their order changes nothing but the time. */
function compileRule(rule: PolicyRule): Test {
  const tests = conditionsOf(rule)
    .map(({ test }) => test)
    .reverse()
  return (attributes) => {
    for (const test of tests) if (!test(attributes)) return false
    return true
  }
}

function userIn(users: readonly string[]): Test {
  const names = new Set(users)
  return ({ user }) => user !== undefined && names.has(user)
}

function groupIn(groups: readonly string[]): Test {
  const names = new Set(groups)
  return ({ user, groups }) => {
    if (user === undefined || groups === undefined) return false
    for (const group of groups) if (names.has(group)) return true
    return false
  }
}

function verbIn(verbs: readonly string[]): Test {
  const names = new Set(verbs)
  return ({ verb }) => names.has(verb)
}

function namespaceIn(namespaces: readonly string[]): Test {
  const names = new Set(namespaces)
  return ({ namespace }) => names.has(namespace)
}

function resourceIn(entries: readonly GroupResources[]): Test {
  const tests = entries.map(entryTest)
  return (attributes) => tests.some((test) => test(attributes))
}

/** Group `*` is any group since 1.36 (before, such a policy does not load). API versions are never looked at. */
function entryTest({ group, resources, resourceNames }: GroupResources): Test {
  const names = resourceNames.length === 0 ? undefined : new Set(resourceNames)
  const matches = resources.length === 0 ? () => true : resourceTest(resources)
  return (attributes) =>
    (group === "*" || group === attributes.apiGroup) &&
    matches(attributes) &&
    (resources.length === 0 || names === undefined || names.has(attributes.name))
}

// `*` is everything, `pods` the bare resource, `pods/exec` the subresource, `*/exec` that subresource of any resource,
// and `pods/*` the bare resource too: upstream's comment says subresources only, its code does not check.
function resourceTest(resources: readonly string[]): Test {
  if (resources.includes("*")) return () => true
  const bare = new Set(resources.filter((text) => !text.includes("/")))
  const exact = new Set(resources.filter((text) => text.includes("/")))
  const allOf = new Set(resources.filter((text) => text.endsWith("/*")).map((text) => text.slice(0, -2)))
  const anyWith = new Set(resources.filter((text) => text.startsWith("*/")).map((text) => text.slice(2)))
  return ({ resource, subresource }) =>
    (subresource === ""
      ? bare.has(resource) || (exact.size > 0 && exact.has(resource)) // a name with a slash is its own, and nobody's
      : (exact.size > 0 && exact.has(`${resource}/${subresource}`)) || anyWith.has(subresource)) ||
    allOf.has(resource)
}

/** `*` is every path, `/x*` a plain prefix, anything else the very path. A resource request matches none of them. */
function urlIn(urls: readonly string[]): Test {
  const tests = urls.map((url): ((path: string) => boolean) => {
    if (url === "*") return () => true
    if (!url.endsWith("*")) return (path) => path === url
    const prefix = url.slice(0, -1)
    return (path) => path.startsWith(prefix)
  })
  return ({ isResourceRequest, path }) => !isResourceRequest && tests.some((test) => test(path))
}
