import { isRecording, type LintRule, ruleNumber, rulesOf } from "../finding.ts"

export const requestReceived: LintRule = {
  name: "request-received",
  severity: "warning",
  summary: "RequestReceived recorded beside ResponseComplete.",
  why: "it says nothing that the later stage does not say, and doubles the events; only of a request that never ends it is the one trace",
  firing: "- level: Metadata",
  silent: "- level: Metadata\n  omitStages: [RequestReceived]",
  *check({ policy }) {
    if (policy.omitStages.includes("RequestReceived")) return
    const kept = [...rulesOf(policy)].filter(
      ({ rule }) => isRecording(rule) && !rule.omitStages.includes("RequestReceived"),
    )
    const [first] = kept
    if (first === undefined) return
    const who = kept.length === 1 ? `${ruleNumber(first.index)} records` : `rules ${numbers(kept)} record`
    yield {
      path: first.path,
      message: `${who} RequestReceived too`,
      fix: "omitStages: [RequestReceived] at the top of the policy",
      edit:
        policy.omitStages.length === 0
          ? { kind: "top", key: "omitStages", value: "[RequestReceived]" }
          : { kind: "add", path: ["omitStages"], items: ["RequestReceived"] },
    }
  },
}

const SHOWN_MAX = 10

function numbers(rules: readonly { readonly index: number }[]): string {
  const shown = rules.slice(0, SHOWN_MAX).map(({ index }) => index + 1)
  return `${shown.join(", ")}${rules.length > SHOWN_MAX ? ", …" : ""}`
}
