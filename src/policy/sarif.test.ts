import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { SEVERITIES } from "./finding.ts"
import { lint } from "./lint.ts"
import { PRESETS } from "./presets/index.ts"
import { LINT_RULES } from "./rules/index.ts"
import { formatSarif } from "./sarif.ts"

type Json = Readonly<Record<string, unknown>>

const isText = (value: unknown): boolean => typeof value === "string" && value.length > 0
const LEVELS = ["none", "note", "warning", "error"]

/** What SARIF 2.1.0 (OASIS, 23 March 2020) asks of the members that are written: section by section. */
function assertSarif(text: string): Json[] {
  const log = JSON.parse(text)
  assert.equal(log.version, "2.1.0") // 3.13.2
  assert.ok(isText(log.$schema))
  assert.equal(log.runs.length, 1) // 3.13.4
  const [{ tool, results }] = log.runs
  const { driver } = tool // 3.18.2
  assert.ok(isText(driver.name)) // 3.19.8
  const ids: string[] = driver.rules.map(({ id }: { id: string }) => id)
  assert.equal(new Set(ids).size, ids.length, "3.49.3: an id stands for one rule")
  for (const rule of driver.rules) {
    assert.ok(isText(rule.shortDescription.text) && isText(rule.fullDescription.text)) // 3.12
    assert.ok(LEVELS.includes(rule.defaultConfiguration.level)) // 3.50.3
  }
  for (const result of results) {
    assert.ok(LEVELS.includes(result.level)) // 3.27.10
    assert.ok(isText(result.message.text)) // 3.27.11
    if (result.ruleIndex === undefined) assert.ok(isText(result.ruleId))
    else assert.equal(ids[result.ruleIndex], result.ruleId, "3.27.6: both name one rule")
    for (const { physicalLocation } of result.locations) {
      const { artifactLocation, region } = physicalLocation
      assert.match(artifactLocation.uri, /^[\w./~%:@-]+$/, "3.4.3: a URI reference") // RFC 3986
      for (const at of [region.startLine, region.startColumn]) assert.ok(Number.isInteger(at) && at >= 1) // 3.30
    }
  }
  return results
}

const sarifOf = (text: string, uri = "audit.yaml") =>
  formatSarif({ findings: lint(text), rules: LINT_RULES, uri, version: "1.0.0" })

for (const { name, text } of PRESETS) {
  test(`SARIF of ${name}: every finding is a result of a rule that the run lists`, () => {
    const results = assertSarif(sarifOf(text))
    assert.equal(results.length, lint(text).length)
    const ownWords = ["unloadable", "unjudged", "suppression"]
    for (const { ruleId, ruleIndex } of results) {
      assert.equal(ruleIndex === undefined, ownWords.includes(String(ruleId)))
    }
  })
}

test("no text makes SARIF that breaks the rules", () => {
  const line = fc.constantFrom("rules:", "- level: None", "  verbs: [get]", "kind: Policy", "\u0000", "{", "")
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => void assertSarif(sarifOf(lines.join("\n")))),
  )
})

const uris: [why: string, file: string, uri: string][] = [
  ["a path of Windows", "conf\\audit.yaml", "conf/audit.yaml"],
  ["a blank and a percent sign", "my 100%.yaml", "my%20100%25.yaml"],
  ["signs that end a path", "a?b#c.yaml", "a%3Fb%23c.yaml"],
]
for (const [why, file, uri] of uris) {
  test(`the file's name becomes a URI reference: ${why}`, () => {
    const [result] = assertSarif(sarifOf("a: 1", file))
    assert.match(JSON.stringify(result), new RegExp(`"uri":"${uri.replaceAll(".", "\\.")}"`))
  })
}

test("every severity has a level", () => {
  const [rule] = LINT_RULES
  assert.ok(rule !== undefined)
  const findings = SEVERITIES.map((severity) => ({
    ...{ rule: rule.name, severity, line: 1, column: 1, message: "m", why: "w" },
  }))
  const results = assertSarif(formatSarif({ findings, rules: LINT_RULES, uri: "a", version: "1.0.0" }))
  assert.deepEqual(
    results.map(({ level }) => level),
    ["error", "warning", "note"],
  )
})
