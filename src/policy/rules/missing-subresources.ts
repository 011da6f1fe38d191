import { tellingSubresources } from "../catalogue.ts"
import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"
import type { Policy } from "../policy.ts"

export const missingSubresources: LintRule = {
  name: "missing-subresources",
  severity: "warning",
  summary:
    "A resource is recorded, its subresources that matter (pods/exec, serviceaccounts/token) are named nowhere.",
  why: "`pods` does not match `pods/exec`: requests for subresources go on to whatever rule comes last",
  firing: '- level: Request\n  resources: [{group: "", resources: [pods]}]\n- level: Metadata',
  silent:
    '- level: Request\n  resources: [{group: "", resources: [pods]}]\n- level: Metadata\n  resources: [{group: "", resources: ["pods/*"]}]\n- level: Metadata',
  *check({ policy }) {
    const asked = new Set<string>()
    for (const { rule, index, path } of rulesOf(policy)) {
      if (!isRecording(rule)) continue
      for (const [at, { group, resources }] of rule.resources.entries()) {
        for (const [name, resource] of resources.entries()) {
          if (asked.has(`${group}/${resource}`)) continue
          asked.add(`${group}/${resource}`)
          const telling = tellingSubresources(group, resource)
          const missing = telling.filter((subresource) => !isNamed(policy, { group, resource, subresource }))
          if (missing.length === 0) continue
          const texts = missing.map((subresource) => `${resource}/${subresource}`)
          yield {
            path: [...path, "resources", at, "resources", name],
            message: `${ruleNumber(index)} names ${resource}; no rule names ${texts.join(", ")}`,
            fix: `a rule without verbs: resources: [${texts.map((text) => JSON.stringify(text)).join(", ")}]`,
            edit: { kind: "rule", before: index, group, resources: texts },
          }
        }
      }
    }
  },
}

/** By some rule that records and selects resources; one for all of a group means it too. */
function isNamed(
  policy: Policy,
  { group, resource, subresource }: { group: string; resource: string; subresource: string },
): boolean {
  const names = ["*", `${resource}/${subresource}`, `${resource}/*`, `*/${subresource}`]
  return policy.rules.some(
    (rule) =>
      isRecording(rule) &&
      rule.resources.some(
        ({ group: other, resources }) =>
          (other === group || other === "*") &&
          (resources.length === 0 || resources.some((text) => names.includes(text))),
      ),
  )
}
