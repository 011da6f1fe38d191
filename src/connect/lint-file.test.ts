import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { PRESETS } from "../policy/index.ts"
import { FILE_RULES } from "./file-finding.ts"
import { lintFile } from "./lint-file.ts"

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../test/fixtures/policy", name), "utf8")
/** As its page shows it: a template around the policy. */
const TEMPLATE = `cluster:
  {% if machinetype == 'controlplane' %}
  apiServer:
    image: registry.k8s.io/kube-apiserver:v1.34.1
    extraArgs:
      enable-aggregator-routing: true
      feature-gates: ImageVolume=true
      audit-log-path: /var/log/audit/kube-apiserver-audit.log
      audit-log-maxage: "7"        # Keep for 7 days locally
      audit-log-maxbackup: "3"     # Keep 3 backup files
      audit-log-maxsize: "100"     # 100MB per file
    certSANs: ["k8s.example.com"]
    disablePodSecurityPolicy: true
    auditPolicy:
POLICY
  {% endif %}
`
const TALOS = TEMPLATE.replace("POLICY\n", () =>
  (PRESETS.find(({ name }) => name === "talos-as-written")?.text ?? "").replace(/^(?=.)/gm, "      "),
)
const textOf = (name: string): string => (name === "talos-template" ? TALOS : fixture(name))
const said = (text: string, rate?: number): string[] =>
  lintFile(text, rate === undefined ? {} : { rate }).map(
    ({ rule, line, column }) => `${rule}:${line}:${column}`,
  )

const defects: [what: string, file: string, found: string][] = [
  ["a log path that Talos cannot write", "talos-template", "log-path:8:7"],
  ["300 MB of log called seven days", "talos-template", "log-horizon:9:7"],
  ["the older place of the policy", "talos-template", "flag-deprecated:14:5"],
  ["and all that is wrong with the policy, at its lines here", "talos-template", "secret-bodies:86:11"],
  ["the rule for failures that is none", "talos-template", "comment-claims:220:11"],
  ["the rule after it", "talos-template", "shadowed-rule:227:11"],
  ["a webhook that cannot send a large event", "static-pod-fragment.yaml", "webhook-truncation:9:7"],
]
for (const [what, file, found] of defects) {
  test(`lint finds in ${file}: ${what}`, () =>
    assert.ok(said(textOf(file)).includes(found), said(textOf(file)).join("\n")))
}

const POLICY =
  "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
const indent = (text: string, by: number) => text.replace(/^(?=.)/gm, " ".repeat(by))
const pod = (flags: string[], mounts = "", volumes = "") =>
  `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command:\n    - kube-apiserver\n` +
  flags.map((flag) => `    - --${flag}\n`).join("") +
  (mounts === "" ? "" : `    volumeMounts:\n    - ${mounts}\n`) +
  (volumes === "" ? "" : `  volumes:\n  - ${volumes}\n`)
const POLICY_FLAG = "audit-policy-file=/etc/kubernetes/pki/audit.yaml"
const LOG_MOUNT = [
  "{name: log, mountPath: /var/log/k8s}",
  "{name: log, hostPath: {path: /var/log/k8s, type: DirectoryOrCreate}}",
] as const

