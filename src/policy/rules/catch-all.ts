import { type LintRule, ruleNumber, rulesOf } from "../finding.ts"
import type { PolicyRule } from "../policy.ts"

export const catchAll: LintRule = {
  name: "catch-all",
  severity: "warning",
  summary: "No rule for the rest, or one that stands too early.",
  why: "a request that no rule matches leaves no event; a rule without conditions matches everything, so nothing after it counts",
  firing: '- level: Metadata\n  resources: [{group: ""}]',
  silent: '- level: None\n  resources: [{group: "", resources: [events]}]\n- level: Metadata',
  *check({ policy }) {
    const last = policy.rules.length - 1
    for (const { rule, index, path } of rulesOf(policy)) {
      if (!isCatchAll(rule)) continue
      if (index < last) {
        yield {
          path,
          message:
            `${ruleNumber(index)} has no conditions: it matches everything, and nothing after it counts ` +
            '(a policy cannot select by response code, so not "failures" either)',
          fix: "move it to the end, or give it users, verbs, resources, namespaces or nonResourceURLs",
        }
      }
      return
    }
    if (policy.rules.length === 0) return
    yield {
      path: ["rules", last],
      message: "what no rule matches is not recorded",
      fix: "end with a rule that has a level and nothing else: Metadata, or None to say it is meant",
    }
  },
}

export function isCatchAll(rule: PolicyRule): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule
  return [users, userGroups, verbs, resources, namespaces, nonResourceURLs].every((list) => list.length === 0)
}
