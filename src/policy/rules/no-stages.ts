import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"
import { STAGES } from "../policy.ts"

export const noStages: LintRule = {
  name: "no-stages",
  severity: "error",
  summary: "A level, but every stage omitted, or the stage that answers.",
  why: "an event is written for a stage; without ResponseComplete no ordinary request leaves one that tells how it ended",
  firing: "- level: Metadata\n  omitStages: [RequestReceived, ResponseStarted, ResponseComplete, Panic]",
  silent: "- level: Metadata\n  omitStages: [RequestReceived]",
  *check({ policy }) {
    for (const { rule, index, path } of rulesOf(policy)) {
      const omitted = new Set([...policy.omitStages, ...rule.omitStages])
      if (!isRecording(rule) || !omitted.has("ResponseComplete")) continue
      const all = STAGES.every((stage) => omitted.has(stage))
      yield {
        path: rule.omitStages.includes("ResponseComplete") ? [...path, "omitStages"] : ["omitStages"],
        message: all
          ? `${ruleNumber(index)} has level ${rule.level} and omits every stage: nothing is recorded`
          : `${ruleNumber(index)} omits ResponseComplete: how its requests ended is not recorded`,
        fix: "omit RequestReceived only",
      }
    }
  },
}
