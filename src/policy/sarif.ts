import type { Finding, LintRule, Severity } from "./finding.ts"

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" }

/** Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the lines. `uri` is the file as it was named. */
export function formatSarif(job: {
  readonly findings: readonly Finding[]
  readonly rules: readonly Pick<LintRule, "name" | "severity" | "summary" | "why">[]
  readonly uri: string
  readonly version: string
}): string {
  const { findings, rules, uri, version } = job
  const known = rules.map(({ name, summary, why, severity }) => ({
    id: name,
    shortDescription: { text: summary },
    fullDescription: { text: why },
    defaultConfiguration: { level: LEVELS[severity] },
  }))
  const indexOf = new Map(rules.map(({ name }, index) => [name, index]))
  const results = findings.map(({ rule, severity, line, column, message, why, fix }) => ({
    ruleId: rule,
    ...(indexOf.has(rule) ? { ruleIndex: indexOf.get(rule) } : {}),
    level: LEVELS[severity],
    message: { text: [message, why, ...(fix === undefined ? [] : [`Fix: ${fix}`])].join("\n") },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(uri) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  }))
  const driver = { name: "tallystick", version, rules: known }
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [{ tool: { driver }, results }] }, null, 2)}\n`
}

/** A relative path as a URI reference (RFC 3986 §4.2). */
function uriOf(path: string): string {
  return path.replaceAll("\\", "/").toWellFormed().split("/").map(encodeURIComponent).join("/")
}
