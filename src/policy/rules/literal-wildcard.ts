import type { YamlPath } from "../../base/yaml.ts"
import { type Found, type LintRule, rulesOf } from "../finding.ts"
import type { PolicyRule } from "../policy.ts"

export const literalWildcard: LintRule = {
  name: "literal-wildcard",
  severity: "error",
  summary:
    "A star where it is a name: in users, groups, verbs, namespaces, resourceNames, or as `po*`, `*/*`.",
  why: "these lists are compared letter by letter; a star in them matches nothing, and an empty list matches everything",
  firing: '- level: Metadata\n  users: ["system:node:*"]\n- level: Metadata',
  silent:
    '- level: Metadata\n  userGroups: ["system:nodes"]\n  resources: [{group: "", resources: ["pods/*", "*/scale"]}]\n- level: Metadata',
  *check({ policy }) {
    for (const { rule, path } of rulesOf(policy)) {
      yield* starsIn(rule, path)
      for (const [index, { resources, resourceNames }] of rule.resources.entries()) {
        const at = [...path, "resources", index]
        for (const [name, text] of resources.entries()) {
          if (!text.includes("*") || text === "*" || /^(\*\/[^*/]+|[^*/]+\/\*)$/.test(text)) continue
          yield {
            path: [...at, "resources", name],
            message: `${JSON.stringify(text)} matches no resource`,
            fix:
              text === "*/*"
                ? '"*" is every resource and subresource'
                : 'write whole names; stars are "*", "pods/*" and "*/exec"',
          }
        }
        for (const [name, text] of resourceNames.entries()) {
          if (!text.includes("*")) continue
          yield {
            path: [...at, "resourceNames", name],
            message: `${JSON.stringify(text)} is no name an object can have`,
          }
        }
      }
    }
  },
}

function* starsIn(rule: PolicyRule, path: YamlPath): Generator<Found> {
  for (const key of ["users", "userGroups", "verbs", "namespaces"] as const) {
    for (const [index, text] of rule[key].entries()) {
      if (!text.includes("*")) continue
      const fix =
        text === "*"
          ? `remove ${key}: without it the rule is for all`
          : key === "users" && text.startsWith("system:node:")
            ? "userGroups: [system:nodes]"
            : key === "users" && text.startsWith("system:serviceaccount:")
              ? `userGroups: [${serviceAccountsOf(text)}]`
              : "write whole names"
      yield {
        path: [...path, key, index],
        message: `${JSON.stringify(text)} in ${key} is a name, not a wildcard`,
        fix,
      }
    }
  }
}

function serviceAccountsOf(user: string): string {
  const namespace = user.split(":")[2] ?? ""
  return namespace.includes("*") ? "system:serviceaccounts" : `system:serviceaccounts:${namespace}`
}
