import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { decide } from "./decide.ts"
import { loadPolicy } from "./load.ts"
import type { Policy } from "./policy.ts"
import { ALL_BUT_NAMES } from "./told-apart.ts"
import { attributesSeen } from "./traffic.ts"
import { createSightingReader, type Sighting } from "./sighting.ts"
import { Bodies, Simulation } from "./simulate.ts"
import { Traffic } from "./traffic.ts"

type Event = Record<string, unknown>
const bytesOf = (event: Event) => new TextEncoder().encode(JSON.stringify(event))
const sightingOf = (event: Event): Sighting => createSightingReader()(bytesOf(event))!
const policyOf = (rules: string) => loadPolicy(`apiVersion: audit.k8s.io/v1\n${rules}`)

/** One request as a server at RequestResponse tells of it: what every policy leaves is some part of this. */
function eventsOf(request: {
  readonly user: string
  readonly verb: string
  readonly resource: string
  readonly namespace: string
  readonly size: number
}): readonly Event[] {
  const { user, verb, resource, namespace, size } = request
  const object = {
    kind: "Thing",
    metadata: { name: "web", managedFields: [{ manager: "kubectl", fieldsV1: { "f:data": {} } }] },
    data: "x".repeat(size),
  }
  const head = {
    ...{ kind: "Event", apiVersion: "audit.k8s.io/v1", level: "RequestResponse", auditID: "a1b2" },
    ...{ stage: "RequestReceived", requestURI: `/api/v1/namespaces/${namespace}/${resource}/web`, verb },
    user: { username: user, groups: ["system:authenticated"] },
    ...{ sourceIPs: ["192.0.2.1"], userAgent: "kubectl/v1.34" },
    objectRef: { resource, namespace, name: "web", apiVersion: "v1" },
  }
  const times = {
    requestReceivedTimestamp: "2026-11-20T18:24:18.139716Z",
    stageTimestamp: "2026-11-20T18:24:18.139716Z",
  }
  const sends = verb === "update" || verb === "patch"
  return [
    { ...head, ...times },
    {
      ...{ ...head, stage: "ResponseComplete", responseStatus: { metadata: {}, code: 200 } },
      ...(sends ? { requestObject: object } : {}),
      ...{ responseObject: object, ...times },
      annotations: {
        "authorization.k8s.io/decision": "allow",
        ...(sends
          ? { "patch.webhook.admission.k8s.io/round_0_index_0": `{"patch":"${"p".repeat(50)}"}` }
          : {}),
      },
    },
  ]
}

/** What the server writes of an event under a policy: levels leave out bodies, stages leave out events. */
function underPolicy(policy: Policy, event: Event): Event | undefined {
  const { level, omitStages, omitManagedFields } = decide(policy, attributesSeen(sightingOf(event)))
  if (level === "None" || omitStages.some((stage) => stage === event.stage)) return undefined
  const made: Event = structuredClone({ ...event, level })
  if (level === "Metadata") delete made.requestObject
  if (level !== "RequestResponse") delete made.responseObject
  const annotations = made.annotations as Event | undefined
  if (level === "Metadata") delete annotations?.["patch.webhook.admission.k8s.io/round_0_index_0"]
  const bodies = [...(event.verb === "patch" ? [] : [made.requestObject]), made.responseObject]
  if (omitManagedFields)
    for (const body of bodies) if (body) delete (body as { metadata: Event }).metadata.managedFields
  return made
}

function estimate(policy: Policy, events: readonly Event[], cellsMax = 3) {
  const bodies = new Bodies()
  const simulation = new Simulation(policy, bodies)
  const traffic = new Traffic({
    ...{ apart: ALL_BUT_NAMES, cellsMax }, // cells come in many parts
    onCells: (cells, whole) => {
      for (const cell of cells) {
        bodies.add(cell)
        simulation.add(cell, whole)
      }
    },
  })
  const read = createSightingReader()
  for (const event of events) traffic.add(read(bytesOf(event))!)
  traffic.flush()
  return simulation.outcome()
}

const truthOf = (policy: Policy, events: readonly Event[]) =>
  events.map((event) => underPolicy(policy, event)).filter((event) => event !== undefined)
const sum = (events: readonly Event[]) => events.reduce((all, event) => all + bytesOf(event).length, 0)

