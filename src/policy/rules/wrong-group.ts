import { nearest } from "../../base/nearest.ts"
import { groupsWith, isBuiltInGroup, isKnownResource, resourcesOf } from "../catalogue.ts"
import { type LintRule, rulesOf } from "../finding.ts"

export const wrongGroup: LintRule = {
  name: "wrong-group",
  severity: "error",
  summary: "A resource in a group that does not have it: deployments without `apps`, `pod` for `pods`.",
  why: "policies accept any text; a name that its group does not have matches nothing",
  firing: '- level: Metadata\n  resources: [{group: "", resources: [deployments]}]',
  silent:
    "- level: Metadata\n  resources: [{group: apps, resources: [deployments]}, {group: example.com, resources: [deployments]}]",
  *check({ policy }) {
    for (const { rule, path } of rulesOf(policy)) {
      for (const [index, { group, resources }] of rule.resources.entries()) {
        for (const [name, text] of resources.entries()) {
          const [resource = ""] = text.split("/")
          if (!isBuiltInGroup(group) || resource.includes("*") || isKnownResource(group, resource)) continue
          const groups = groupsWith(resource)
          const meant = nearest(resource, resourcesOf(group))
          const named = group === "" ? 'the core group ("")' : `group ${group}`
          yield {
            path: [...path, "resources", index, "resources", name],
            severity: groups.length > 0 || meant !== undefined ? "error" : "warning",
            message: `${named} has no ${JSON.stringify(resource)}`,
            fix:
              groups.length > 0
                ? `group: ${JSON.stringify(groups[0])}`
                : meant === undefined
                  ? "name the group that has it"
                  : `${JSON.stringify(text.replace(resource, meant))}`,
          }
        }
      }
    }
  },
}
