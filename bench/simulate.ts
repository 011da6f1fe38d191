/**
 * Events per second of the whole command `policy simulate`, as a user sees it: JSON lines in a file as an API server writes them, at
 * Metadata and with bodies, plain and packed, and out of a ledger as a cluster of some hundred nodes fills it; by the clock, and of CPU where others use the machine.
 *
 *     node bench/simulate.ts [--events 1000000] [--rounds 3] [--ledger]
 */
import { spawnSync } from "node:child_process"
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { print } from "./figures.ts"
import { cpuMicrosOfAll } from "./processes.ts"
import { makeLedger } from "./query-ledger.ts"

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    ledger: { type: "boolean", default: false },
  },
})
const [EVENTS, ROUNDS] = [Number(values.events), Number(values.rounds)]
const BLOCK_EVENTS = 50_000
const MAIN = join(import.meta.dirname, "../src/cli/main.ts")
const POLICY =
  "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: None, verbs: [watch]}\n- {level: Metadata}\n"
const VERBS = ["get", "list", "watch", "update", "patch"]

/** As a service account with a bound token has it: the longest part of most events. */
function userOf(i: number, namespace: string) {
  const pod = `6ba5aa9c-4a9c-4c4b-9c6a-${String(i % 700).padStart(12, "0")}`
  return {
    ...{ username: `system:serviceaccount:${namespace}:builder-${i % 3}`, uid: "18f90d78-d1fa-438f-9f0d" },
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    extra: {
      "authentication.kubernetes.io/credential-id": [`JTI=${pod}`],
      "authentication.kubernetes.io/pod-name": [`builder-${i % 700}`],
      "authentication.kubernetes.io/pod-uid": [pod],
    },
  }
}

function line(i: number, bodyBytes: number): string {
  const [name, namespace, verb] = [`web-${i % 500}`, `team-${i % 40}`, VERBS[i % VERBS.length] ?? "get"]
  const at = new Date(1_795_000_000_000 + i).toISOString().replace("Z", "716Z")
  return `${JSON.stringify({
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: bodyBytes > 0 ? "Request" : "Metadata" },
    ...{ auditID: `6ba5aa9c-4a9c-4c4b-9c6a-${String(i).padStart(12, "0")}`, stage: "ResponseComplete" },
    ...{ requestURI: `/api/v1/namespaces/${namespace}/pods/${name}?timeout=30s`, verb },
    ...{ user: userOf(i, namespace), sourceIPs: ["192.0.2.10"] },
    userAgent: "kubectl/v1.34.1 (linux/amd64) kubernetes/abcdef0",
    objectRef: { resource: "pods", namespace, name, apiVersion: "v1", resourceVersion: String(i) },
    responseStatus: { metadata: {}, code: 200 },
    ...(bodyBytes > 0 ? { requestObject: { data: "x".repeat(bodyBytes) } } : {}),
    ...{ requestReceivedTimestamp: at, stageTimestamp: at },
    annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
  })}\n`
}

/** The same block again and again: only what is read counts here. */
function writeEvents(path: string, bodyBytes: number, pack: (block: Buffer) => Buffer): number {
  const block = Buffer.from(Array.from({ length: BLOCK_EVENTS }, (_, i) => line(i, bodyBytes)).join(""))
  const packed = pack(block)
  const file = openSync(path, "w")
  for (let left = EVENTS; left > 0; left -= BLOCK_EVENTS) writeSync(file, packed)
  closeSync(file)
  return Math.round(block.length / BLOCK_EVENTS)
}

function run(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: "utf8" })
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`)
  return stdout
}

/** Medians of events per second, by the clock and of CPU. */
function measure(on: string, cwd: string): string {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const [start, cpu] = [performance.now(), cpuMicrosOfAll(process.pid)]
    const report = JSON.parse(run(["policy", "simulate", "policy.yaml", "--on", on, "--json"], cwd)) as {
      readonly traffic: { readonly events: number }
    }
    const seconds = (performance.now() - start) / 1000
    const cpuSeconds = (cpuMicrosOfAll(process.pid) - cpu) / 1e6
    return { clock: report.traffic.events / seconds, cpu: report.traffic.events / cpuSeconds }
  })
  const median = (of: (round: (typeof rounds)[number]) => number): string => {
    const sorted = rounds.map(of).sort((a, b) => a - b)
    return Math.round(sorted[Math.floor(ROUNDS / 2)] ?? 0).toLocaleString("en-US")
  }
  return `${median(({ clock }) => clock)} events/s, ${median(({ cpu }) => cpu)} a second of CPU`
}

const folder = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
try {
  writeFileSync(join(folder, "policy.yaml"), POLICY)
  for (const bodyBytes of [0, 1_000]) {
    const bytes = writeEvents(join(folder, "audit.log"), bodyBytes, (block) => block)
    print({ [`a file, ${bytes} bytes an event`]: measure("audit.log", folder) })
  }
  const bytes = writeEvents(join(folder, "audit.log.gz"), 0, (block) => gzipSync(block))
  print({ [`packed, ${bytes} bytes an event`]: measure("audit.log.gz", folder) })
  if (values.ledger) {
    await makeLedger(join(folder, "ledger"), EVENTS, 2)
    mkdirSync(join(folder, "ledger/journal"))
    print({ "a ledger, 1480 bytes an event, of some 100,000 kinds": measure("ledger", folder) })
  }
} finally {
  rmSync(folder, { recursive: true })
}