const request = fc.record({
  user: fc.constantFrom("alice", "bob", "system:kube-scheduler"),
  verb: fc.constantFrom("get", "update", "patch", "list"),
  resource: fc.constantFrom("pods", "configmaps", "secrets"),
  namespace: fc.constantFrom("prod", "dev"),
  size: fc.integer({ min: 0, max: 3000 }),
})
const POLICIES = {
  everything: policyOf("rules: [{level: RequestResponse}]"),
  metadata: policyOf("omitStages: [RequestReceived]\nrules: [{level: Metadata}]"),
  mixed: policyOf(
    "omitManagedFields: true\nrules:\n- {level: None, users: [bob]}\n- {level: Request, verbs: [update, patch]}\n- {level: Metadata, omitStages: [RequestReceived]}",
  ),
}

for (const [name, policy] of Object.entries(POLICIES)) {
  test(`from everything, ${name}: exactly the bytes the server would have written`, () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
        const events = requests.flatMap(eventsOf)
        const truth = truthOf(policy, events)
        const found = estimate(policy, events)
        assert.equal(found.events, truth.length)
        assert.equal(found.bytes, sum(truth))
        assert.equal(found.guessed.unknownBodies, 0)
      }),
      { numRuns: 60 },
    )
  })
}

/** Recorded under `a`, asked for `b`; bodies of one resource are alike, as they are in a cluster. */
const upwards: readonly [why: string, a: string, b: string][] = [
  [
    "bodies known from one namespace stand for the others",
    "rules:\n- {level: RequestResponse, namespaces: [dev]}\n- {level: Metadata}",
    "rules: [{level: RequestResponse}]",
  ],
  [
    "stages that were left out are derived",
    "omitStages: [RequestReceived]\nrules: [{level: RequestResponse}]",
    "rules: [{level: RequestResponse}]",
  ],
  [
    "both at once",
    "rules:\n- {level: RequestResponse, users: [alice]}\n- {level: Metadata, omitStages: [RequestReceived]}",
    "rules:\n- {level: None, verbs: [list]}\n- {level: Request, verbs: [update]}\n- {level: RequestResponse}",
  ],
]
const SIZES: Readonly<Record<string, number>> = { pods: 2500, configmaps: 800, secrets: 300 }

for (const [why, a, b] of upwards) {
  test(`from less to more, within 10 %: ${why}`, () => {
    const many = fc.sample(request, { numRuns: 600, seed: 7 })
    const events = many.flatMap((one) =>
      eventsOf({ ...one, size: (SIZES[one.resource] ?? 0) + (one.size % 200) }),
    )
    const recorded = truthOf(policyOf(a), events)
    const truth = sum(truthOf(policyOf(b), events))
    const found = estimate(policyOf(b), recorded)
    assert.ok(Math.abs(found.bytes - truth) < truth / 10, `estimated ${found.bytes}, truth ${truth}`)
    assert.equal(found.events, truthOf(policyOf(b), events).length)
  })
}

test("bodies that nothing in the traffic is like are counted as unknown, not as nothing", () => {
  const events = truthOf(
    policyOf("rules: [{level: Metadata}]"),
    eventsOf({ user: "alice", verb: "update", resource: "pods", namespace: "dev", size: 10 }),
  )
  const { guessed } = estimate(policyOf("rules: [{level: RequestResponse}]"), events)
  assert.deepEqual([guessed.unknownBodies, guessed.unknownOf], [2, ["update pods"]])
})

const STAGES_APART = ["RequestReceived", "ResponseComplete"]
const apart = (events: readonly Event[]) =>
  STAGES_APART.flatMap((stage) => events.filter((event) => event.stage === stage))

for (const [name, policy] of Object.entries(POLICIES)) {
  test(`stages of one request in different parts of its cell imply no event, ${name}`, () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
        const events = apart(requests.flatMap(eventsOf))
        const found = estimate(policy, events, 1)
        assert.deepEqual([found.events, found.guessed.impliedEvents], [truthOf(policy, events).length, 0])
        assert.equal(found.bytes, sum(truthOf(policy, events)))
      }),
      { numRuns: 60 },
    )
  })
}

test("stages that were left out are implied as often by parts of cells as by whole cells", () => {
  const events = fc.sample(request, { numRuns: 200, seed: 11 }).flatMap(eventsOf)
  const recorded = truthOf(
    policyOf(
      "rules:\n- {level: Metadata, users: [alice]}\n- {level: Metadata, omitStages: [RequestReceived]}",
    ),
    events,
  )
  const everything = POLICIES.everything
  const [parts, whole] = [1, 1_000].map((cellsMax) => estimate(everything, apart(recorded), cellsMax))
  assert.ok(whole!.guessed.impliedEvents > 0)
  assert.equal(parts!.guessed.impliedEvents, whole!.guessed.impliedEvents)
  assert.equal(parts!.events, whole!.events)
  assert.ok(Math.abs(parts!.bytes - whole!.bytes) < whole!.bytes / 1_000)
})
