import { isRefusal } from "../base/refusal.ts"
import type { Place, YamlText } from "../base/yaml.ts"
import { type Finding, type Found, type LintRule, SEVERITIES, type Subject } from "./finding.ts"
import { decodePolicyText, decodePolicyYaml, type LoadedPolicy } from "./load.ts"
import { type Reach, reachOfRules } from "./reach.ts"
import { LINT_RULES } from "./rules/index.ts"
import { type Suppression, suppressionsIn } from "./suppression.ts"
import { type KubernetesVersion, NEWEST, validatePolicy } from "./validate.ts"

export type LintOptions = { readonly kubernetes?: KubernetesVersion; readonly rules?: readonly LintRule[] }

/**
 * Policies with more rules are not judged: set reasoning compares each with all before it, which takes a second for so
 * many and minutes for the 35,000 that a megabyte holds. The largest seen in public has 60.
 */
const RULES_MAX = 1_000

/**
 * What is wrong with the text of a policy, in the order of its lines. Never throws on any text. A finding is left out
 * where a comment on its line, or on the lines right above, says `# tallystick-lint: ignore <rule> -- <reason>`.
 * `read` is the text's first document, from who has it already.
 */
export function lint(text: string, options: LintOptions = {}, read?: YamlText): readonly Finding[] {
  const findings = findingsOf(() => decodePolicyText(text, read), options, {
    text,
    start: { line: 1, column: 1 },
  })
  const unread = findings.length === 1 && findings[0]?.rule === "unloadable"
  return unread ? findings : withoutSuppressed(findings, text).sort(compareFindings)
}

/** As {@link lint}, for a policy inside the text of another file; suppressions are for the caller. */
export function lintYaml(yaml: YamlText, text: string, options: LintOptions = {}): readonly Finding[] {
  return findingsOf(() => decodePolicyYaml(yaml), options, { text, start: yaml.placeOf([]) })
}

function findingsOf(
  load: () => LoadedPolicy,
  { kubernetes = NEWEST, rules = LINT_RULES }: LintOptions,
  { text, start }: { readonly text: string; readonly start: Place },
): readonly Finding[] {
  let loaded: LoadedPolicy
  try {
    loaded = load()
  } catch (error) {
    if (!isRefusal(error, "policy.illegal")) throw error
    const { line = start.line, column = start.column } = error.facts
    return [unloadable(error.message, { line: Number(line), column: Number(column) })]
  }
  if (loaded.policy.rules.length > RULES_MAX) {
    const place = loaded.yaml.placeOf(["rules", RULES_MAX])
    return [unjudged(`more than ${RULES_MAX} rules: none of them is judged`, place)]
  }
  const subject = subjectOf(loaded, kubernetes, text.split("\n"))
  return rules.flatMap((rule) => [...rule.check(subject)].map((found) => place(rule, found, loaded)))
}

/** Findings that no comment in the text suppresses, and what is wrong with the suppressions. */
export function withoutSuppressed(findings: readonly Finding[], text: string): Finding[] {
  return applySuppressions(findings, suppressionsIn(text))
}

function subjectOf(loaded: LoadedPolicy, kubernetes: KubernetesVersion, lines: readonly string[]): Subject {
  let reach: readonly Reach[] | undefined
  return {
    ...loaded,
    ...{ kubernetes, lines },
    errors: validatePolicy(loaded.policy, kubernetes),
    reach: () => {
      reach ??= reachOfRules(loaded.policy)
      return reach
    },
  }
}

function unloadable(message: string, place: { readonly line: number; readonly column: number }): Finding {
  return {
    ...{ rule: "unloadable", severity: "error", ...place, message },
    why: "kube-apiserver does not start with a policy that it cannot load",
    ...(message.includes("json parse error")
      ? { fix: "what begins with a brace is read as JSON: quote every key and text, or write block YAML" }
      : {}),
  }
}

function unjudged(message: string, place: { readonly line: number; readonly column: number }): Finding {
  return {
    ...{ rule: "unjudged", severity: "error", ...place, message },
    why: "every request walks the rules in order, in the server too: so many are slow there as well",
    fix: "split users into groups, and name groups in rules",
  }
}

function place(rule: LintRule, found: Found, { yaml }: LoadedPolicy): Finding {
  const { path, message, severity = rule.severity, why = rule.why, fix, edit, witness } = found
  return {
    ...{ rule: rule.name, severity, ...yaml.placeOf(path), message, why },
    ...(fix === undefined ? {} : { fix }),
    ...(edit === undefined ? {} : { edit }),
    ...(witness === undefined ? {} : { witness }),
  }
}

/** Findings that no suppression covers, and one for each suppression that is without reason, unknown or for nothing. */
function applySuppressions(findings: readonly Finding[], suppressions: readonly Suppression[]): Finding[] {
  const used = new Set<Suppression>()
  const left = findings.filter((finding) => {
    const by = suppressions.find(
      ({ rule, first, last, reason }) =>
        reason !== "" && rule === finding.rule && first <= finding.line && finding.line <= last,
    )
    if (by !== undefined) used.add(by)
    return by === undefined
  })
  const idle = suppressions.filter((suppression) => !used.has(suppression))
  return [
    ...left,
    ...idle.map(({ rule, reason, line, column }): Finding => {
      const message =
        reason === "" ? `no reason given for ignoring ${rule}` : `${rule} finds nothing here to ignore`
      return {
        ...{ rule: "suppression", severity: "warning", line, column, message },
        why: "a reason tells the next reader; a suppression for nothing hides the next mistake",
        fix: "# tallystick-lint: ignore <rule> -- <reason>",
      }
    }),
  ]
}

export function compareFindings(a: Finding, b: Finding): number {
  return (
    a.line - b.line ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    a.column - b.column ||
    (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
  )
}
