import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { openColumns } from "../query/column.ts"
import { parseQuery } from "../query/parse.ts"
import { planQuery, type RowsRead } from "../query/plan.ts"
import { TRUE, trusted } from "../query/sql.ts"
import { MSG_SQL } from "../store/columns.ts"
import { openDuckdb } from "../store/duckdb.ts"
import { createTail } from "../store/table.ts"
import { Output } from "./output.ts"
import { NO_PLACE } from "./places.ts"
import { Progress } from "./progress.ts"
import { Remembered } from "./remembered.ts"
import type { Scan } from "./scan.ts"
import { scanAll } from "./scan-all.ts"
import type { Source } from "./snapshot.ts"
import { Statements } from "./statements.ts"
import { Statistics } from "./statistics.ts"
import { Turns } from "./turns.ts"

const PARTS = 6
const PER_PART = 10

/** Six parts of ten records, each so large by its own word that it is read by itself; counts the statements. */
async function openScan(context: TestContext, text: string, where = TRUE) {
  const dir = temporaryFolder(context)
  const limits = { memoryBytesMax: 2 ** 28, threads: 1, tempBytesMax: 2 ** 28 }
  const db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp"), folders: [dir] })
  context.after(() => db.close())
  await createTail(db, "tail")
  await db.query(
    `INSERT INTO tail BY NAME SELECT i AS record, make_timestamp(i * 1000000) AS _time, 'get' AS verb, 'k8s.audit' AS kind, 'text' AS "rawEncoding", '{}' AS raw
     FROM range(${PARTS * PER_PART}) AS r(i)`,
  )
  let statements = 0
  const query = db.query.bind(db)
  db.query = (...asked) => {
    statements++
    return query(...asked)
  }
  const sources: Source[] = Array.from({ length: PARTS }, (_, i) => {
    const first = (PARTS - 1 - i) * PER_PART
    const times = { timeMin: first * 1e6, timeMax: (first + PER_PART - 1) * 1e6 }
    return { table: "tail", first, last: first + PER_PART - 1, rows: 600_000, segment: undefined, ...times }
  })
  const columns = openColumns({ msg: MSG_SQL })
  const plan = planQuery(parseQuery(text), { now: 0 }, columns)
  const out = new Output(plan, 1_000, { sorted: false, empties: false })
  const engine = { db, turns: new Turns(() => 1) }
  const scan: Scan = {
    sources,
    choose: async (some) => ({ sources: some, where: () => where }),
    statements: new Statements(engine, NO_PLACE, new AbortController().signal),
    columns,
    remembered: new Remembered(),
    statistics: new Statistics(db),
    head: out,
    out,
    progress: new Progress(true),
    walking: undefined,
    bodies: undefined,
    cut: assert.fail,
  }
  return { rows: scanAll(plan.read as RowsRead, scan), out, statements: () => statements }
}

const texts: readonly (readonly [text: string, statements: number])[] = [
  ["* | fields record, verb", 1],
  ["* | fields record, raw", 2], // their numbers, then the bodies
]
for (const [text, most] of texts) {
  test(`first rows come when the newest part is read, not at the end: ${text}`, async (context) => {
    const { rows, statements } = await openScan(context, text)
    assert.equal((await rows.next()).value?.[0]?._progress, "0/6")
    assert.equal(statements(), 0, "that the query has begun is said at once")
    const first: unknown = (await rows.next()).value?.[0]?.record
    assert.deepEqual([first, statements()], [String(PARTS * PER_PART - 1), most])
    await rows.return(undefined)
    assert.equal(statements(), most, "who goes away after the first rows costs nothing more")
  })
}

test("a part is read after another until all are, and no row is missing or twice", async (context) => {
  const scan = await openScan(context, "* | fields record", trusted('"record" % 20 < 10'))
  const pieces = []
  for await (const piece of scan.rows) pieces.push(...piece)
  pieces.push(...[...scan.out.all()].flat())
  assert.equal(scan.statements(), PARTS)
  const expected = Array.from({ length: PARTS * PER_PART }, (_, i) => i).filter((i) => i % 20 < 10)
  const seen = pieces.flatMap(({ record }) => (record === undefined ? [] : [Number(record)]))
  assert.deepEqual(seen, expected.reverse())
})