const rows: [why: string, text: string, found: string[]][] = [
  [
    "a policy as text in Helm values, at its lines there",
    `audit:\n  policy: |\n${indent(POLICY.replace("Metadata", "Metadat"), 4)}`,
    ["illegal:7:7"],
  ],
  [
    "a policy as a value",
    `a:\n- policy:\n${indent(POLICY.replace("- level", "- users: ['*']\n  level"), 6)}`,
    ["catch-all:7:9", "dead-rule:7:9", "literal-wildcard:7:17"],
  ],
  [
    "a ConfigMap",
    `kind: ConfigMap\ndata:\n  p.yaml: |-\n${indent(POLICY.replace("level", "levle"), 6)}`,
    ["illegal:8:9", "unknown-key:8:9"],
  ],
  [
    "Talos' own document",
    `apiVersion: v1alpha1\nkind: KubeAuditPolicyConfig\nconfiguration:\n${indent(POLICY, 2)}  foo: 1\n`,
    ["unknown-key:9:3"],
  ],
  [
    "both of Talos' places",
    `cluster:\n  apiServer:\n    auditPolicy:\n${indent(POLICY, 6)}---\napiVersion: v1alpha1\nkind: KubeAuditPolicyConfig\nconfiguration:\n${indent(POLICY, 2)}`,
    ["flag-deprecated:3:5", "talos-policy-twice:10:1"],
  ],
  [
    "a worker's policy",
    `machine: {type: worker}\n---\napiVersion: v1alpha1\nkind: KubeAuditPolicyConfig\nconfiguration:\n${indent(POLICY, 2)}`,
    ["talos-worker:3:1"],
  ],
  ["a policy that goes nowhere", pod([POLICY_FLAG]), ["policy-missing:8:7"]],
  [
    "back ends without a policy",
    pod(["audit-log-path=/var/log/k8s/audit.log"], ...LOG_MOUNT),
    ["policy-missing:8:7"],
  ],
  [
    "a policy that is not mounted",
    pod(["audit-policy-file=/etc/audit.yaml", "audit-log-path=-"]),
    ["file-not-mounted:8:7"],
  ],
  [
    "a log without a folder to write to",
    pod([POLICY_FLAG, "audit-log-path=/var/log/k8s/audit.log"]),
    ["log-path:9:7"],
  ],
  [
    "a log in a folder that is mounted",
    pod([POLICY_FLAG, "audit-log-path=/var/log/k8s/audit.log"], ...LOG_MOUNT),
    [],
  ],
  [
    "a mount without its volume",
    pod([POLICY_FLAG, "audit-log-path=-"], "{name: x, mountPath: /x}"),
    ["mount-without-volume:11:7"],
  ],
  [
    "a flag that never was",
    pod([POLICY_FLAG, "audit-log-path=-", "audit-log-max-age=3"]),
    ["flag-unknown:10:7"],
  ],
  [
    "a flag that is gone",
    pod([POLICY_FLAG, "audit-log-path=-", "audit-dynamic-configuration=true"]),
    ["flag-unknown:10:7"],
  ],
  [
    "a mode that is none",
    pod([POLICY_FLAG, "audit-log-path=-", "audit-log-mode=async"]),
    ["flag-value:10:7"],
  ],
  [
    "no buffer in mode batch",
    pod([POLICY_FLAG, "audit-log-path=-", "audit-log-mode=batch", "audit-log-batch-buffer-size=0"]),
    ["flag-value:11:7"],
  ],
  [
    "a batch limit below an event's",
    pod([POLICY_FLAG, "audit-log-path=-", "audit-log-truncate-max-batch-size=1"]),
    ["flag-value:10:7"],
  ],
  [
    "an older name",
    pod([POLICY_FLAG, "audit-log-path=-", "audit-webhook-batch-initial-backoff=1s"]),
    ["flag-deprecated:10:7"],
  ],
  [
    "a kubeconfig for the cluster's own names",
    "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n    server: https://r.audit.svc.cluster.local:443/audit\n",
    ["webhook-cluster-dns:6:5"],
  ],
  [
    "truncation that is switched on as Go reads it",
    pod([POLICY_FLAG, "audit-webhook-config-file=/etc/kubernetes/pki/w", "audit-webhook-truncate-enabled=1"]),
    [],
  ],
  [
    "a webhook configuration among Talos' files that is no YAML",
    "machine:\n  files:\n  - {path: /var/w/w.yaml, permissions: 0o644, content: 'a: [b'}\ncluster:\n  apiServer:\n    extraArgs:\n" +
      "      audit-webhook-truncate-enabled: true\n      audit-webhook-config-file: /etc/w/w.yaml\n" +
      "    extraVolumes:\n    - {hostPath: /var/w, mountPath: /etc/w}\n",
    ["webhook-config:8:7"],
  ],
  [
    "a flag behind an item that is nothing",
    "kind: ClusterConfiguration\napiServer:\n  extraArgs:\n  -\n  - {name: audit-log-mode, value: async}\n",
    ["flag-value:5:5", "policy-missing:5:5"],
  ],
  [
    "a suppression counts in any file",
    `audit:\n  policy: |\n${indent(POLICY.replace("- level: Metadata", "# tallystick-lint: ignore literal-wildcard -- theirs\n- level: Metadata\n  users: ['*', a]\n- level: Metadata"), 4)}`,
    [],
  ],
]
for (const [why, text, found] of rows) {
  test(`lint of a file: ${why}`, () => assert.deepEqual(said(text).sort(), found))
}

test("docs/POLICY.md lists every rule about files as it is", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/POLICY.md"), "utf8")
  const missing = FILE_RULES.filter(
    ({ name, severity, summary }) => !page.includes(`| \`${name}\` | ${severity} | ${summary} |`),
  )
  assert.deepEqual(missing, [])
})

test("too small a throughput is told when the rate is", () => {
  const flags = [
    POLICY_FLAG,
    "audit-webhook-config-file=/etc/kubernetes/pki/w",
    "audit-webhook-truncate-enabled=true",
    "audit-webhook-batch-max-size=100",
  ]
  assert.deepEqual(said(pod(flags)), [])
  assert.deepEqual(said(pod(flags), 1_001), ["webhook-throughput:11:7"])
  assert.deepEqual(said(pod([...flags, "audit-webhook-batch-throttle-enable=false"]), 1_001), [])
})

/** FUZZ_RUNS=100000 for the whole of it; a minute and more. */
const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 1_000)

test("property: lint of any text is findings, never a throw", () => {
  const piece = fc.constantFrom(
    "cluster:",
    "apiServer:",
    "auditPolicy:",
    "kind: Pod",
    "spec:",
    "- ",
    "  ",
    "\n",
    "audit.k8s.io/v1",
    "apiVersion: ",
    "rules:",
    "|",
    "{%",
    "%}",
    "{{",
    "command:",
    "--audit-log-path=",
    "[",
    "*a",
    "&a",
    "nodes:",
    "kind: Cluster",
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (text) => {
      for (const { line, column, why } of lintFile(text)) assert.ok(line >= 1 && column >= 1 && why !== "")
    }),
    { numRuns: FUZZ_RUNS },
  )
})
