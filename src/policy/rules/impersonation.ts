import { AUTHORIZATION_VERBS } from "../catalogue.ts"
import { type LintRule, rulesOf } from "../finding.ts"

export const impersonation: LintRule = {
  name: "impersonation",
  severity: "warning",
  summary: "Verbs of authorization (impersonate, bind, escalate) in a policy.",
  why:
    "the policy is asked before impersonation: users and userGroups are who signed in, never who was impersonated, and " +
    "impersonate is a verb of RBAC, not of any request. Events hold the impersonated name in impersonatedUser",
  firing: "- level: RequestResponse\n  verbs: [impersonate]\n- level: Metadata",
  silent: "- level: RequestResponse\n  users: [admin]\n  verbs: [get]\n- level: Metadata",
  *check({ policy }) {
    for (const { rule, path } of rulesOf(policy)) {
      for (const [index, verb] of rule.verbs.entries()) {
        if (!AUTHORIZATION_VERBS.some((known) => known === verb)) continue
        yield {
          path: [...path, "verbs", index],
          message: `no request has the verb ${verb}`,
          fix: "record the users who may impersonate, and search events for impersonatedUser",
        }
      }
    }
  },
}
