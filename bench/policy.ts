/**
 * Decisions per second of CPU of a real policy on one core, and milliseconds of lint for a policy of 200 rules:
 * of the thread that lints, since the compiler and the collector of V8 work beside it where cores are free.
 * Usage: node bench/policy.ts
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Attributes, attributesOf, compilePolicy, loadPolicy, PRESETS } from "../src/policy/index.ts"
import { lintFile } from "../src/connect/index.ts"

const DECISIONS = 2_000_000
const RULES = 200
const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, "../test/fixtures/policy", name), "utf8")

/** As a control plane sees them: mostly reads of system users, some writes of people, some URLs. */
const USERS = ["alice", "system:kube-scheduler", "system:serviceaccount:kube-system:cilium", "system:node:n1"]
const URLS = [
  ...["/api/v1/namespaces/a/pods/p", "/api/v1/secrets?watch=1", "/apis/apps/v1/namespaces/a/deployments"],
  ...[
    "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l",
    "/healthz",
    "/apis",
    "/api/v1/nodes/n1",
  ],
]
const requests: Attributes[] = ["GET", "POST", "PATCH", "DELETE"].flatMap((method) =>
  URLS.flatMap((url) =>
    USERS.map((user) => ({ ...attributesOf(method, url), user, groups: ["system:authenticated"] })),
  ),
)

/** Of this process, so that a busy machine does not change the figure much. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function decisionsPerSecond(text: string): number {
  const decide = compilePolicy(loadPolicy(text))
  let none = 0
  for (const request of requests) if (decide(request).level === "None") none++ // warms up
  const start = cpuMs()
  for (let i = 0; i < DECISIONS; i++) {
    if (decide(requests[i % requests.length]!).level === "None") none++
  }
  return none < 0 ? 0 : DECISIONS / ((cpuMs() - start) / 1000)
}

/** The worst that still looks real: many teams' rules over the same resources, each a little different. */
export function largePolicy(rules: number): string {
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
  const resources = [
    "pods",
    "pods/exec",
    "secrets",
    "configmaps",
    "services",
    "serviceaccounts/token",
    "nodes",
  ]
  const lines = Array.from({ length: rules - 1 }, (_, i) =>
    [
      `- level: ${["None", "Metadata", "Request"][i % 3]}`,
      `  users: [user-${i % 37}, user-${i % 11}, team-${i}]`,
      `  userGroups: [group-${i % 5}, group-${i % 7}]`,
      `  verbs: [${[0, 1, 2].map((n) => verbs[(i + n * 3) % verbs.length]).join(", ")}]`,
      `  namespaces: [ns-${i % 13}, ns-${i % 17}]`,
      "  resources:",
      `  - {group: "", resources: [${[0, 1].map((n) => `"${resources[(i + n) % resources.length]}"`).join(", ")}]}`,
      `  - {group: apps, resources: ["deployments", "*/scale"]}`,
    ].join("\n"),
  )
  return `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n${lines.join("\n")}\n- level: Metadata\n`
}

const policies = [
  ...PRESETS.map(({ name, text }) => ({ name, text })),
  ...["gce.yaml", "documentation.yaml"].map((name) => ({ name, text: fixture(name) })),
]
for (const { name, text } of policies) {
  console.log(`decide ${name}: ${Math.round(decisionsPerSecond(text)).toLocaleString("en")} requests/s`)
}
const text = largePolicy(RULES)
for (const round of ["first", "second", "third"]) {
  const [start, all] = [threadMs(), cpuMs()]
  const found = lintFile(text).length
  const [own, total] = [threadMs() - start, cpuMs() - all].map((ms) => ms.toFixed(0))
  console.log(
    `lint ${RULES} rules, ${round}: ${own} ms, ${total} ms of CPU in all threads, ${found} findings`,
  )
}
