import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"
import type { PolicyRule } from "../policy.ts"

export const execVerbs: LintRule = {
  name: "exec-verbs",
  severity: "error",
  summary: "exec, attach, port-forward or proxy limited to some verbs.",
  why: "over WebSocket (kubectl since 1.30, dashboards, curl) exec is an HTTP GET with the verb get; proxy takes any method",
  firing: '- level: Metadata\n  verbs: [create]\n  resources: [{group: "", resources: [pods/exec]}]',
  silent: '- level: Metadata\n  resources: [{group: "", resources: [pods/exec]}]',
  *check({ policy }) {
    for (const { rule, index, path } of rulesOf(policy)) {
      const { verbs } = rule
      if (!isRecording(rule) || verbs.length === 0) continue
      const missed = [
        ...missedBy(rule, /\/(exec|attach|portforward)$/, ["get", "create"]),
        ...missedBy(rule, /\/proxy$/, ["get", "create", "update", "patch", "delete"]),
      ]
      if (missed.length === 0) continue
      yield {
        path: [...path, "verbs"],
        severity: verbs.includes("get") && verbs.includes("create") ? "warning" : "error",
        message: `${ruleNumber(index)} misses ${missed.join("; ")}`,
        fix: "remove verbs from this rule",
        // Other resources of the rule would lose their verbs too.
        ...(isAlone(rule) ? { edit: { kind: "drop", path: [...path, "verbs"] } } : {}),
      }
    }
  },
}

function missedBy(rule: PolicyRule, pattern: RegExp, verbs: readonly string[]): string[] {
  const named = rule.resources.flatMap(({ resources }) => resources.filter((text) => pattern.test(text)))
  const missing = verbs.filter((verb) => !rule.verbs.includes(verb))
  return named.length === 0 || missing.length === 0 ? [] : [`${missing.join(", ")} of ${named.join(", ")}`]
}

function isAlone(rule: PolicyRule): boolean {
  const names = rule.resources.flatMap(({ resources }) => (resources.length === 0 ? ["*"] : resources))
  return names.every((text) => /\/(exec|attach|portforward|proxy)$/.test(text))
}
