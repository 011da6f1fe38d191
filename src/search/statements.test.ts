import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { openColumns } from "../query/column.ts"
import { ALL_FIELDS } from "../query/fieldset.ts"
import { type Sql, sql, trusted } from "../query/sql.ts"
import { COLUMNS, MSG_SQL, SAID } from "../store/columns.ts"
import { openDuckdb } from "../store/duckdb.ts"
import { createTail } from "../store/table.ts"
import { NO_PLACE, type Place } from "./places.ts"
import { fetchRecords, readingOf } from "./read.ts"
import type { Source } from "./snapshot.ts"
import { LARGE_WEIGHT, Statements } from "./statements.ts"
import { Turns } from "./turns.ts"

const VERB = trusted('"verb"')
const RAW = trusted('"raw"')
const never = new AbortController().signal

/** A source that says it has so many rows; what is in its table does not matter here. */
const sourceOf = (rows: number): Source => ({
  table: "tail",
  first: 0,
  last: rows,
  timeMin: 0,
  timeMax: 1,
  rows,
  segment: undefined,
})

async function open(context: TestContext, turns: number) {
  const dir = temporaryFolder(context)
  const limits = { memoryBytesMax: 2 ** 28, threads: 1, tempBytesMax: 2 ** 28 }
  const db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp"), folders: [dir] })
  context.after(() => db.close())
  await createTail(db, "tail")
  const slots = new Turns(() => turns)
  const grown: string[] = []
  const statements = (name: string, stop = never) => {
    const place: Place = { ...NO_PLACE, grow: async () => void grown.push(name) }
    return new Statements({ db, turns: slots }, place, stop)
  }
  return { slots, grown, statements }
}

const count = (statements: Statements, rows: number, asked = VERB, stop?: AbortSignal) =>
  statements.over([sourceOf(rows)], (relation) => sql`SELECT count(${asked}) FROM ${relation}`, {
    ...(stop === undefined ? {} : { stop }),
  })

const small: readonly (readonly [why: string, rows: number, asked: typeof VERB])[] = [
  ["columns", LARGE_WEIGHT, VERB],
  ["bodies weigh twenty times as much", LARGE_WEIGHT / 20, RAW],
]
for (const [why, rows, asked] of small) {
  test(`a query waits for turns from where it has read much: ${why}`, async (context) => {
    const { slots, grown, statements } = await open(context, 1)
    const leave = await slots.enter(never)
    const query = statements("query")
    await count(query, rows, asked) // nobody is waited for
    assert.deepEqual(grown, [])
    const large = count(query, 1, asked)
    await count(statements("other"), rows, asked)
    assert.deepEqual([grown, slots.waiting], [["query"], 1])
    leave()
    await large
    assert.equal(slots.waiting, 0)
  })
}

test("who is stopped leaves the line, and who fails gives back the turn", async (context) => {
  const { slots, statements } = await open(context, 1)
  const leave = await slots.enter(never)
  const stop = new AbortController()
  const waiting = count(statements("query", stop.signal), LARGE_WEIGHT * 2)
  await count(statements("small"), 1)
  assert.equal(slots.waiting, 1)
  stop.abort()
  await assert.rejects(waiting, { code: "store.interrupted" })
  leave()
  const bad = statements("bad").over([sourceOf(LARGE_WEIGHT * 2)], () => sql`SELECT nothing`)
  await assert.rejects(bad, { code: "store.failed" })
  assert.equal(slots.hasRoom, true)
})

test("a statement sees the columns that it names, and no others have to be understood", async (context) => {
  const { statements } = await open(context, 1)
  const tables = [sourceOf(10), { ...sourceOf(10), first: 11, last: 20 }]
  const columns = async (select: Sql) => {
    const rows = await statements("query").over(
      tables,
      (relation) => sql`SELECT *, ${select} AS x FROM ${relation} WHERE "stage" IS NULL`,
    )
    return rows.names
  }
  assert.deepEqual(await columns(VERB), ["stage", "verb", "x"].sort(byColumn))
  const said = await columns(trusted(SAID))
  for (const name of ["kind", "raw", "stage"]) assert.ok(said.includes(name), `${name} of ${said.join()}`)
  assert.ok(!said.includes("user.username"))
})

const COLUMN_NAMES = COLUMNS.map(({ name }) => name)
const byColumn = (a: string, b: string) => place(a) - place(b)
const place = (name: string) => COLUMN_NAMES.indexOf(name) + 1 || COLUMN_NAMES.length + 1

test("a scan that is cancelled ends in the middle of its statement, and gives back the turn", async (context) => {
  const { slots, statements } = await open(context, 1)
  const stop = new AbortController()
  const query = statements("query", stop.signal)
  // A day's work, if nobody stopped it.
  const scan = query.over(
    [sourceOf(LARGE_WEIGHT * 2)],
    () => sql`SELECT sum(hash(i)) FROM range(1000000000000) AS r(i)`,
  )
  await count(statements("small"), 1)
  assert.equal(slots.hasRoom, false)
  stop.abort()
  await assert.rejects(scan, { code: "store.interrupted" })
  assert.equal(slots.hasRoom, true)
  await count(statements("next"), LARGE_WEIGHT * 2)
})

for (const turns of [1, 2]) {
  test(`statements of one query, ${turns} at a time: answers in order, none goes on when nobody reads`, async (context) => {
    const { slots, statements } = await open(context, turns)
    const query = statements("query")
    const stops: AbortSignal[] = []
    const parts = [3, 1, 2, 5]
    const run = (part: number, stop: AbortSignal) => {
      stops.push(stop)
      return query.over([sourceOf(LARGE_WEIGHT)], () => sql`SELECT ${part}`, { stop })
    }
    const seen: (number | undefined)[] = []
    for await (const rows of query.each(parts, run)) seen.push(rows.single().integer(0))
    assert.deepEqual(seen, parts)
    stops.splice(0)
    for await (const _ of query.each(parts, run)) break
    assert.equal(stops.length, turns, "no more than run at once")
    assert.ok(stops.every(({ aborted }) => aborted))
    assert.equal(slots.hasRoom, true)
  })
}

test("a few records of many tables are a small question, whatever is fetched of them", async (context) => {
  const { grown, statements } = await open(context, 1)
  const sources = Array.from({ length: 20 }, (_, i) => ({
    ...sourceOf(40_000),
    first: i * 40_000,
    last: (i + 1) * 40_000 - 1,
  }))
  const records = sources.map(({ first }) => first + 1)
  const reading = readingOf(ALL_FIELDS, openColumns({ msg: MSG_SQL }))
  for await (const rows of fetchRecords(sources, records, reading, statements("query")))
    assert.deepEqual(rows, [])
  assert.deepEqual(grown, [])
  await count(statements("scan"), LARGE_WEIGHT + 1)
  assert.deepEqual(grown, ["scan"])
})
