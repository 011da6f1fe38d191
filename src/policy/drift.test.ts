import assert from "node:assert/strict"
import { test } from "node:test"
import { type Drift, DriftSearch } from "./drift.ts"
import { loadPolicy } from "./load.ts"
import { createSightingReader } from "./sighting.ts"
import { Traffic } from "./traffic.ts"

const BASE = {
  ...{ stage: "ResponseComplete", level: "Metadata", verb: "get", auditID: "a-1" },
  ...{ requestURI: "/api/v1/namespaces/prod/secrets/db", user: { username: "alice", groups: ["devs"] } },
  objectRef: { resource: "secrets", namespace: "prod", name: "db" },
  stageTimestamp: "2026-11-20T18:00:00.000000Z",
}

function driftOf(rules: string, events: readonly object[], seconds = 1): readonly Drift[] {
  const search = new DriftSearch(loadPolicy(`apiVersion: audit.k8s.io/v1\n${rules}`))
  const onCells = (cells: readonly Parameters<DriftSearch["add"]>[0][]) => {
    for (const cell of cells) search.add(cell)
  }
  const traffic = new Traffic({ apart: {}, onCells })
  const read = createSightingReader()
  for (const event of events)
    traffic.add(read(new TextEncoder().encode(JSON.stringify({ ...BASE, ...event })))!)
  traffic.flush()
  return search.found(seconds)
}

const many = (count: number, event: object) =>
  Array.from({ length: count }, (_, i) => ({ ...event, auditID: `a-${i}` }))

const rows: readonly [why: string, rules: string, events: readonly object[], found: readonly object[]][] = [
  ["what the policy produces is no drift", "rules: [{level: Metadata}]", [{}], []],
  [
    "a body where only metadata is due",
    "rules: [{level: Metadata}]",
    [{ level: "Request" }],
    [{ kind: "level", rule: 0, expected: "Metadata", seen: "ResponseComplete at Request", events: 1 }],
  ],
  [
    "an event where none is due",
    "rules:\n- {level: None, users: [alice]}\n- {level: Metadata}",
    many(2, {}),
    [{ kind: "recorded", rule: 0, expected: "no event", events: 2, examples: ["a-0", "a-1"] }],
  ],
  [
    "no rule matches, and still it was recorded",
    "rules: [{level: Metadata, verbs: [list]}]",
    [{}],
    [{ kind: "recorded", rule: undefined }],
  ],
  [
    "a stage that the policy leaves out",
    "omitStages: [RequestReceived]\nrules: [{level: Metadata}]",
    [{ stage: "RequestReceived" }, {}],
    [{ kind: "stage", expected: "no RequestReceived" }],
  ],
  [
    "requests end, and none was ever received",
    "rules: [{level: Metadata}]",
    many(20, {}),
    [{ kind: "missing", expected: "RequestReceived", events: 0 }],
  ],
  ["nineteen may be chance", "rules: [{level: Metadata}]", many(19, {}), []],
  [
    "an event that does not say its level is judged by its stage alone",
    "rules: [{level: Request}]",
    [{ level: undefined }],
    [],
  ],
]

for (const [why, rules, events, expected] of rows) {
  test(`drift: ${why}`, () => {
    const found = driftOf(rules, events)
    const told = found.map((drift, i) =>
      Object.fromEntries(Object.keys(expected[i] ?? {}).map((key) => [key, Reflect.get(drift, key)])),
    )
    assert.deepEqual(told, expected)
  })
}

test("leases that always come are missed where the policy records them, after long enough", () => {
  const due = (rules: string, seconds: number) =>
    driftOf(rules, [{}, { stage: "RequestReceived" }], seconds).map(({ expected }) => expected)
  const everything = "rules: [{level: Metadata}]"
  assert.deepEqual(due(everything, 19), [])
  assert.deepEqual(due(everything, 20), ["lease of kube-controller-manager", "lease of kube-scheduler"])
  assert.equal(due(everything, 100).length, 3)
  const quiet = "rules:\n- {level: None, resources: [{group: coordination.k8s.io}]}\n- {level: Metadata}"
  assert.deepEqual(due(quiet, 100), [])
})

test("since when, over many kinds of requests", () => {
  const at = (minute: number, verb: string) => ({
    ...{ verb, level: "Request", stageTimestamp: `2026-11-20T18:0${minute}:00.000000Z` },
  })
  const [drift] = driftOf("rules: [{level: Metadata}]", [at(5, "get"), at(2, "list"), at(7, "watch")])
  assert.deepEqual(
    [drift?.since, drift?.until, drift?.events],
    ["2026-11-20T18:02:00.000000Z", "2026-11-20T18:07:00.000000Z", 3],
  )
})
