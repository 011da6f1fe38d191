import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"

export const missingDeletecollection: LintRule = {
  name: "missing-deletecollection",
  severity: "warning",
  summary: "delete is listed, deletecollection is not.",
  why: "deleting all objects at once (kubectl delete --all) is one request with the verb deletecollection; it goes on to later rules",
  firing: '- level: Metadata\n  verbs: [create, delete]\n  resources: [{group: "", resources: [pods]}]',
  silent:
    '- level: Metadata\n  verbs: [create, delete, deletecollection]\n  resources: [{group: "", resources: [pods]}]',
  *check({ policy }) {
    for (const { rule, index, path } of rulesOf(policy)) {
      const { verbs, nonResourceURLs } = rule
      if (!isRecording(rule) || nonResourceURLs.length > 0) continue
      if (!verbs.includes("delete") || verbs.includes("deletecollection")) continue
      yield {
        path: [...path, "verbs"],
        message: `${ruleNumber(index)} lists delete, not deletecollection`,
        fix: "add deletecollection to verbs",
        edit: { kind: "add", path: [...path, "verbs"], items: ["deletecollection"] },
      }
    }
  },
}
