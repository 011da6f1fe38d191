import { removedIn } from "../catalogue.ts"
import { type LintRule, rulesOf } from "../finding.ts"

export const removedApi: LintRule = {
  name: "removed-api",
  severity: "warning",
  summary: "A resource that this release of Kubernetes no longer serves.",
  why: "nothing can be requested of it any more; the rule gives a feeling of safety",
  firing: "- level: Request\n  resources: [{group: policy, resources: [podsecuritypolicies]}]",
  silent: "- level: Request\n  resources: [{group: policy, resources: [poddisruptionbudgets]}]",
  *check({ policy, kubernetes }) {
    for (const { rule, path } of rulesOf(policy)) {
      for (const [index, { group, resources }] of rule.resources.entries()) {
        for (const [name, text] of resources.entries()) {
          const removed = removedIn(group, text.split("/")[0] ?? "")
          if (removed === undefined || kubernetes.minor < removed.minor) continue
          yield {
            path: [...path, "resources", index, "resources", name],
            message: `${text} of ${group} was removed in Kubernetes 1.${removed.minor}`,
            fix: `instead there is: ${removed.instead}`,
          }
        }
      }
    }
  },
}
