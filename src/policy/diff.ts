import { decide } from "./decide.ts"
import type { Attributes, Decision, Level, Policy, PolicyRule, Stage } from "./policy.ts"
import { regionsOf } from "./reach.ts"

/** How a request is treated, apart from which rule says so. */
export type Treatment = {
  readonly level: Level
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
}

/** Requests that two policies treat differently: those that rule `before` decides in one and `after` in the other. */
export type Difference = {
  readonly before: Treatment & { readonly rule?: number }
  readonly after: Treatment & { readonly rule?: number }
  /** The conditions that all of these requests meet, as policies write them; empty: any. */
  readonly pattern: string
  readonly witness: Attributes
}

/** Every pair of rules (or none) that decides some request differently, in the order of the first policy. */
export function diffPolicies(a: Policy, b: Policy): readonly Difference[] {
  const found: Difference[] = []
  for (const { before, after, witness } of regionsOf(
    a,
    b,
    (i, j) => !isSame(treatment(a, i), treatment(b, j)),
  )) {
    found.push({
      ...{
        before: { ...treatment(a, before), ...numbered(before) },
        after: { ...treatment(b, after), ...numbered(after) },
      },
      ...{ pattern: patternOf(ruleOf(a, before), ruleOf(b, after)), witness },
    })
  }
  return found
}

function numbered(rule: number | undefined): { readonly rule?: number } {
  return rule === undefined ? {} : { rule }
}

function ruleOf(policy: Policy, index: number | undefined): PolicyRule | undefined {
  return index === undefined ? undefined : policy.rules[index]
}

/** What no rule matches is treated as level None, and None has neither stages nor bodies to differ in. */
function treatment(policy: Policy, index: number | undefined): Treatment {
  const rule = ruleOf(policy, index)
  if (rule === undefined || rule.level === "None")
    return { level: "None", omitStages: [], omitManagedFields: false }
  const omitted = new Set([...policy.omitStages, ...rule.omitStages])
  const bodies = rule.level === "Request" || rule.level === "RequestResponse"
  return {
    level: rule.level,
    omitStages: [...omitted].sort(),
    omitManagedFields: bodies && (rule.omitManagedFields ?? policy.omitManagedFields),
  }
}

function isSame(a: Treatment, b: Treatment): boolean {
  return (
    a.level === b.level &&
    a.omitManagedFields === b.omitManagedFields &&
    a.omitStages.join() === b.omitStages.join()
  )
}

/** For tests and callers: whether one request is treated alike. */
export function treatsAlike(a: Policy, b: Policy, request: Attributes): boolean {
  const of = (policy: Policy, { rule }: Decision) => treatment(policy, rule)
  return isSame(of(a, decide(a, request)), of(b, decide(b, request)))
}

/** The narrower rule says it best: the one with more conditions. */
function patternOf(a: PolicyRule | undefined, b: PolicyRule | undefined): string {
  const texts = [a, b].flatMap((rule) => (rule === undefined ? [] : [conditionsText(rule)]))
  return [...new Set(texts.filter((text) => text !== ""))].join(" and ")
}

const SHOWN_MAX = 4

function conditionsText(rule: PolicyRule): string {
  const some = (name: string, items: readonly string[]) =>
    items.length === 0
      ? []
      : [`${name} ${items.slice(0, SHOWN_MAX).join(",")}${items.length > SHOWN_MAX ? ",…" : ""}`]
  const resources = rule.resources.flatMap(({ group, resources, resourceNames }) => {
    const suffix = group === "" ? "" : `.${group}`
    const names = resourceNames.length === 0 ? "" : `:${resourceNames.join("|")}`
    return (resources.length === 0 ? ["*"] : resources).map((text) => `${text}${suffix}${names}`)
  })
  return [
    ...some("users", rule.users),
    ...some("groups", rule.userGroups),
    ...some("verbs", rule.verbs),
    ...some("resources", resources),
    ...some(
      "namespaces",
      rule.namespaces.map((name) => (name === "" ? '""' : name)),
    ),
    ...some("URLs", rule.nonResourceURLs),
  ].join(" ")
}
