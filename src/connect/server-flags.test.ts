import assert from "node:assert/strict"
import { test } from "node:test"
import { formatYaml } from "../base/yaml.ts"
import { createSightingReader, NEWEST } from "../policy/index.ts"
import { FlagDrift } from "./flag-drift.ts"
import { readPolicyFile } from "./read-policy.ts"
import { auditFlagsIn, ifAuditFlags } from "./server-flags.ts"

const POD = `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --secure-port=6443, --audit-log-path=/a, --audit-policy-file=/p, --audit-log-path=/b]
`
const taken: readonly [why: string, text: string, flags: readonly string[]][] = [
  ["a static pod: by name, the last of two", POD, ["--audit-log-path=/b", "--audit-policy-file=/p"]],
  [
    "a machine configuration: nothing else of it, which holds keys",
    "machine: {token: abc}\ncluster:\n  apiServer:\n    extraArgs: {audit-log-maxage: 7, oidc-client-id: x}\n",
    ["--audit-log-maxage=7"],
  ],
  [
    "k3s",
    "kube-apiserver-arg:\n- audit-log-path=/var/log/audit.log\n- event-ttl=1h\n",
    ["--audit-log-path=/var/log/audit.log"],
  ],
  [
    "a command line, one word a line",
    "kube-apiserver\n--audit-log-path=/a\n--audit-log-compress\n--etcd-servers=https://x\n",
    ["--audit-log-compress=true", "--audit-log-path=/a"],
  ],
  [
    "what /flagz prints",
    "\nkube-apiserver flags\nWarning: this endpoint is not meant to be machine parseable.\n\naudit-log-maxage=30\naudit-log-path=\nbind-address=::\n",
    ["--audit-log-maxage=30", "--audit-log-path="],
  ],
  ["a server without audit flags is evidence, too", POD.replaceAll(/, --audit[^,\]]*/g, ""), []],
]

for (const [why, text, flags] of taken) {
  test(`audit flags of ${why}`, () => {
    assert.deepEqual(auditFlagsIn(text), flags)
  })
}

const refused: readonly [why: string, text: string][] = [
  ["a policy", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n"],
  ["nothing", ""],
  ["no YAML, and no flags", "a: [\n"],
  ["two servers that differ", `${POD}---\n${POD.replace("=/b", "=/c")}`],
]
for (const [why, text] of refused) {
  test(`no evidence: ${why}`, () => assert.throws(() => auditFlagsIn(text), { code: "policy.noServer" }))
}

test("lines of a policy that look like flags configure no server", () => {
  assert.equal(ifAuditFlags("# --audit-log-path=/a\napiVersion: audit.k8s.io/v1\n"), undefined)
})

type Seen = { readonly annotations?: object; readonly responseObject?: string }
const driftOf = (flags: readonly string[], { annotations = {}, responseObject = "" }: Seen) => {
  const drift = new FlagDrift(flags)
  const event = { auditID: "a", stage: "ResponseComplete", annotations, responseObject }
  drift.add(createSightingReader()(new TextEncoder().encode(JSON.stringify(event)))!)
  return drift.found().map(({ expected }) => expected)
}
const CUT = { annotations: { a: "b", "audit.k8s.io/truncated": "true" } }
const LARGE = { responseObject: "x".repeat(200_000) }
const LOG_CUTS = "--audit-log-truncate-enabled=true"
const WEBHOOK = ["--audit-webhook-config-file=/w", "--audit-webhook-truncate-enabled=true"]
const held: readonly [why: string, flags: readonly string[], seen: Seen, expected: readonly string[]][] = [
  ["nobody cuts, and an event is cut", [], CUT, ["no truncated event: truncation is off"]],
  ["the log cuts", [LOG_CUTS], CUT, []],
  ["the log cuts, and a larger event came", [LOG_CUTS], LARGE, ["events of 102400 bytes at most"]],
  ["the limit is larger", [LOG_CUTS, "--audit-log-truncate-max-event-size=300000"], LARGE, []],
  ["the webhook cuts, a log may be there without a flag", WEBHOOK, LARGE, []],
  ["both cut", [LOG_CUTS, ...WEBHOOK], LARGE, ["events of 102400 bytes at most"]],
  ["nothing is wrong", [LOG_CUTS], {}, []],
]
for (const [why, flags, seen, expected] of held) {
  test(`flags held against events: ${why}`, () => assert.deepEqual(driftOf(flags, seen), expected))
}

const RULES = 'rules:\n- level: Metadata\n  users: ["on", "1", \'a: b\', "null", "é"]\n  verbs: [get]\n'
const POLICY = `apiVersion: audit.k8s.io/v1\nkind: Policy\n# why\n${RULES}`
const indented = (text: string, by: number) => text.replaceAll(/^(?=.)/gm, " ".repeat(by))

test("the text of a policy is what the server reads: the file, the text in a file, or YAML of a value", () => {
  const read = (text: string) => readPolicyFile(text, NEWEST)
  const talos = `cluster:\n  apiServer:\n    auditPolicy:\n${indented(POLICY, 6)}`
  const helm = `values:\n  policy: |\n${indented(POLICY, 4)}`
  assert.equal(read(POLICY).text, POLICY)
  assert.equal(read(helm).text, POLICY)
  const { text, policy } = read(talos)
  assert.deepEqual(read(text).policy, policy)
  assert.deepEqual(policy, read(POLICY).policy)
})

test("texts come back from YAML as they were, whatever they look like", () => {
  const users = ["on", "1", "~", "", "x: y", "- z", "\u0085\u2028", "é\n", "# a", "\ufeff"]
  const text = formatYaml({ apiVersion: "audit.k8s.io/v1", rules: [{ level: "None", users }] })
  assert.deepEqual(readPolicyFile(text, NEWEST).policy.rules[0]?.users, users)
})
