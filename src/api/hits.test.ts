import assert from "node:assert/strict"
import { test } from "node:test"
import { parseMicros } from "../base/time.ts"
import { type HitsRequest, shapeHits } from "./hits.ts"

const at = (time: string) => parseMicros(`2026-11-20T${time}.000000Z`)
const MINUTE = 60_000_000
const request: HitsRequest = {
  fields: [],
  fieldsLimit: 0,
  step: MINUTE,
  offset: 0,
  start: undefined,
  end: undefined,
}
const ROWS = [
  { _time: "2026-11-20T18:26:00Z", level: "Metadata", hits: "6" },
  { _time: "2026-11-20T18:24:00Z", level: "Request", hits: "8" },
  { _time: "2026-11-20T18:24:00Z", level: "Metadata", hits: "1" },
]

test("steps have no gaps between the first and the last, and end where that was asked for", () => {
  const bounded = { ...request, start: at("18:23:30"), end: at("18:28:00") - 1 }
  assert.deepEqual(shapeHits(ROWS, bounded), {
    hits: [
      {
        fields: {},
        timestamps: ["18:23", "18:24", "18:25", "18:26", "18:27"].map((time) => `2026-11-20T${time}:00Z`),
        values: [0, 9, 0, 6, 0],
        total: 15,
      },
    ],
  })
})

test("groups come by name, those with fewest hits together at the end", () => {
  const { hits } = shapeHits(ROWS, { ...request, fields: ["level"], fieldsLimit: 1 })
  assert.deepEqual(
    hits.map(({ fields, values, total }) => ({ fields, values, total })),
    [
      { fields: { level: "Request" }, values: [8, 0, 0], total: 8 },
      { fields: {}, values: [1, 0, 6], total: 7 },
    ],
  )
})

test("no rows: no groups, whatever the bounds", () => {
  assert.deepEqual(shapeHits([], { ...request, start: at("18:00:00"), end: at("19:00:00") }), { hits: [] })
})

test("more points than anybody draws are cut, and that is told", () => {
  const wide = { ...request, step: 1_000, start: 0, end: at("18:30:00") }
  const { hits, partial } = shapeHits(ROWS, wide)
  assert.equal(hits[0]?.values.length, 120_001, "from the first hit to the last")
  assert.match(partial ?? "", /^points: /)
  const crowded = ROWS.flatMap((row) => [
    row,
    { ...row, level: "c" },
    { ...row, level: "d" },
    { ...row, level: "e" },
  ])
  const narrow = shapeHits(crowded, { ...wide, fields: ["level"] })
  assert.match(narrow.partial ?? "", /^groups: only 4 /)
  assert.equal(
    narrow.hits.reduce((sum, { total }) => sum + total, 0),
    60,
  )
})
