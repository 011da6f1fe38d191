/**
 * Microseconds per event of slicing (validation, exact ranges, recognition, hints) and of redaction's
 * decision that there is nothing to do. Usage: node bench/slice.ts [webhook posts as JSON lines]; synthetic
 * events where no file is given.
 */
import { readFileSync } from "node:fs"
import { compileRedaction } from "../src/event/redact.ts"
import { type Item, sliceEvents } from "../src/event/slice.ts"

const encoder = new TextEncoder()

function recorded(path: string): Uint8Array[] {
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean)
  return lines.map((line) => encoder.encode(JSON.parse(line).body))
}

/** Lists of 400 events of about 1.5 KB, as kube-apiserver sends them at level Metadata and Request. */
export function syntheticPosts(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, post) => {
    const items = Array.from({ length: 400 }, (_, i) => JSON.stringify(syntheticEvent(post * 400 + i)))
    return encoder.encode(
      `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(",")}]}\n`,
    )
  })
}

function syntheticEvent(i: number): object {
  const at = new Date(Date.UTC(2026, 0, 1) + i * 37).toISOString().replace("Z", "123Z")
  const name = `web-${(i * 7919) % 5000}-${(i * 104_729).toString(36)}`
  const namespace = `team-${i % 40}`
  const labels = {
    app: "web",
    "app.kubernetes.io/instance": `web-${i % 50}`,
    "pod-template-hash": "5d78c9869d",
  }
  return {
    level: "Request",
    auditID: `${(i * 2_654_435_761).toString(16).padStart(12, "0")}-7d3e-4f5a-9c1b-a1b2c3d4e5f6`,
    stage: "ResponseComplete",
    requestURI: `/api/v1/namespaces/${namespace}/pods/${name}/status?fieldManager=kubelet&timeout=10s`,
    verb: "patch",
    user: {
      username: `system:node:ip-10-0-${i % 255}-17.eu-west-1.compute.internal`,
      groups: ["system:nodes", "system:authenticated"],
      extra: {
        "authentication.kubernetes.io/credential-id": ["X509SHA256=0c5d4e7a9b1f3d2c8e6a4b5f7d9c1e3a"],
      },
    },
    sourceIPs: [`10.0.${i % 255}.17`],
    userAgent: "kubelet/v1.32.4 (linux/amd64) kubernetes/59526cd",
    objectRef: { resource: "pods", namespace, name, apiVersion: "v1", subresource: "status" },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: {
      metadata: { uid: "a1b2c3d4-e5f6-7890-abcd-ef1234567890", labels },
      status: {
        $setElementOrder: "conditions",
        conditions: [
          { lastTransitionTime: at, status: "True", type: "Ready" },
          { lastTransitionTime: at, status: "True", type: "ContainersReady" },
        ],
        containerStatuses: [
          {
            containerID: "containerd://8f4c3b2a1d0e9f8c7b6a5d4e3f2c1b0a9d8e7f6c5b4a3d2e1f0c9b8a7d6e5f4c",
            image: "registry.example.com/team/web:v1.4.7",
            lastState: {},
            name: "web",
            ready: true,
            restartCount: i % 3,
            state: { running: { startedAt: at } },
          },
        ],
        podIP: `10.1.${i % 255}.${(i * 3) % 255}`,
      },
    },
    requestReceivedTimestamp: at,
    stageTimestamp: at,
    annotations: {
      "authorization.k8s.io/decision": "allow",
      "authorization.k8s.io/reason": "",
    },
  }
}

const path = process.argv[2]
const bodies = path === undefined ? syntheticPosts(20) : recorded(path)
const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
console.log(`${bodies.length} posts, ${bytes} bytes`)

function measure(name: string, work: () => number): void {
  for (let i = 0; i < 20; i++) if (work() === 0) return
  const rounds = Math.ceil(1e8 / bytes)
  const samples = Array.from({ length: 5 }, () => {
    const start = process.hrtime.bigint()
    let events = 0
    for (let i = 0; i < rounds; i++) events += work()
    return Number(process.hrtime.bigint() - start) / 1000 / events
  }).sort((a, b) => a - b)
  const median = samples[2] as number
  const events = work()
  const range = `${samples[0]?.toFixed(2)}–${samples[4]?.toFixed(2)}`
  console.log(`${name}: ${median.toFixed(2)} µs/event (${range}), ${events} events`)
}

measure("slice + recognise", () => bodies.reduce((sum, body) => sum + sliceEvents(body).items.length, 0))
const redact = compileRedaction()
const sliced = bodies.map((body) => ({ body, items: sliceEvents(body).items }))
const hits = sliced.flatMap(({ body, items }) =>
  items.filter(({ start, end, hints }) => redact(body.subarray(start, end), hints) !== undefined),
)
console.log(
  `redaction hits ${hits.length} of ${sliced.reduce((sum, { items }) => sum + items.length, 0)} events`,
)
measure("redaction of sliced events", () => redactAll(() => true))
measure("redaction of events without bodies", () => redactAll(({ hints }) => hints?.hasBody === false))
measure("redaction of plain events with bodies", () =>
  redactAll(({ hints }) => hints?.signs === 0 && hints.hasBody && hints.resource !== "secrets"),
)

function redactAll(which: (item: Item) => boolean): number {
  let count = 0
  for (const { body, items } of sliced) {
    for (const item of items) {
      if (!which(item)) continue
      redact(body.subarray(item.start, item.end), item.hints)
      count++
    }
  }
  return count
}
const secret = encoder.encode(
  JSON.stringify({
    ...syntheticEvent(1),
    objectRef: { resource: "secrets", namespace: "prod", name: "db", apiVersion: "v1" },
    requestObject: {
      kind: "Secret",
      metadata: { name: "db" },
      data: {
        user: "YWRtaW4=",
        password: "aHVudGVyMg==",
        host: "ZGI=",
        port: "NTQzMg==",
        ca: "QUFB".repeat(300),
      },
    },
  }),
)
const [secretItem] = sliceEvents(secret).items
measure("redaction of a Secret of five keys (careful path)", () => {
  for (let i = 0; i < 100; i++) redact(secret, secretItem?.hints)
  return 100
})
measure("JSON.parse, to compare", () => {
  let items = 0
  for (const body of bodies) items += JSON.parse(Buffer.from(body).toString("utf8")).items.length
  return items
})
