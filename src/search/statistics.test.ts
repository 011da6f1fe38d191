import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { createEventMaker } from "../../bench/segment-events.ts"
import { NOON } from "../../test/support/journal-file.ts"
import { eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { FIELDS } from "../event/fields.ts"
import { cataloguePath } from "../store/catalogue.ts"
import { formatEntry } from "../store/catalogue-entry.ts"
import type { QueryRequest } from "./message.ts"
import { SEARCH_LIMITS } from "./message.ts"
import { openService, type SearchService } from "./service.ts"
import { fewValues, filledRows } from "./statistics.ts"

const SEGMENT = 300
/** Says the same as no filter at all, and nobody knows that before looking. */
const ALL = "record:>=0"

let world: SegmentWorld
let service: SearchService
before(async () => {
  world = await openSegmentWorld()
  const busy = createEventMaker(7)
  const at = (i: number) => NOON + i * 1_000_000
  const quiet = (i: number) =>
    eventBody({ id: `quiet-${i}`, at: new Date(at(i) / 1000).toISOString(), more: "" })
  const empty = (i: number) => quiet(i).replace(/}$/, `,"userAgent":"","objectRef":{"apiGroup":""}}`)
  const halfEmpty = (i: number) => (i % 2 === 0 ? empty(i) : quiet(i))
  for (const [segment, make] of [busy, quiet, empty, halfEmpty, busy].entries()) {
    const numbers = Array.from({ length: SEGMENT }, (_, i) => segment * SEGMENT + i)
    await world.segment(numbers.map((i) => ({ body: make === busy ? busy(at(i)) : make(i) })))
  }
  writeFileSync(cataloguePath(world.dir), world.entries.map(formatEntry).join(""))
  const options = { dir: world.dir, made: undefined, limits: SEARCH_LIMITS, readOnly: true }
  service = await openService({ ...options, tempDir: join(world.dir, "tmp", "statistics") })
})
after(async () => {
  service.close()
  await world.close()
})

async function ask(text: string, more: Partial<QueryRequest> = {}): Promise<readonly string[]> {
  const request = { text, now: NOON * 2, rowsMax: 10_000, timeoutMs: 30_000, ...more }
  const found: string[] = []
  for await (const rows of service.query(request, undefined, new AbortController().signal))
    for (const row of rows) found.push(JSON.stringify(row))
  return found.sort()
}

for (const turn of ["from statistics and rows", "from memory"]) {
  test(`values of every field are what a look at all rows says: ${turn}`, async () => {
    const names = FIELDS.filter(({ type }) => type !== "map" && type !== "listMap").map(({ name }) => name)
    for (const name of [...names, `"annotations.authorization.k8s.io/decision"`]) {
      const pipe = `| field_values ${name}`
      const expected = await ask(`${ALL} ${pipe}`)
      assert.ok(expected.length > 0)
      assert.deepEqual(await ask(`* ${pipe}`), expected, name)
    }
  })

  test(`names of fields are what a look at all rows says: ${turn}`, async () => {
    const view = { kind: "fieldNames" } as const
    assert.deepEqual(await ask("*", { view }), await ask(ALL, { view }))
  })
}

test("within a part of the time, rows are looked at", async () => {
  const bounds = { start: NOON + (SEGMENT / 2) * 1_000_000, end: NOON + 3 * SEGMENT * 1_000_000 }
  for (const name of ["userAgent", "stage", "cluster"]) {
    const expected = await ask(`${ALL} | field_values ${name}`, bounds)
    assert.deepEqual(await ask(`* | field_values ${name}`, bounds), expected, name)
  }
})

test("what the statistics leave open is not known from them", () => {
  const some = { rows: 3, nulls: 1, isText: true, least: "a", greatest: "b" }
  const [empty, unknown] = [
    { ...some, least: "" },
    { ...some, least: undefined, greatest: undefined },
  ]
  const none = { ...unknown, nulls: 3 }
  const one = { ...some, greatest: "a" }
  const numbers = { ...unknown, isText: false }
  assert.deepEqual([some, empty, unknown, none, one, numbers, undefined].map(filledRows), [
    2,
    undefined,
    undefined,
    0,
    2,
    2,
    undefined,
  ])
  assert.deepEqual([some, empty, unknown, none, one, numbers, undefined].map(fewValues), [
    undefined,
    undefined,
    undefined,
    [[null, 3]],
    [
      ["a", 2],
      [null, 1],
    ],
    undefined,
    undefined,
  ])
})
