import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, beforeEach, test } from "node:test"
import { type GivenRecord, placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { conflictsSql, markDuplicates } from "./duplicates.ts"
import { relationSql } from "./relation.ts"
import { segmentPath } from "./segment-name.ts"
import { stageJournal } from "./stage.ts"
import { createTail, dropTail, loadStaged } from "./table.ts"

let world: SegmentWorld
before(async () => {
  world = await openSegmentWorld()
})
beforeEach(() => {
  world.entries.length = 0
})
after(() => world.close())

const AT = "2026-11-20T12:00:00.000000Z"
const body = (id: string, more = "") => eventBody({ id, at: AT, more })
const fromLog = (text: string) => `{"kind":"Event","apiVersion":"audit.k8s.io/v1",${text.slice(1)}`
const other = { source: "prod-1/apiserver-1" }

/** What each record of the segments repeats; null where it is the first of its body. */
async function origins(): Promise<unknown> {
  const files = world.entries.map(({ name }) => segmentPath(world.dir, name))
  const relation = relationSql({ files, tables: [] })
  const rows = await world.rows(`SELECT list("duplicateOf" ORDER BY record) AS origins FROM ${relation}`)
  return (rows[0] as { origins: unknown }).origins
}

const cases: [why: string, segments: GivenRecord[][], origins: (number | null)[]][] = [
  ["the same body twice in a batch", [[{ body: body("a") }, { body: body("a") }]], [null, 0]],
  [
    "three times: all name the first",
    [[{ body: body("a") }, { body: body("a") }, { body: body("a") }]],
    [null, 0, 0],
  ],
  [
    "through another source of the cluster",
    [[{ body: body("a") }, { body: body("a"), ...other }]],
    [null, 0],
  ],
  [
    "in another cluster it is another event",
    [[{ body: body("a") }, { body: body("a"), source: "prod-2" }]],
    [null, null],
  ],
  [
    "from the log back end after the webhook",
    [[{ body: body("a") }, { body: fromLog(body("a")) }]],
    [null, 0],
  ],
  [
    "from the webhook after the log back end",
    [[{ body: fromLog(body("a")) }, { body: body("a") }]],
    [null, 0],
  ],
  [
    "the same ids with other bytes",
    [[{ body: body("a") }, { body: body("a", ',"user":{"username":"x"}') }]],
    [null, null],
  ],
  ["another id", [[{ body: body("a") }, { body: body("b") }]], [null, null]],
  [
    "in a later segment",
    [[{ body: body("a") }], [{ body: body("b") }, { body: body("a") }]],
    [null, null, 0],
  ],
  [
    "twice in a later segment",
    [[{ body: body("a") }], [{ body: body("a") }, { body: fromLog(body("a")) }]],
    [null, 0, 0],
  ],
  [
    "in three segments: all name the first",
    [[{ body: body("a") }], [{ body: body("a") }], [{ body: body("a") }]],
    [null, 0, 0],
  ],
  [
    "from the log back end in a later segment",
    [[{ body: fromLog(body("a")) }], [{ body: body("a") }]],
    [null, 0],
  ],
  [
    "a conflict in a later segment",
    [[{ body: body("a") }], [{ body: body("a", ',"level":"x"') }]],
    [null, null],
  ],
  [
    "a body of a conflict again",
    [[{ body: body("a") }, { body: body("a", " ") }], [{ body: body("a", " ") }]],
    [null, null, 1],
  ],
  [
    "no event: never a duplicate",
    [
      [
        { body: "x", kind: "log" },
        { body: "x", kind: "log" },
      ],
    ],
    [null, null],
  ],
  [
    "without a timestamp",
    [[{ body: '{"auditID":"a","stage":"s"}' }], [{ body: '{"auditID":"a","stage":"s"}' }]],
    [null, null],
  ],
]
for (const [why, segments, expected] of cases) {
  test(`duplicateOf: ${why}`, async () => {
    for (const records of segments) await world.segment(records)
    assert.deepEqual(await origins(), expected)
  })
}

test("records with the same ids and other bytes are a conflict; repetitions are none", async () => {
  const changed = body("a", ',"user":{"username":"x"}')
  await world.segment([{ body: body("a") }, { body: body("b") }, { body: changed }])
  await world.segment([{ body: body("a") }, { body: changed }, { body: body("b") }])
  const files = world.entries.map(({ name }) => segmentPath(world.dir, name))
  const rows = await world.rows(
    `SELECT "auditID", records FROM (${conflictsSql(relationSql({ files, tables: [] }))})`,
  )
  assert.deepEqual(rows, [{ auditID: "a", records: [0, 2] }])
})

test("a tail that grows is marked as it grows", async () => {
  const { db, dir, blooms } = world
  await world.segment([{ body: body("a") }])
  const records = placeRecords(
    [{ body: body("b") }, { body: body("a") }, { body: body("b") }, { body: body("a") }],
    1,
  )
  const end = await writeJournal(join(dir, "tail"), records, 1)
  const tables = ["old_tail", "new_tail"]
  for (const [i, table] of tables.entries()) {
    await createTail(db, table)
    const request = { journalDir: join(dir, "tail"), end, path: join(dir, "tmp", table) }
    for (const first of i === 0 ? [1] : [3, 4]) {
      const staged = await stageJournal({ ...request, first, below: first === 1 ? 3 : first + 1 })
      await loadStaged(db, table, staged)
      await markDuplicates({
        db,
        dir,
        table,
        first,
        earlier: tables.slice(0, i),
        entries: world.entries,
        blooms,
      })
    }
  }
  const rows = await world.rows(
    `SELECT list("duplicateOf" ORDER BY record) AS o FROM ${relationSql({ files: [], tables })}`,
  )
  assert.deepEqual(rows, [{ o: [null, 0, 1, 0] }])
  for (const table of tables) await dropTail(db, table)
})

test("invented timestamps cost bounded work, and what is passed over is counted", async () => {
  for (let i = 0; i < 34; i++) {
    const [early, late] = ["1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"]
    const wide = [
      eventBody({ id: `w${i}`, at: early }),
      eventBody({ id: `w${i}`, at: late }),
      body("same", " ".repeat(i)),
    ]
    await world.segment(wide.map((text) => ({ body: text })))
  }
  const { duplicates } = await world.segment([{ body: body("same") }])
  assert.equal(duplicates.passedOver, 2)
})
