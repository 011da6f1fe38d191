import type { LintRule } from "../finding.ts"

export const duplicateKey: LintRule = {
  name: "duplicate-key",
  severity: "error",
  summary: "A key that stands twice in one map.",
  why: "the server takes the last one and forgets the first; only its log says so",
  firing: "- level: Metadata\n  verbs: [get]\n  verbs: [list]",
  silent: "- level: Metadata\n  verbs: [get, list]",
  *check({ duplicateKeys }) {
    for (const { path } of duplicateKeys) {
      yield {
        path,
        message: `key ${JSON.stringify(path.at(-1))} stands twice; this one counts`,
        fix: "merge both into one",
      }
    }
  },
}
