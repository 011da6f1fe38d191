import { isRecording, type LintRule, ruleNumber } from "../finding.ts"
import type { Attributes } from "../policy.ts"
import { boxesOfProtected, PROTECTED } from "../protected.ts"
import { decidersOf } from "../reach.ts"
import { isCatchAll } from "./catch-all.ts"
import { parseResource } from "../request-text.ts"
import { deadFor } from "./dead-rule.ts"

export const noneProtected: LintRule = {
  name: "none-protected",
  severity: "error",
  summary: "Level None for what intruders use: Secrets, RBAC, tokens, exec, admission, …",
  why: "what leaves no event cannot be found later, and an account left out is the one worth taking over",
  firing: "- level: None\n  verbs: [get, list, watch]\n- level: Metadata",
  silent:
    '- level: None\n  verbs: [get, list, watch]\n  resources: [{group: "", resources: [endpoints]}]\n- level: Metadata',
  *check({ policy }) {
    const told = new Map<number, { readonly names: string[]; readonly witness: Attributes }>()
    for (const protection of PROTECTED) {
      for (const { name, box } of boxesOfProtected(protection)) {
        for (const { rule: index, witness } of decidersOf(policy, box, (rule) => !isRecording(rule))) {
          const rule = index === undefined ? undefined : policy.rules[index]
          if (index === undefined || rule === undefined || isCatchAll(rule) || deadFor(rule) !== undefined)
            continue
          const seen = told.get(index) ?? { names: [], witness }
          if (!seen.names.includes(name)) seen.names.push(name)
          told.set(index, seen)
        }
      }
    }
    for (const [index, { names, witness }] of told) {
      const rule = policy.rules[index]
      if (rule === undefined) continue
      const few = rule.users.length > 0
      const shown = names.length > SHOWN_MAX ? `${names.slice(0, SHOWN_MAX).join(", ")}, …` : names.join(", ")
      const message = `${ruleNumber(index)} records nothing of ${shown}${few ? " by the users it lists" : ""}`
      yield {
        path: ["rules", index],
        ...{ severity: few ? ("warning" as const) : ("error" as const), message, witness },
        fix: `before it${few ? ", with its users" : ""}: level: Metadata, resources: ${resourcesText(names)}; or name in this rule what may go`,
      }
    }
  },
}

const SHOWN_MAX = 5

/** All of them as a policy has them, to be copied: the message names some. */
function resourcesText(names: readonly string[]): string {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const { apiGroup, resource, subresource } = parseResource(name)
    const text = subresource === "" ? resource : `${resource}/${subresource}`
    groups.set(apiGroup, [...(groups.get(apiGroup) ?? []), text])
  }
  const entries = [...groups].map(
    ([group, resources]) => `{group: ${group === "" ? '""' : group}, resources: [${resources.join(", ")}]}`,
  )
  return `[${entries.join(", ")}]`
}
