/**
 * Events per second that `policy simulate` reads, sums up and decides on one core: JSON lines in memory, as a log file
 * has them, at Metadata and with bodies. Usage: node bench/simulate.ts
 */
import { LineCutter } from "../src/intake/file-lines.ts"
import { loadPolicy } from "../src/policy/index.ts"
import { createSightingReader } from "../src/policy/sighting.ts"
import { Bodies, Simulation } from "../src/policy/simulate.ts"
import { Traffic } from "../src/policy/traffic.ts"

const LINES = 200_000
const ROUNDS = 5
const CHUNK_BYTES = 256 * 1024
const policy = loadPolicy(
  "apiVersion: audit.k8s.io/v1\nrules:\n- {level: None, verbs: [watch]}\n- {level: Metadata}",
)

function line(i: number, bodyBytes: number): string {
  const name = `web-${i % 500}`
  const namespace = `team-${i % 40}`
  return `${JSON.stringify({
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: bodyBytes > 0 ? "Request" : "Metadata" },
    ...{ auditID: `6ba5aa9c-4a9c-4c4b-9c6a-${String(i).padStart(12, "0")}`, stage: "ResponseComplete" },
    ...{ requestURI: `/api/v1/namespaces/${namespace}/pods/${name}?timeout=30s`, verb: "update" },
    user: {
      ...{ username: `system:serviceaccount:${namespace}:builder-${i % 3}`, uid: "18f90d78-d1fa-438f" },
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    },
    ...{ sourceIPs: ["192.0.2.10"], userAgent: "kubectl/v1.34.1 (linux/amd64) kubernetes/abcdef0" },
    objectRef: { resource: "pods", namespace, name, apiVersion: "v1", resourceVersion: String(i) },
    responseStatus: { metadata: {}, code: 200 },
    ...(bodyBytes > 0 ? { requestObject: { data: "x".repeat(bodyBytes) } } : {}),
    requestReceivedTimestamp: "2026-11-20T18:24:18.139716Z",
    stageTimestamp: "2026-11-20T18:24:18.149716Z",
    annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
  })}\n`
}

function eventsPerSecond(content: Buffer): number {
  const bodies = new Bodies()
  const simulation = new Simulation(policy, bodies)
  const traffic = new Traffic({
    names: false,
    onCells: (cells) => {
      for (const cell of cells) for (const part of [bodies, simulation]) part.add(cell)
    },
  })
  const read = createSightingReader()
  const cutter = new LineCutter(0)
  const start = process.cpuUsage()
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    for (const { bytes } of cutter.push(content.subarray(at, at + CHUNK_BYTES)).lines) {
      const sighting = read(bytes)
      if (sighting !== undefined) traffic.add(sighting)
    }
  }
  traffic.flush()
  const { user, system } = process.cpuUsage(start)
  return simulation.outcome().events / ((user + system) / 1e6)
}

for (const bodyBytes of [0, 1_000]) {
  const content = Buffer.from(Array.from({ length: LINES }, (_, i) => line(i, bodyBytes)).join(""))
  const rates = Array.from({ length: ROUNDS }, () => eventsPerSecond(content)).sort((a, b) => a - b)
  const median = Math.round(rates[Math.floor(ROUNDS / 2)] ?? 0).toLocaleString("en-US")
  const bytes = Math.round(content.length / LINES)
  console.log(`events of ${bytes} bytes: ${median} events per second of CPU (median of ${ROUNDS})`)
}
