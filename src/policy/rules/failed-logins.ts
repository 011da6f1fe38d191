import { type Found, isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"

export const failedLogins: LintRule = {
  name: "failed-logins",
  severity: "error",
  summary: "ResponseStarted omitted: failed authentications (401) are lost.",
  why: "a 401 is one event of stage ResponseStarted and no other, without a user; where that stage is omitted, none is written",
  firing: "omitStages: [RequestReceived, ResponseStarted]\nrules:\n- level: Metadata",
  silent: "omitStages: [RequestReceived]\nrules:\n- level: Metadata",
  *check({ policy }) {
    const at = policy.omitStages.indexOf("ResponseStarted")
    const fix = "omit RequestReceived only"
    if (at >= 0) {
      const message = "failed authentications (401) are not recorded: the policy omits ResponseStarted"
      yield {
        path: ["omitStages", at],
        message,
        fix,
        edit: { kind: "swap", path: ["omitStages", at], items: [] },
      }
      return
    }
    for (const { rule, index, path } of rulesOf(policy)) {
      const { users, userGroups, omitStages } = rule
      const stage = omitStages.indexOf("ResponseStarted")
      if (users.length > 0 || userGroups.length > 0 || stage < 0 || !isRecording(rule)) continue
      const all = rule.resources.length + rule.namespaces.length + rule.nonResourceURLs.length === 0
      const found: Found = {
        path: [...path, "omitStages", stage],
        severity: all ? "error" : "warning",
        message: `${ruleNumber(index)} omits ResponseStarted, and with it failed authentications (401)`,
        fix,
        edit: { kind: "swap", path: [...path, "omitStages", stage], items: [] },
      }
      yield found
    }
  },
}
