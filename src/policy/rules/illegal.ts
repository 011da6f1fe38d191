import type { LintRule } from "../finding.ts"
import { carriesVersion } from "./group-version.ts"

export const illegal: LintRule = {
  name: "illegal",
  severity: "error",
  summary: "What kube-apiserver's own validation refuses.",
  why: "kube-apiserver does not start with it",
  firing: "- level: metadata",
  silent: "- level: Metadata",
  *check({ policy, errors }) {
    if (policy.rules.length === 0) yield { path: ["rules"], message: "loaded illegal policy with 0 rules" }
    for (const { path, text, at } of errors) {
      const group = at.at(-1) === "group" ? groupAt(policy.rules, at) : ""
      if (!carriesVersion(group)) yield { path: at, message: `${path}: ${text}` }
    }
  },
}

function groupAt(
  rules: readonly { readonly resources: readonly { readonly group: string }[] }[],
  at: readonly (string | number)[],
): string {
  const [, rule, , entry] = at
  return rules[Number(rule)]?.resources[Number(entry)]?.group ?? ""
}
