import { type LintRule, ruleNumber, rulesOf } from "../finding.ts"

export const shadowedRule: LintRule = {
  name: "shadowed-rule",
  severity: "error",
  summary: "A rule that never decides, because earlier ones match everything it matches.",
  why: "the first rule that matches decides; this one changes nothing, whatever its comment says",
  firing: "- level: Metadata\n- level: None",
  silent: "- level: None\n  verbs: [watch]\n- level: Metadata",
  *check({ policy, yaml, reach }) {
    for (const { rule, index, path } of rulesOf(policy)) {
      const found = reach()[index]
      if (found?.kind !== "shadowed") continue
      const places = found.by.map((by) => `${ruleNumber(by)} (line ${yaml.placeOf(["rules", by]).line})`)
      const same = found.by.every((by) => policy.rules[by]?.level === rule.level)
      yield {
        path,
        severity: same ? "warning" : "error",
        message: `${ruleNumber(index)} never decides: ${places.join(" and ")} ${places.length === 1 ? "takes" : "take"} all its requests`,
        fix: `put ${ruleNumber(index)} before ${ruleNumber(Math.min(...found.by))}, or remove it`,
        witness: found.witness,
      }
    }
  },
}
