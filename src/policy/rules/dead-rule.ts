import { isClusterScoped, RESOURCE_VERBS } from "../catalogue.ts"
import { type LintRule, rulesOf } from "../finding.ts"
import type { PolicyRule } from "../policy.ts"

export const deadRule: LintRule = {
  name: "dead-rule",
  severity: "error",
  summary: "A rule that no request can match, whatever stands before it.",
  why: "it looks like a decision and is none; the requests it means go on to later rules",
  firing: '- level: Metadata\n  verbs: ["*"]\n- level: Metadata',
  silent: "- level: Metadata\n  verbs: [get]\n- level: Metadata",
  *check({ policy, reach }) {
    for (const { rule, index, path } of rulesOf(policy)) {
      const why =
        deadFor(rule) ?? (reach()[index]?.kind === "empty" ? "its resources match nothing" : undefined)
      if (why !== undefined) yield { path, message: `no request can match: ${why}` }
    }
  },
}

/** Why no request can match the rule, as far as its own conditions tell. */
export function deadFor(rule: PolicyRule): string | undefined {
  const { verbs, resources, namespaces, nonResourceURLs } = rule
  for (const [key, names] of Object.entries({
    users: rule.users,
    userGroups: rule.userGroups,
    verbs,
    namespaces,
  })) {
    if (names.length > 0 && names.every((name) => name.includes("*")))
      return `a star in ${key} is part of a name, not a wildcard`
  }
  const ofResources = resources.length > 0 || namespaces.length > 0
  if (
    ofResources &&
    verbs.length > 0 &&
    !verbs.some((verb) => RESOURCE_VERBS.some((known) => known === verb))
  ) {
    return `requests for resources never have the verb ${verbs.join(" or ")}`
  }
  if (
    nonResourceURLs.length > 0 &&
    verbs.length > 0 &&
    !verbs.some((verb) => /^[a-z]+$/.test(verb) && !ONLY_OF_RESOURCES.has(verb))
  ) {
    return `requests for URLs have the HTTP method as verb (get, post), never ${verbs.join(" or ")}`
  }
  const clustered = resources.flatMap(({ group, resources: names }) =>
    names.map(
      (name) =>
        name !== "namespaces" &&
        !name.startsWith("namespaces/") &&
        isClusterScoped(group, name.split("/")[0] ?? ""),
    ),
  )
  const named = resources.every(({ resources: names }) => names.length > 0)
  if (
    named &&
    clustered.length > 0 &&
    clustered.every(Boolean) &&
    namespaces.length > 0 &&
    !namespaces.includes("")
  ) {
    return "its resources are in no namespace, and it asks for one"
  }
  return undefined
}

const ONLY_OF_RESOURCES = new Set(["list", "watch", "create", "update", "deletecollection"])
