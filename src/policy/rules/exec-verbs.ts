import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"

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
      const streams = namedOf(rule.resources, /\/(exec|attach|portforward)$/)
      const proxies = namedOf(rule.resources, /\/proxy$/)
      const missing = [
        ...(streams.length > 0 || proxies.length > 0 ? ["get", "create"] : []),
        ...(proxies.length > 0 ? ["update", "patch", "delete"] : []),
      ].filter((verb) => !verbs.includes(verb))
      if (missing.length === 0) continue
      yield {
        path: [...path, "verbs"],
        severity: missing.includes("get") || missing.includes("create") ? "error" : "warning",
        message: `${ruleNumber(index)} misses ${[...streams, ...proxies].join(", ")} with the verb ${missing.join(", ")}`,
        fix: "remove verbs from this rule",
      }
    }
  },
}

function namedOf(entries: readonly { readonly resources: readonly string[] }[], pattern: RegExp): string[] {
  return entries.flatMap(({ resources }) => resources.filter((text) => pattern.test(text)))
}
