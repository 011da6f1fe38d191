import { isRecording, type LintRule, ruleNumber, rulesOf, type Subject } from "../finding.ts"

export const commentClaims: LintRule = {
  name: "comment-claims",
  severity: "warning",
  summary: "A comment that says a rule is for failures: no rule can be.",
  why: "the policy is asked before the request is answered, so it sees no response code; failures are found by searching",
  firing: "- level: Metadata # Log all authentication failures\n  verbs: [get]",
  silent: "- level: Metadata # Everything else",
  *check(subject) {
    for (const { rule, index, path } of rulesOf(subject.policy)) {
      if (!isRecording(rule)) continue
      const claim = commentsOf(subject, index).find((line) => CLAIM.test(line))
      if (claim === undefined) continue
      yield {
        path,
        message: `${ruleNumber(index)} is commented ${JSON.stringify(claim)}, and a policy cannot select by the answer`,
        fix: "search for responseStatus.code 401 and 403; keep the stage ResponseStarted, which is all there is of a 401",
      }
    }
  },
}

const CLAIM = /\b(fail(s|ed|ures?)?|denied|denials?|forbidden|unauthori[sz]ed|rejected|unsuccessful)\b/i

/** Comments inside the rule, and those right above it. */
function commentsOf({ policy, yaml, lines }: Subject, index: number): readonly string[] {
  const first = yaml.placeOf(["rules", index]).line - 1
  const next =
    policy.rules[index + 1] === undefined ? lines.length : yaml.placeOf(["rules", index + 1]).line - 1
  let start = first
  while (start > 0 && /^\s*#/.test(lines[start - 1] ?? "")) start--
  const own = lines.slice(first, Math.max(first + 1, next))
  const length = own.findLastIndex((line) => !/^\s*(#.*)?$/.test(line)) + 1
  const after = own.slice(length)
  const trailing = after.slice(
    0,
    Math.max(
      0,
      after.findIndex((line) => line.trim() === ""),
    ),
  )
  const inside = own.slice(0, length)
  return [...lines.slice(start, first), ...inside, ...trailing].flatMap((line) => {
    const text = /(?:^|\s)#+\s*(.*?)\s*$/.exec(line)?.[1]
    return text === undefined ? [] : [text]
  })
}
