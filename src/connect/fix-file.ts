import { isRefusal } from "../base/refusal.ts"
import type { YamlText } from "../base/yaml.ts"
import {
  applyEdit,
  decodePolicyYaml,
  diffPolicies,
  type Finding,
  LEVELS,
  lintYaml,
  parsePolicyText,
  withoutSuppressed,
} from "../policy/index.ts"
import { documentsIn, type FileLintOptions, type FileRead, lintDocuments, policiesIn } from "./lint-file.ts"

export type Fixed = {
  readonly text: string
  /** What was mended, in the order it was done. */
  readonly made: readonly Finding[]
}

/** Edits of one run. A policy of 1,000 rules, which is all that lint judges, has seldom half as many findings. */
const EDITS_MAX = 500

/** More rules than this, and comparing the policies before and after takes longer than a person waits. */
const RULES_COMPARED_MAX = 100

/**
 * Rules whose fix records less, on purpose: bodies that are credentials; and rules that correct what nothing is called, such as
 * the group `apps/v1`: of requests for that, which nobody sends, less is recorded.
 */
const NOT_COMPARED = ["secret-bodies", "configmap-bodies", "group-version", "unknown-verb"]

/**
 * Mends what can be mended without a person's judgement: one edit after another, each read back and kept only if its finding
 * is gone, no new error came, and no request is recorded at a lower level than before (bodies of credentials apart).
 */
export function fixFile(text: string, options: FileLintOptions = {}): Fixed {
  const made: Finding[] = []
  const tried = new Set<string>()
  let current = judge(text, options)
  while (made.length < EDITS_MAX) {
    const next = nextEdit(current, options, tried)
    if (next === undefined) break
    current = next.judged
    made.push(next.finding)
  }
  return { text: current.text, made }
}

/** A text, read and linted once: the next edit begins with what the last one ended with. */
type Judged = {
  readonly text: string
  readonly findings: readonly Finding[]
  readonly sites: readonly Site[]
}
type Step = { readonly judged: Judged; readonly finding: Finding }

function judge(text: string, options: FileLintOptions): Judged {
  const read = documentsIn(text)
  return { text, findings: lintDocuments(read, text, options), sites: sitesIn(read, text) }
}

function nextEdit(current: Judged, options: FileLintOptions, tried: Set<string>): Step | undefined {
  const { text, sites } = current
  for (const site of sites) {
    for (const finding of withoutSuppressed(lintYaml(site.yaml, text, options), text)) {
      const key = `${finding.rule} ${finding.message} ${JSON.stringify(finding.edit)}`
      if (finding.edit === undefined || tried.has(key)) continue
      tried.add(key)
      const changed = applyEdit(site.text, site.yaml, finding.edit)
      const whole = changed === undefined ? undefined : site.put(changed)
      if (whole === undefined || whole === text) continue
      const judged = judge(whole, options)
      if (isBetter(current, judged, finding)) return { judged, finding }
    }
  }
  return undefined
}

type Site = { readonly yaml: YamlText; readonly text: string; readonly put: (text: string) => string }

function sitesIn(read: FileRead, text: string): readonly Site[] {
  if (read.kind === "around") return policiesIn(read.documents, text)
  if (text.trimStart().startsWith("{")) return [] // JSON has no comments to keep, and another syntax
  try {
    return [{ yaml: parsePolicyText(text, read.yaml), text, put: (changed) => changed }]
  } catch (error) {
    if (isRefusal(error, "policy.illegal")) return []
    throw error
  }
}

function isBetter(before: Judged, after: Judged, finding: Finding): boolean {
  const [was, is] = [before.findings, after.findings]
  const count = (findings: readonly Finding[], of: (finding: Finding) => boolean) =>
    findings.filter(of).length
  const isError = ({ severity }: Finding) => severity === "error"
  const isSame = ({ rule }: Finding) => rule === finding.rule
  // Of what cannot be read there is one finding, however many there were.
  const isUnread = ({ rule }: Finding) => rule === "unloadable"
  if (count(is, isSame) >= count(was, isSame) || count(is, isError) > count(was, isError)) return false
  if (count(is, isUnread) > count(was, isUnread)) return false
  return NOT_COMPARED.includes(finding.rule) || !isLowered(before, after)
}

function isLowered(before: Judged, after: Judged): boolean {
  const [was, is] = [before, after].map(({ sites }) => sites.map(({ yaml }) => decodePolicyYaml(yaml).policy))
  return (was ?? []).some((policy, index) => {
    const other = is?.[index]
    if (other === undefined || policy.rules.length > RULES_COMPARED_MAX) return true
    return diffPolicies(policy, other).some(
      (difference) => LEVELS.indexOf(difference.after.level) < LEVELS.indexOf(difference.before.level),
    )
  })
}
