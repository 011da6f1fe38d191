import { nearest } from "../../base/nearest.ts"
import type { LintRule } from "../finding.ts"
import { POLICY_KEYS, RESOURCE_KEYS, RULE_KEYS } from "../load.ts"

export const unknownKey: LintRule = {
  name: "unknown-key",
  severity: "error",
  summary: "A key that the server drops: misspelt, or indented to the wrong depth.",
  why: "the server starts, logs a warning and drops the key, so the rule matches more than it says (kubernetes#110116)",
  firing:
    "- level: None\n  resources:\n  - group: coordination.k8s.io\n    resources: [leases]\n    verbs: [get]",
  silent:
    "- level: None\n  resources:\n  - group: coordination.k8s.io\n    resources: [leases]\n  verbs: [get]",
  *check({ unknownKeys }) {
    for (const { path, key } of unknownKeys) {
      const known = path.includes("resources")
        ? RESOURCE_KEYS
        : path.includes("rules")
          ? RULE_KEYS
          : POLICY_KEYS
      const elsewhere = PLACES.find(({ keys }) => keys !== known && keys.includes(key))
      const meant = nearest(key, known)
      const fix =
        elsewhere !== undefined
          ? `move ${key} ${elsewhere.where}`
          : meant === undefined
            ? `known here: ${known.join(", ")}`
            : `${meant}:`
      yield { path, message: `key ${JSON.stringify(key)} is not known here and is dropped`, fix }
    }
  },
}

const PLACES = [
  { keys: RULE_KEYS, where: "to the rule, beside level" },
  { keys: RESOURCE_KEYS, where: "into an entry of resources, beside group" },
  { keys: POLICY_KEYS, where: "to the top of the policy, beside rules" },
]
