import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { CellSum } from "./cell-sum.ts"
import { loadPolicy } from "./load.ts"
import { createSightingReader } from "./sighting.ts"
import { Bodies, Simulation } from "./simulate.ts"
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
function outcomeOf(events: readonly object[], ways: number, cellsMax: number) {
  const bodies = new Bodies()
  const simulation = new Simulation(POLICY, bodies)
  let handed = 0
  const onCells: TakeCells = (cells, whole) => {
    for (const cell of cells) {
      handed++
      bodies.add(cell)
      simulation.add(cell, whole)
    }
  }
  const sum = new CellSum({ names: true, onCells, cellsMax })
  const traffics = Array.from(
    { length: ways },
    () => new Traffic({ names: true, onCells: (cells, whole) => sum.add(cells, whole) }),
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

test("property: with too many cells to hold, no event is lost and none is counted twice", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const recorded = ({ outcome: { events: all, guessed } }: ReturnType<typeof outcomeOf>) =>
        all - guessed.impliedEvents
      assert.equal(recorded(outcomeOf(events, 3, 2)), recorded(outcomeOf(events, 1, 1_000)))
    }),
  )
})
