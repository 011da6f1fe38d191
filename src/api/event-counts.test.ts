import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import { type Countable, EventCounts } from "./event-counts.ts"

const event: Countable = { verb: "get", resource: "pods", code: 200, actor: "human" }

function counted(...events: Countable[]): string[] {
  const counts = new EventCounts(2000)
  for (const each of events) counts.add(each)
  const seen = [...counts.series()].filter(({ count }) => count > 0)
  return seen.map(({ labels, count }) => `${Object.values(labels).join(" ")} ${count}`)
}

const cases: [why: string, Countable, labels: string][] = [
  ["what it is", event, "get pods 200 human 1"],
  [
    "a secret read by a service account",
    { verb: "list", resource: "secrets", code: 403, actor: "serviceaccount" },
    "list secrets 403 serviceaccount 1",
  ],
  ["no resource: /healthz", { ...event, resource: "" }, "get none 200 human 1"],
  ["no code: RequestReceived", { ...event, code: 0 }, "get pods none human 1"],
  ["no verb: an odd method", { ...event, verb: "" }, "none pods 200 human 1"],
  [
    "a custom resource whose request succeeded",
    { ...event, resource: "ciliumendpoints" },
    "get ciliumendpoints 200 human 1",
  ],
  ["a resource somebody made up", { ...event, resource: "xyz", code: 404 }, "get __other__ 404 human 1"],
  ["a resource that is no name", { ...event, resource: 'a"\n' }, "get __other__ 200 human 1"],
  ["a verb somebody made up", { ...event, verb: "x".repeat(1000) }, "__other__ pods 200 human 1"],
  ["a code that is none", { ...event, code: 1e9 }, "get pods __other__ human 1"],
  ["a code with a fraction", { ...event, code: 200.5 }, "get pods __other__ human 1"],
]
for (const [why, each, labels] of cases) {
  test(`EventCounts: ${why}`, () => assert.deepEqual(counted(each), [labels]))
}

test("EventCounts has what alerts ask for before it happens", () => {
  const series = [...new EventCounts(2000).series()].map(({ labels }) => Object.values(labels).join(" "))
  assert.ok(series.includes("get secrets 200 human"))
  assert.ok(series.includes("create clusterrolebindings 201 serviceaccount"))
  assert.ok(series.length < 200)
})

test("a million random resources and verbs cost no memory, and every event is counted somewhere", () => {
  const counts = new EventCounts(2000)
  const names = Array.from({ length: 50_000 }, () => randomBytes(8).toString("hex"))
  for (let i = 0; i < 1_000_000; i++) {
    const name = names[i % names.length] ?? ""
    counts.add({ verb: i % 3 ? "get" : name, resource: name, code: 200 + ((i * 31) % 397), actor: "human" })
  }
  assert.ok(counts.size <= 2001)
  const total = [...counts.series()].reduce((sum, { count }) => sum + count, 0)
  assert.equal(total, 1_000_000)
  assert.ok(counts.dropped > 0)
})
