import type { LintRule } from "../finding.ts"
import { LEVELS } from "../policy.ts"
import { carriesVersion } from "./group-version.ts"

export const illegal: LintRule = {
  name: "illegal",
  severity: "error",
  summary: "What kube-apiserver's own validation refuses.",
  why: "kube-apiserver does not start with it",
  firing: "- level: metadata",
  silent: "- level: Metadata",
  *check({ policy, errors }) {
    if (policy.rules.length === 0) {
      const fix = "rules: [{level: Metadata}] is the least: who did what, of everything, without bodies"
      yield { path: ["rules"], message: "loaded illegal policy with 0 rules", fix }
    }
    for (const { path, text, at } of errors) {
      const group = at.at(-1) === "group" ? groupAt(policy.rules, at) : ""
      const fix = fixFor(text)
      if (!carriesVersion(group))
        yield { path: at, message: `${path}: ${text}`, ...(fix === undefined ? {} : { fix }) }
    }
  },
}

/** Upstream's texts, by what is in them, and the way out where they do not say it themselves. */
const FIXES: readonly (readonly [said: RegExp, fix: string])[] = [
  [/^Required value$/, "level: Metadata, or None, Request, RequestResponse"],
  [/must begin with a '\/'/, 'a path like "/healthz", or "*" for all of them'],
  [/must be the final character/, 'a path, or the beginning of one with a star behind it: "/logs/*"'],
  [
    /both regular resources and non-resource/,
    "two rules: one with resources or namespaces, one with nonResourceURLs",
  ],
  [/requires at least one resource/, "name the resources that these are names of"],
]

function fixFor(text: string): string | undefined {
  const [, wrong = ""] = /^Unsupported value: "(\w+)\s*": supported/.exec(text) ?? []
  const meant = LEVELS.find((level) => level.toLowerCase() === wrong.toLowerCase())
  return meant === undefined ? FIXES.find(([said]) => said.test(text))?.[1] : `level: ${meant}`
}

function groupAt(
  rules: readonly { readonly resources: readonly { readonly group: string }[] }[],
  at: readonly (string | number)[],
): string {
  const [, rule, , entry] = at
  return rules[Number(rule)]?.resources[Number(entry)]?.group ?? ""
}
