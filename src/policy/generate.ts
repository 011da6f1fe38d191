import { Refusal } from "../base/refusal.ts"
import { coverageOf } from "./coverage.ts"
import { lint } from "./lint.ts"
import { loadPolicy } from "./load.ts"
import { LEVELS, type Level, type PolicyRule } from "./policy.ts"
import { formatRule } from "./policy-yaml.ts"
import type { Protected } from "./protected.ts"

/**
 * The policy that records what a coverage list demands, at the lowest levels it allows, and nothing else. Before it is
 * returned it is read back, and coverage and lint have passed it; refuses `coverage.unmet` where no policy can.
 */
export function generatePolicy(list: readonly Protected[]): string {
  const needed = neededLevels(list)
  // Higher levels first: what is asked for twice gets the higher one, whatever the order of the list.
  const rules = [...LEVELS]
    .reverse()
    .flatMap((level) => rulesOf(needed.filter((need) => need.level === level)))
  const text = [
    "# The smallest policy for its coverage list: what is not named here is not recorded.\n",
    "apiVersion: audit.k8s.io/v1\nkind: Policy\n",
    "# ResponseStarted stays: it is the only stage of a failed authentication.\n",
    "omitStages: [RequestReceived]\nomitManagedFields: true\nrules:\n",
    ...rules.map((rule) => formatRule(rule, 2)),
    // A rule for the rest, so that nobody has to know what happens without one.
    formatRule({ ...EVERYTHING, level: "None" }, 2),
  ].join("")
  const missed = coverageOf(loadPolicy(text), list).find(({ verdict }) => verdict !== "covered")
  if (missed !== undefined) throw unmet(`${missed.name} would be ${missed.verdict} what the list asks for`)
  const objection = lint(text).find(({ severity }) => severity === "error")
  if (objection !== undefined) throw unmet(`lint says ${objection.rule}: ${objection.message}`)
  return text
}

const EVERYTHING: PolicyRule = {
  ...{ level: "Metadata", users: [], userGroups: [], verbs: [], resources: [], namespaces: [] },
  ...{ nonResourceURLs: [], omitStages: [] },
}

type Need = {
  readonly group: string
  readonly resource: string
  readonly verb: string
  readonly level: Level
}

/** For every resource and verb, the highest level that a line needs; refuses where another line forbids it. */
function neededLevels(list: readonly Protected[]): readonly Need[] {
  const needs = new Map<string, Need & { readonly most: Level }>()
  for (const { group, resources, verbs, level, levelMax = "RequestResponse" } of list) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const key = JSON.stringify([group, resource, verb])
        const known = needs.get(key)
        needs.set(key, {
          ...{ group, resource, verb },
          level: known === undefined ? level : highest(known.level, level),
          most: known === undefined ? levelMax : lowest(known.most, levelMax),
        })
      }
    }
  }
  const all = [...needs.values()]
  const torn = all.find(({ level, most }) => highest(level, most) !== most)
  if (torn !== undefined) {
    const { verb, resource, level, most } = torn
    throw unmet(`${verb} ${resource} must be at least ${level} and at most ${most}`)
  }
  return all.filter(({ level }) => level !== "None")
}

const highest = (a: Level, b: Level): Level => (LEVELS.indexOf(a) >= LEVELS.indexOf(b) ? a : b)
const lowest = (a: Level, b: Level): Level => (highest(a, b) === a ? b : a)

/** As few rules as there are sets of verbs: resources that need the same verbs share one. */
function rulesOf(needs: readonly Need[]): readonly PolicyRule[] {
  const byResource = Map.groupBy(needs, ({ group, resource }) => JSON.stringify([group, resource]))
  const byVerbs = Map.groupBy(byResource.values(), (same) =>
    JSON.stringify(same.map(({ verb }) => verb).sort()),
  )
  return [...byVerbs.values()].map((resources): PolicyRule => {
    const [first = []] = resources
    const heads = resources.flatMap((same) => same.slice(0, 1))
    const groups = Map.groupBy(heads, ({ group }) => group)
    return {
      ...EVERYTHING,
      level: first[0]?.level ?? "Metadata",
      verbs: first.map(({ verb }) => verb),
      resources: [...groups].map(([group, named]) => ({
        ...{ group, resources: named.map(({ resource }) => resource), resourceNames: [] },
      })),
    }
  })
}

function unmet(what: string): Refusal {
  return new Refusal("coverage.unmet", `no policy meets this list: ${what}`)
}
