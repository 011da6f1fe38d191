import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { decide, type Finding, LINT_RULES, loadPolicy, PRESETS } from "../policy/index.ts"
import { fixFile } from "./fix-file.ts"
import { lintFile } from "./lint-file.ts"

const HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
const preset = (wanted: string): string => PRESETS.find(({ name }) => name === wanted)?.text ?? ""
const count = (text: string, rule: string): number =>
  lintFile(text).filter((finding: Finding) => finding.rule === rule).length

for (const { name, firing } of LINT_RULES) {
  const text = `${HEAD}${firing.startsWith("- ") ? `rules:\n${firing}` : firing}\n`
  const edited = lintFile(text).some(({ rule, edit }) => rule === name && edit !== undefined)
  if (!edited) continue
  test(`--fix mends the example of ${name}: a rerun shows it gone, and nothing worse`, () => {
    const fixed = fixFile(text)
    assert.ok(count(fixed.text, name) < count(text, name), fixed.text)
    const errors = (of: string) => lintFile(of).filter(({ severity }) => severity === "error").length
    assert.ok(errors(fixed.text) <= errors(text))
  })
}

for (const name of ["talos-as-written", "immutable-trail-as-written"]) {
  test(`--fix of ${name} keeps every comment, and each line it does not change`, () => {
    const text = preset(name)
    const fixed = fixFile(text).text
    const comments = (of: string): readonly string[] => of.match(/#.*$/gm) ?? []
    const kept = new Set(comments(fixed))
    // The comment of a list item that goes, goes with it.
    const gone = comments(text).filter((comment) => !kept.has(comment))
    assert.ok(gone.length <= 1, gone.join("\n"))
    const lines = new Set(fixed.split("\n"))
    const changed = text.split("\n").filter((line) => !lines.has(line))
    assert.ok(changed.length < 25, changed.join("\n"))
  })
  test(`--fix of ${name} ends: a second run changes nothing`, () => {
    const once = fixFile(preset(name)).text
    assert.deepEqual(fixFile(once), { text: once, made: [] })
  })
}

const rows: [why: string, before: string, after: string][] = [
  [
    "a flow list grows at its end",
    "rules:\n- {level: Metadata, verbs: [delete]} # why\n- level: Metadata\n",
    "omitStages: [RequestReceived]\nrules:\n- {level: Metadata, verbs: [delete, deletecollection]} # why\n- level: Metadata\n",
  ],
  [
    "a block list grows a line, indented as its others",
    "omitStages: [RequestReceived]\nrules:\n- level: Metadata\n  verbs:\n    -   delete # gone\n- level: Metadata\n",
    "omitStages: [RequestReceived]\nrules:\n- level: Metadata\n  verbs:\n    -   delete # gone\n    -   deletecollection\n- level: Metadata\n",
  ],
  [
    "the last item takes its key along",
    "omitStages: [ResponseStarted]\nrules:\n- level: None\n",
    "rules:\n- level: None\n",
  ],
  [
    "a rule comes above the comments of the one it precedes",
    'omitStages: [RequestReceived]\nomitManagedFields: true\nrules:\n# all of core\n- level: Request\n  resources: [{group: ""}]\n- level: Metadata\n',
    'omitStages: [RequestReceived]\nomitManagedFields: true\nrules:\n- level: Metadata\n  resources:\n    - {group: "", resources: [secrets]}\n# all of core\n- level: Request\n  resources: [{group: ""}]\n- level: Metadata\n',
  ],
  [
    "what a person says is meant is left alone",
    "omitStages: [RequestReceived]\nrules:\n# tallystick-lint: ignore missing-deletecollection -- counted elsewhere\n- level: Metadata\n  verbs: [delete]\n- level: Metadata\n",
    "omitStages: [RequestReceived]\nrules:\n# tallystick-lint: ignore missing-deletecollection -- counted elsewhere\n- level: Metadata\n  verbs: [delete]\n- level: Metadata\n",
  ],
]
for (const [why, before, after] of rows) {
  test(`--fix: ${why}`, () => assert.equal(fixFile(HEAD + before).text, HEAD + after))
}

test("--fix works inside other files, and leaves the rest of them as it is", () => {
  const inner = `${HEAD}omitStages: [RequestReceived]\nrules:\n- level: Metadata\n  verbs: [delete]\n- level: Metadata\n`
  const values = (policy: string) =>
    `# values\naudit:\n  policy: |\n${policy.replace(/^(?=.)/gm, "    ")}other: {{ x }} # kept\n`
  assert.equal(fixFile(values(inner)).text, values(inner.replace("[delete]", "[delete, deletecollection]")))
})

test("--fix never lowers a level, but for bodies of credentials", () => {
  for (const name of ["gce.yaml", "documentation.yaml"]) {
    const text = readFileSync(join(import.meta.dirname, "../../test/fixtures/policy", name), "utf8")
    const [before, after] = [loadPolicy(text), loadPolicy(fixFile(text).text)]
    const request = {
      isResourceRequest: true,
      path: "",
      apiVersion: "v1",
      namespace: "a",
      name: "b",
      subresource: "",
    }
    for (const resource of ["pods", "secrets", "configmaps", "events"]) {
      const asked = { ...request, apiGroup: "", resource, verb: "create", user: "alice", groups: [] }
      assert.equal(decide(after, asked).level, decide(before, asked).level)
    }
  }
})

test("--fix leaves a key that stands twice where the one that would stay cannot be loaded", () => {
  const rule =
    '- level: Metadata\n  verbs: create\n  verbs: [create]\n  resources: [{resources: ["pods/exec"]}]\n'
  const { made } = fixFile(`${HEAD}rules:\n${rule}- level: Metadata\n`)
  assert.ok(!made.some(({ rule }) => rule === "exec-verbs"))
})
