import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { NOON } from "../../test/support/journal-file.ts"
import { eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { realDisk } from "../journal/disk.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import { compact, planCompaction } from "./compact.ts"
import { relationSql } from "./relation.ts"
import { segmentName, segmentPath } from "./segment-name.ts"

const DAY = 86_400_000_000

/** A segment of `rows` records on a day after 2026-11-20, following the one before. */
function row(entries: CatalogueEntry[], day: number, rows: number, more: Partial<CatalogueEntry> = {}): void {
  const first = (entries.at(-1)?.last ?? -1) + 1
  const sha256 = String(first).padStart(64, "0")
  const receivedAt = NOON + day * DAY
  const name = segmentName({ first, last: first + rows - 1, receivedAt, sha256 })
  const times = { timeMin: receivedAt, timeMax: receivedAt, receivedMin: receivedAt, receivedMax: receivedAt }
  entries.push({
    name,
    first,
    last: first + rows - 1,
    bytes: rows,
    sha256,
    replaces: [],
    rows,
    order: "record",
    ...times,
    ...more,
  })
}

const limits = { rowsMax: 100, bytesMax: 1_000, smallRows: 10, smallCount: 3 }
type Spec = [day: number, rows: number, more?: Partial<CatalogueEntry>]
const plans: [
  why: string,
  today: number,
  segments: Spec[],
  plan: { order: string; at: number[] } | undefined,
][] = [
  ["nothing", 0, [], undefined],
  [
    "fresh segments of the usual size stay",
    0,
    [
      [0, 50],
      [0, 50],
    ],
    undefined,
  ],
  [
    "small ones in a row are merged",
    0,
    [
      [0, 50],
      [0, 5],
      [0, 5],
      [0, 5],
    ],
    { order: "alike", at: [1, 2, 3] },
  ],
  [
    "too few small ones are not",
    0,
    [
      [0, 5],
      [0, 5],
      [0, 50],
      [0, 5],
    ],
    undefined,
  ],
  [
    "small ones over midnight are merged too",
    1,
    [
      [1, 5],
      [1, 5],
      [1, 5],
      [1, 5],
    ],
    { order: "alike", at: [0, 1, 2, 3] },
  ],
  [
    "a day that is over is sorted",
    1,
    [
      [0, 50],
      [0, 40],
      [1, 50],
    ],
    { order: "key", at: [0, 1] },
  ],
  [
    "as many as fit",
    1,
    [
      [0, 50],
      [0, 40],
      [0, 40],
      [1, 50],
    ],
    { order: "key", at: [0, 1] },
  ],
  [
    "also a single one",
    1,
    [
      [0, 500],
      [0, 40],
      [1, 50],
    ],
    { order: "key", at: [0] },
  ],
  [
    "what is sorted stays",
    1,
    [
      [0, 90, { order: "key" }],
      [0, 40],
      [1, 5],
    ],
    { order: "key", at: [1] },
  ],
  [
    "all is done",
    1,
    [
      [0, 90, { order: "key" }],
      [1, 50],
    ],
    undefined,
  ],
  [
    "the newest day stays, even when nothing came since",
    9,
    [
      [0, 50],
      [0, 40],
    ],
    undefined,
  ],
  [
    "the clock says that the day is not over",
    0,
    [
      [0, 50],
      [1, 40],
    ],
    undefined,
  ],
  [
    "each day by itself",
    3,
    [
      [0, 10],
      [1, 10],
      [2, 10],
    ],
    { order: "key", at: [0] },
  ],
  [
    "not over a gap",
    1,
    [
      [0, 10],
      [0, 10, { first: 15, last: 24 }],
      [1, 10],
    ],
    { order: "key", at: [0] },
  ],
  [
    "not more than its bytes allow",
    1,
    [
      [0, 10, { bytes: 900 }],
      [0, 10, { bytes: 200 }],
      [1, 10],
    ],
    { order: "key", at: [0] },
  ],
]
for (const [why, today, segments, wanted] of plans) {
  test(`planCompaction: ${why}`, () => {
    const entries: CatalogueEntry[] = []
    for (const [day, rows, more] of segments) row(entries, day, rows, more)
    const plan = planCompaction(entries, NOON + today * DAY, limits)
    const found = plan && { order: plan.order, at: plan.entries.map((entry) => entries.indexOf(entry)) }
    assert.deepEqual(found, wanted)
  })
}

let world: SegmentWorld
before(async () => {
  world = await openSegmentWorld()
  for (let i = 0; i < 3; i++) {
    const bodies = ["pods", "secrets", "leases"].map((resource, j) =>
      eventBody({
        id: `${i}-${j}`,
        at: `2026-11-20T12:0${i}:0${j}Z`,
        more: `,"objectRef":{"resource":"${resource}"}`,
      }),
    )
    await world.segment(bodies.map((body) => ({ body })))
  }
})
after(() => world.close())

for (const order of ["key", "alike"] as const) {
  test(`compact (${order}): the same rows, in one file, in order`, async () => {
    const { db, dir, entries } = world
    const entry = await compact({ db, disk: realDisk, dir, compaction: { entries, order } })
    assert.deepEqual([entry.first, entry.last, entry.rows, entry.order], [0, 8, 9, order])
    assert.deepEqual(
      entry.replaces,
      entries.map(({ name }) => name),
    )
    assert.deepEqual([entry.timeMin, entry.timeMax], [entries[0]!.timeMin, entries[2]!.timeMax])
    const path = segmentPath(dir, entry.name)
    const all = (files: string[]) =>
      world.rows(`SELECT * FROM ${relationSql({ files, tables: [] })} ORDER BY record`)
    assert.deepEqual(await all([path]), await all(entries.map(({ name }) => segmentPath(dir, name))))
    const [found] = await world.rows(
      `SELECT list(record ORDER BY file_row_number) AS r FROM read_parquet('${path}', file_row_number = true)`,
    )
    assert.deepEqual(found, { r: [2, 5, 8, 0, 3, 6, 1, 4, 7] })
    const again = await compact({ db, disk: realDisk, dir, compaction: { entries, order } })
    assert.deepEqual(again, entry, "made again it is the same file")
  })
}

test("compact refuses files that hold other than the catalogue says", async () => {
  const { db, dir, entries } = world
  const wrong = entries.map((entry, i) => (i === 1 ? { ...entry, rows: entry.rows + 1 } : entry))
  const run = (from: readonly CatalogueEntry[]) =>
    compact({ db, disk: realDisk, dir, compaction: { entries: from, order: "alike" } })
  await assert.rejects(run(wrong), { code: "segment.unlike" })
  writeFileSync(segmentPath(dir, entries[2]!.name), "PAR1")
  await assert.rejects(run(entries), { code: "segment.unlike" })
})
