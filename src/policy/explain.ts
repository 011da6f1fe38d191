import { conditionsOf, decide } from "./decide.ts"
import { type Attributes, type Decision, type Policy, type PolicyRule, STAGES, type Stage } from "./policy.ts"
import { isLongRunning } from "./request-info.ts"

export type Explanation = {
  readonly decision: Decision
  /** Stages that leave an event; none at level None. Panic only when something panics. */
  readonly stages: readonly Stage[]
  /** Every rule before the one that decides, in order, with its first condition that does not hold. */
  readonly passed: readonly Passed[]
}

export type Passed = {
  readonly rule: number
  /** The field of the rule: `users`, `verbs`, `resources`, …; `resource request` when it is about resources only. */
  readonly condition: string
  readonly why: string
}

/** Which rule decides one request, and why each earlier one does not. Conditions are looked at in the server's order. */
export function explain(policy: Policy, request: Attributes): Explanation {
  const decision = decide(policy, request)
  const passed = policy.rules.slice(0, decision.rule ?? policy.rules.length).map((rule, index): Passed => {
    const failed = conditionsOf(rule).find(({ test }) => !test(request))
    const condition = failed?.name ?? ""
    return { rule: index, condition, why: whyNot(rule, condition, request) }
  })
  // ResponseStarted is for requests that last, and is the only stage of a 401, which has no user.
  const possible = STAGES.filter((stage) =>
    request.user === undefined
      ? stage === "ResponseStarted"
      : stage !== "ResponseStarted" || isLongRunning(request),
  )
  const stages =
    decision.level === "None" ? [] : possible.filter((stage) => !decision.omitStages.includes(stage))
  return { decision, stages, passed }
}

function whyNot(rule: PolicyRule, condition: string, request: Attributes): string {
  const { user, groups = [], verb, namespace } = request
  switch (condition) {
    case "users":
      return user === undefined ? "there is no user" : `${show(user)} is not in users ${list(rule.users)}`
    case "userGroups":
      return `none of the user's groups ${list(groups)} is in userGroups ${list(rule.userGroups)}`
    case "verbs":
      return `${show(verb)} is not in verbs ${list(rule.verbs)}`
    case "resource request":
      return "it asks for a URL, the rule is for resources"
    case "namespaces":
      return `${show(namespace)} is not in namespaces ${list(rule.namespaces)}`
    case "resources":
      return whyNotResources(rule, request)
    default:
      return request.isResourceRequest
        ? "it asks for a resource, the rule is for URLs"
        : `${request.path} is not in nonResourceURLs ${list(rule.nonResourceURLs)}`
  }
}

function whyNotResources(rule: PolicyRule, request: Attributes): string {
  const { apiGroup, resource, subresource, name } = request
  const inGroup = rule.resources.filter(({ group }) => group === apiGroup || group === "*")
  const groups = rule.resources.map(({ group }) => group)
  if (inGroup.length === 0) return `group ${show(apiGroup)} is not in resources ${list(groups)}`
  const text = subresource === "" ? resource : `${resource}/${subresource}`
  const names = inGroup.flatMap(({ resources }) => resources)
  const nameless = { ...rule, resources: inGroup.map((entry) => ({ ...entry, resourceNames: [] })) }
  const matchesBare = conditionsOf(nameless).every(({ test }) => test(request))
  if (!matchesBare) return `${show(text)} is not in resources ${list(names)}`
  const resourceNames = inGroup.flatMap(({ resourceNames }) => resourceNames)
  return `name ${show(name)} is not in resourceNames ${list(resourceNames)}`
}

const SHOWN_MAX = 6

function list(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_MAX).map(show)
  return `[${shown.join(", ")}${names.length > SHOWN_MAX ? `, … ${names.length - SHOWN_MAX} more` : ""}]`
}

function show(name: string): string {
  return name === "" ? '""' : name
}
