import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"

export const reviews: LintRule = {
  name: "reviews",
  severity: "info",
  summary: "TokenReviews recorded as if they were attempts to sign in.",
  why:
    "tokenreviews is what kubelets and webhooks ask to check a token. An attempt to sign in is any request: refused, " +
    "it is a 401 of stage ResponseStarted",
  firing: "- level: Metadata\n  resources: [{group: authentication.k8s.io, resources: [tokenreviews]}]",
  silent:
    '- level: Metadata\n  resources: [{group: "", resources: [secrets]}, {group: authentication.k8s.io, resources: [tokenreviews]}]',
  *check({ policy }) {
    for (const { rule, index, path } of rulesOf(policy)) {
      const only = rule.resources.every(({ group }) => group === "authentication.k8s.io")
      if (rule.resources.length === 0 || !only || !isRecording(rule)) continue
      yield {
        path: [...path, "resources"],
        message: `${ruleNumber(index)} records checks of tokens, not attempts to sign in`,
        fix: "keep the stage ResponseStarted, and search for responseStatus.code 401",
      }
    }
  },
}
