import { atMetadata } from "../at-metadata.ts"
import { type LintRule, ruleNumber } from "../finding.ts"
import { decidersOf } from "../reach.ts"
import { only, RESOURCES } from "../request-set.ts"

export const configmapBodies: LintRule = {
  name: "configmap-bodies",
  severity: "warning",
  summary: "Bodies of ConfigMaps recorded with their answers.",
  why: "passwords end up in ConfigMaps, and whole files: large events, kept as long as the trail is kept",
  firing: '- level: RequestResponse\n  resources: [{group: "", resources: [configmaps]}]',
  silent: '- level: Metadata\n  resources: [{group: "", resources: [configmaps]}]',
  *check({ policy }) {
    const box = { ...RESOURCES, apiGroup: only(""), resource: only("configmaps"), subresource: only("") }
    for (const { rule: index, witness } of decidersOf(
      policy,
      box,
      ({ level }) => level === "RequestResponse",
    )) {
      const rule = index === undefined ? undefined : policy.rules[index]
      if (index === undefined || rule?.level !== "RequestResponse") continue
      yield {
        path: ["rules", index, "level"],
        message: `${ruleNumber(index)} records the contents of ConfigMaps`,
        ...atMetadata(rule, { index, group: "", text: "configmaps" }),
        witness,
      }
    }
  },
}
