import { actorKind } from "../event/actor.ts"
import { coverageOf } from "./coverage.ts"
import { compilePolicy, decide } from "./decide.ts"
import type { Attributes, Policy, PolicyRule } from "./policy.ts"
import { PROTECTED } from "./protected.ts"
import { reachOfRules } from "./reach.ts"
import { formatResource } from "./request-text.ts"
import type { Cell } from "./traffic.ts"

/** Who does what most, and whether a rule may leave it out. */
export type Talker = {
  readonly user: string
  readonly verb: string
  /** `leases.coordination.k8s.io`, or a path. */
  readonly target: string
  readonly events: number
  readonly bytes: number
  readonly advice: Advice | { readonly kind: "kept"; readonly why: string }
}

export type Advice = {
  readonly kind: "rule"
  readonly rule: PolicyRule
  /** It goes before this rule of the policy, the one that records these requests now. */
  readonly before: number
}

type Sum = { events: number; bytes: number; before: number; readonly requests: Attributes[] }

/** Kinds of requests told apart; those that come when so many are known are counted, and never advised on. */
const TALKERS_MAX = 20_000
/** Requests of one kind that a rule is tried on. */
const TRIED_MAX = 50

/** Sums up what a policy records, to say what it could do without. */
export class Advisor {
  readonly #policy: Policy
  readonly #sums = new Map<string, Sum>()
  #beyond = 0

  constructor(policy: Policy) {
    this.#policy = policy
  }

  add({ attributes, tallies }: Cell): void {
    const { rule, level } = decide(this.#policy, attributes)
    if (rule === undefined || level === "None") return
    const key = JSON.stringify([attributes.user ?? null, attributes.verb, targetOf(attributes)])
    let sum = this.#sums.get(key)
    if (sum === undefined) {
      if (this.#sums.size >= TALKERS_MAX) {
        this.#beyond++
        return
      }
      sum = { events: 0, bytes: 0, before: rule, requests: [] }
      this.#sums.set(key, sum)
    }
    for (const { events, bytes } of tallies) {
      sum.events += events
      sum.bytes += bytes.whole
    }
    sum.before = Math.min(sum.before, rule)
    if (sum.requests.length < TRIED_MAX) sum.requests.push(attributes)
  }

  /** How often requests of another kind came when there were too many to look at. */
  get beyond(): number {
    return this.#beyond
  }

  /** The loudest, by bytes or by events, each with a rule that was tried, or the reason for none. */
  top(count: number, by: "bytes" | "events"): readonly Talker[] {
    const loudest = [...this.#sums.values()].sort((a, b) => b[by] - a[by]).slice(0, count)
    return loudest.flatMap(({ events, bytes, before, requests }) => {
      const [request] = requests
      if (request === undefined) return []
      const { user = "nobody (401)", verb } = request
      const why = whyKept(request)
      const rule = ruleFor(request)
      const refused = why ?? this.#tried(rule, before, requests)
      const advice =
        refused === undefined
          ? ({ kind: "rule", rule, before } as const)
          : ({ kind: "kept", why: refused } as const)
      return [{ user, verb, target: targetOf(request), events, bytes, advice }]
    })
  }

  /** Why the rule would not do what it is for, or would do more; undefined where it is fine. */
  #tried(rule: PolicyRule, before: number, requests: readonly Attributes[]): string | undefined {
    const changed = withRules(this.#policy, [{ rule, before }])
    const decideNow = compilePolicy(changed)
    if (requests.some((request) => decideNow(request).rule !== before))
      return "an earlier rule decides part of it"
    if (reachOfRules(changed)[before]?.kind !== "reached") return "no place for a rule where it would decide"
    const was = coverageOf(this.#policy)
    const worse = coverageOf(changed).find(
      ({ verdict }, i) => verdict === "below" && was[i]?.verdict !== "below",
    )
    return worse === undefined ? undefined : `${worse.name} would no longer be covered`
  }
}

/** The policy with rules put in, each before the rule it names. */
export function withRules(policy: Policy, added: readonly Omit<Advice, "kind">[]): Policy {
  const rules = policy.rules.flatMap((rule, index) => [
    ...added.filter(({ before }) => before === index).map((advice) => advice.rule),
    rule,
  ])
  return { ...policy, rules }
}

function whyKept(request: Attributes): string | undefined {
  const { user, groups = [], apiGroup, verb, resource, subresource } = request
  if (user === undefined || user === "system:anonymous")
    return "requests without a name are what intruders send"
  if (actorKind(user, groups) === "human") return "a person's requests"
  const text = subresource === "" ? resource : `${resource}/${subresource}`
  const line = PROTECTED.find(
    (item) => item.group === apiGroup && item.resources.includes(text) && item.verbs.includes(verb),
  )
  return line === undefined || !request.isResourceRequest ? undefined : `protected: ${line.why}`
}

function ruleFor({
  user = "",
  verb,
  isResourceRequest,
  path,
  apiGroup,
  resource,
  subresource,
}: Attributes): PolicyRule {
  const text = subresource === "" ? resource : `${resource}/${subresource}`
  return {
    ...{ level: "None", users: [user], userGroups: [], verbs: [verb], namespaces: [], omitStages: [] },
    resources: isResourceRequest ? [{ group: apiGroup, resources: [text], resourceNames: [] }] : [],
    nonResourceURLs: isResourceRequest ? [] : [path],
  }
}

function targetOf(request: Attributes): string {
  return request.isResourceRequest ? formatResource(request) : request.path
}
