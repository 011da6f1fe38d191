import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { CellSum } from "./cell-sum.ts"
import { loadPolicy } from "./load.ts"
import type { Policy } from "./policy.ts"
import { createSightingReader } from "./sighting.ts"
import { Bodies, Simulation } from "./simulate.ts"
import { type ToldApart, toldApartBy } from "./told-apart.ts"
import { type TakeCells, Traffic } from "./traffic.ts"

const POLICY = loadPolicy(
  "apiVersion: audit.k8s.io/v1\nrules:\n- {level: None, users: [bob]}\n- {level: RequestResponse}",
)

const event = fc.record({
  stage: fc.constantFrom("RequestReceived", "ResponseComplete"),
  level: fc.constantFrom("Metadata", "Request"),
  verb: fc.constantFrom("get", "update"),
  user: fc.constantFrom({}, { username: "alice" }, { username: "bob", groups: ["a", "b"] }),
  objectRef: fc.constantFrom(
    { resource: "pods", namespace: "a", name: "x" },
    { resource: "pods", namespace: "a", name: "y" },
    undefined,
  ),
  requestURI: fc.constantFrom("/healthz", "/readyz"),
  stageTimestamp: fc.constantFrom("2026-11-20T18:00:00.000000Z", "2026-11-20T19:00:00.000000Z", undefined),
})

/** The outcome where each event goes to one of several traffics, whose cells are put together. */
function outcomeOf(
  events: readonly object[],
  ways: number,
  cellsMax: number,
  { policy = POLICY, apart = {} }: { policy?: Policy; apart?: ToldApart } = {},
) {
  const bodies = new Bodies()
  const simulation = new Simulation(policy, bodies)
  let handed = 0
  const onCells: TakeCells = (cells, whole) => {
    for (const cell of cells) {
      handed++
      bodies.add(cell)
      simulation.add(cell, whole)
    }
  }
  const sum = new CellSum({ apart, onCells, cellsMax })
  const traffics = Array.from(
    { length: ways },
    () => new Traffic({ apart, onCells: (cells, whole) => sum.add(cells, whole) }),
  )
  const read = createSightingReader()
  events.forEach((one, i) => {
    traffics[i % ways]!.add(read(new TextEncoder().encode(JSON.stringify(one)))!)
  })
  for (const traffic of traffics) traffic.flush()
  sum.flush()
  return { handed, outcome: simulation.outcome() }
}

test("property: cells in parts, put together, are the cells of all events", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      assert.deepEqual(outcomeOf(events, 3, 1_000), outcomeOf(events, 1, 1_000))
    }),
  )
})

/** What one cannot see is whether a policy would have told: so policies and requests have the same few words. */
const words = fc.constantFrom("a", "b", "", "/a*", "/ab", "*")
const others = fc.oneof(words, fc.constantFrom("c", "d", "e"))
const listed = fc.array(words, { minLength: 1, maxLength: 2 })
const rule = fc.record(
  {
    level: fc.constantFrom("None", "Metadata", "RequestResponse"),
    users: listed,
    userGroups: listed,
    namespaces: listed,
    resources: fc.constantFrom([{ group: "", resources: ["a"], resourceNames: ["b"] }], [{ group: "" }]),
  },
  { requiredKeys: ["level"] },
)
const urls = fc.record({
  level: fc.constantFrom("None", "Metadata"),
  nonResourceURLs: fc.constantFrom(["/a*"], ["/ab", "/b"]),
})
const ended = fc.record({
  ...{ stage: fc.constant("ResponseComplete"), level: fc.constantFrom("Metadata", "Request") },
  ...{ verb: fc.constantFrom("get", "create", "watch") },
  user: fc.record({ username: others, groups: listed }, { requiredKeys: [] }),
  objectRef: fc.option(fc.record({ resource: words, namespace: others, name: others }), { nil: undefined }),
  requestURI: fc.constantFrom("/a", "/ab", "/a%62", "/b?x", "/debug/pprof/a", "/api/v1/namespaces/a/a"),
})

test("property: what no policy tells apart changes no figure", () => {
  const policies = fc.array(fc.oneof(rule, urls), { minLength: 1, maxLength: 4 })
  let merged = 0
  fc.assert(
    fc.property(policies, fc.array(ended, { maxLength: 30 }), (rules, events) => {
      const policy = loadPolicy(JSON.stringify({ apiVersion: "audit.k8s.io/v1", rules }))
      const fine = outcomeOf(events, 2, 1_000, { policy })
      const apart = outcomeOf(events, 2, 1_000, { policy, apart: toldApartBy([policy]) })
      assert.deepEqual(apart.outcome, fine.outcome)
      if (apart.handed < fine.handed) merged++
    }),
  )
  assert.ok(merged > 10, `only ${merged} of 100 runs had fewer cells`)
})

test("property: with too many cells to hold, no event is lost and none is counted twice", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const recorded = ({ outcome: { events: all, guessed } }: ReturnType<typeof outcomeOf>) =>
        all - guessed.impliedEvents
      assert.equal(recorded(outcomeOf(events, 3, 2)), recorded(outcomeOf(events, 1, 1_000)))
    }),
  )
})
