import assert from "node:assert/strict"
import { test } from "node:test"
import { isRefusal } from "../base/refusal.ts"
import { NEWEST } from "../policy/index.ts"
import { readPolicyFile } from "./read-policy.ts"

const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  verbs: [create]
`
const indented = (spaces: number): string => POLICY.replace(/^(?=.)/gm, " ".repeat(spaces))
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata:\n  audit.yaml: |\n${indented(4)}`

const held: [what: string, text: string, line: number][] = [
  ["alone", POLICY, 4],
  [
    "as JSON",
    JSON.stringify({ apiVersion: "audit.k8s.io/v1", rules: [{ level: "Metadata", verbs: ["create"] }] }),
    1,
  ],
  [
    "as a value of Talos' machine configuration",
    `cluster:\n  apiServer:\n    auditPolicy:\n${indented(6)}`,
    7,
  ],
  [
    "in Talos' document of its own",
    `apiVersion: v1alpha1\nkind: KubeAuditPolicyConfig\nconfiguration:\n${indented(2)}`,
    7,
  ],
  ["as a text in a ConfigMap", configMap("a"), 9],
  ["in Helm values, behind another document", `a: 1\n---\nkamaji:\n  auditPolicy:\n${indented(4)}`, 8],
]
for (const [what, text, line] of held) {
  test(`a policy is read ${what}, its rules at their lines in the file`, () => {
    const { policy, yaml } = readPolicyFile(text, NEWEST)
    assert.deepEqual(
      policy.rules.map(({ level, verbs }) => ({ level, verbs })),
      [{ level: "Metadata", verbs: ["create"] }],
    )
    assert.equal(yaml.placeOf(["rules", 0]).line, line)
  })
}

const refused: [what: string, text: string, code: "policy.notOne" | "policy.illegal", says: RegExp][] = [
  [
    "two policies, each with where it stands",
    `${configMap("a")}---\n${configMap("b")}`,
    "policy.notOne",
    /^x\.yaml holds 2 audit policies, expected one: data\.audit\.yaml \(line 6\), data\.audit\.yaml \(line 17\)$/,
  ],
  [
    "a static pod without one",
    "kind: Pod\nspec:\n  containers:\n  - command: [kube-apiserver, --audit-log-path=-]\n",
    "policy.notOne",
    /^x\.yaml: .*holds no audit policy$/,
  ],
  ["another file as the server would", "a: 1\n", "policy.illegal", /unknown group version/],
  [
    "what the server would not start with, inside another file too",
    configMap("a").replace("Metadata", "Everything"),
    "policy.illegal",
    /Unsupported value: "Everything"/,
  ],
]
for (const [what, text, code, says] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => readPolicyFile(text, NEWEST, "x.yaml"),
      (error) => isRefusal(error, code) && says.test(error.message),
    )
  })
}
