import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { lint } from "../lint.ts"
import { LINT_RULES } from "./index.ts"

const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
/** Examples are the rules alone, or a policy without its head. */
const whole = (example: string): string =>
  `${HEAD}${example.startsWith("- ") ? `rules:\n${example}` : example}\n`

for (const rule of LINT_RULES) {
  test(`lint ${rule.name}: its example fires, with the rule's own severity and a place in the text`, () => {
    const findings = lint(whole(rule.firing)).filter((finding) => finding.rule === rule.name)
    assert.ok(findings.length > 0)
    assert.ok(findings.some(({ severity }) => severity === rule.severity))
    for (const { line, message } of findings) assert.ok(line >= 3 && message.length > 0)
  })
  test(`lint ${rule.name}: the mended example is silent`, () => {
    const findings = lint(whole(rule.silent)).filter((finding) => finding.rule === rule.name)
    assert.deepEqual(findings, [])
  })
}

test("names are unique and can be written in a comment", () => {
  const names = LINT_RULES.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/)
})

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../../test/fixtures/policy", name), "utf8")

for (const name of ["gce.yaml", "documentation.yaml"]) {
  test(`no false alarm: ${name}`, () => {
    assert.deepEqual(
      lint(fixture(name)).filter(({ severity }) => severity !== "info"),
      [],
    )
  })
}

test("docs/POLICY.md lists every lint rule as it is", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/POLICY.md"), "utf8")
  const missing = LINT_RULES.filter(
    ({ name, severity, summary }) =>
      !page.includes(`| \`${name}\` | ${severity} | ${summary.replaceAll("|", "\\|")} |`),
  )
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  )
})
