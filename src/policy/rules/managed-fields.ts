import { type LintRule, ruleNumber, rulesOf } from "../finding.ts"

export const managedFields: LintRule = {
  name: "managed-fields",
  severity: "info",
  summary: "Bodies recorded with metadata.managedFields.",
  why: "often a third of the body, and of no use to anybody who reads the trail (omitManagedFields, since 1.23)",
  firing: "- level: RequestResponse",
  silent: "- level: RequestResponse\n  omitManagedFields: true",
  *check({ policy, kubernetes }) {
    if (kubernetes.minor < SINCE) return
    const kept = [...rulesOf(policy)].filter(
      ({ rule }) => /^Request/.test(rule.level) && !(rule.omitManagedFields ?? policy.omitManagedFields),
    )
    const [first] = kept
    if (first === undefined) return
    const others = kept.length === 1 ? "" : ` (and ${kept.length - 1} more)`
    yield {
      path: first.path,
      message: `${ruleNumber(first.index)} records managedFields${others}`,
      fix: "omitManagedFields: true at the top of the policy",
      edit: { kind: "top", key: "omitManagedFields", value: "true" },
    }
  },
}

const SINCE = 23
