import { LEVELS, type Level, type Policy, type PolicyRule } from "./policy.ts"
import { boxesOfProtected, PROTECTED, type Protected } from "./protected.ts"
import { decidersOf } from "./reach.ts"
import { type Box, minus, only, SIGNED_IN } from "./request-set.ts"
import { formatRequest } from "./request-text.ts"

/** One resource of a coverage list under one policy. */
export type Covered = {
  readonly name: string
  readonly verbs: readonly string[]
  readonly required: Level
  readonly levelMax?: Level
  readonly why: string
  /** The lowest and the highest level that anybody's requests reach, leaving aside the exceptions. */
  readonly lowest: Level
  readonly highest: Level
  readonly verdict: "covered" | "below" | "above"
  /** Requests that fall short or go too far, each with the rule that decides them; rule absent: none matches. */
  readonly witnesses: readonly { readonly rule?: number; readonly level: Level; readonly request: string }[]
  /** Rules that leave out named users of the system only: told, and not held against the policy. */
  readonly exceptions: readonly number[]
}

/** The level that every request of the list reaches, whoever sends it. */
export function coverageOf(policy: Policy, list: readonly Protected[] = PROTECTED): readonly Covered[] {
  // A star in a user's name is somebody's mistake, and nobody's name.
  const starred = policy.rules.flatMap(({ users }) => users.filter((user) => user.includes("*")))
  const user = minus(SIGNED_IN, only(...starred))
  return list.flatMap((line) =>
    boxesOfProtected(line).map(({ name, box }) => coveredBy(policy, { line, name, box: { ...box, user } })),
  )
}

export function isCovered(covered: readonly Covered[]): boolean {
  return covered.every(({ verdict }) => verdict === "covered")
}

type Asked = {
  readonly line: Protected
  readonly name: string
  readonly box: Box
}

function coveredBy(policy: Policy, { line, name, box }: Asked): Covered {
  const { verbs, level: required, levelMax, why } = line
  const all = decidersOf(policy, box).map(({ rule, witness }) => ({
    rule,
    level: rule === undefined ? ("None" as const) : (policy.rules[rule]?.level ?? "None"),
    witness,
  }))
  const isExcepted = ({ rule, level }: (typeof all)[number]): boolean =>
    rule !== undefined && rank(level) < rank(required) && isForSystemUsers(policy.rules[rule])
  const counted = all.filter((decider) => !isExcepted(decider))
  const levels = counted.map(({ level }) => level).sort((a, b) => rank(a) - rank(b))
  const [lowest = "None"] = levels
  const highest = levels.at(-1) ?? "None"
  const bad = counted.filter(
    ({ level }) => rank(level) < rank(required) || (levelMax !== undefined && rank(level) > rank(levelMax)),
  )
  return {
    ...{ name, verbs, required, why, lowest, highest },
    ...(levelMax === undefined ? {} : { levelMax }),
    verdict: bad.length === 0 ? "covered" : rank(lowest) < rank(required) ? "below" : "above",
    witnesses: bad.map(({ rule, level, witness }) => ({
      ...(rule === undefined ? {} : { rule }),
      level,
      request: formatRequest(witness),
    })),
    exceptions: all.filter(isExcepted).flatMap(({ rule }) => rule ?? []),
  }
}

function rank(level: Level): number {
  return LEVELS.indexOf(level)
}

/** Parts of the control plane and of nodes by name: who acts as them already holds the cluster. */
const SYSTEM_USER = /^(system:(kube-|node:|apiserver$|serviceaccount:kube-system:)|kubelet$)/
const SYSTEM_GROUPS = ["system:nodes", "system:serviceaccounts:kube-system"]

function isForSystemUsers(rule: PolicyRule | undefined): boolean {
  if (rule === undefined) return false
  const { users, userGroups } = rule
  if (users.length > 0) return users.every((user) => SYSTEM_USER.test(user))
  return userGroups.length > 0 && userGroups.every((group) => SYSTEM_GROUPS.includes(group))
}
