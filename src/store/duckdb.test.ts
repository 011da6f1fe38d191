import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { openTestDuckdb, type TestDuckdb } from "../../test/support/duckdb.ts"
import { isRefusal } from "../base/refusal.ts"

let world: TestDuckdb
before(async () => {
  world = await openTestDuckdb()
})
after(() => world.close())

async function one(sql: string, params: Parameters<typeof world.db.query>[1] = []) {
  return (await world.db.query(sql, params)).single()
}

test("parameters arrive as what they are", async () => {
  const row = await one("SELECT $1, $2, $3, $4, length($5), list_contains($6, 'b'), len($7), $8", [
    "it's",
    7,
    1.5,
    2n ** 60n,
    "a\0b",
    ["a", "b"],
    [],
    true,
  ])
  assert.equal(row.text(0), "it's")
  assert.equal(row.integer(1), 7)
  assert.equal(row.column(2).float(0), 1.5)
  assert.equal(row.column(3).bigint(0), 2n ** 60n)
  assert.equal(row.integer(4), 3, "a NUL does not end a text")
  assert.equal(row.column(5).boolean(0), true)
  assert.equal(row.integer(6), 0)
  assert.equal(row.column(7).boolean(0), true)
})

test("columns are read as text, integers and bytes; NULL is undefined", async () => {
  const row = await one("SELECT NULL::VARCHAR, NULL::BIGINT, encode('a\\b' || chr(233)), repeat('x', 5000)")
  assert.equal(row.text(0), undefined)
  assert.equal(row.integer(1), undefined)
  assert.deepEqual(Buffer.from(row.column(2).bytes(0) ?? []), Buffer.from("a\\bé"))
  assert.equal(row.text(3), "x".repeat(5000))
})

test("results of many rows come in batches, in order", async () => {
  const rows = await world.db.query("SELECT i FROM range(5000) AS r(i)")
  const seen = [...rows.batches()].flatMap((batch) =>
    Array.from({ length: batch.count }, (_, row) => batch.integer(0, row)),
  )
  assert.equal(rows.count, 5000)
  assert.deepEqual(seen, [...Array(5000).keys()])
})

const refused: [why: string, code: string, sql: string][] = [
  ["files elsewhere are out of reach", "store.failed", "SELECT * FROM read_text('/etc/hostname')"],
  ["also by a way around", "store.failed", "SELECT * FROM read_text('$dir/../../etc/hostname')"],
  ["nothing is written elsewhere", "store.failed", "COPY (SELECT 1) TO '/tmp/tallystick-elsewhere.csv'"],
  ["no setting changes any more", "store.failed", "SET threads = 8"],
  ["no extension is loaded", "store.failed", "INSTALL httpfs"],
  ["no other database is opened", "store.failed", "ATTACH '/tmp/tallystick-elsewhere.db'"],
  [
    "memory has a limit",
    "store.memory",
    "SELECT length(string_agg(repeat('x', 1000000), '')) FROM range(2000)",
  ],
]
for (const [why, code, sql] of refused) {
  test(`query refuses: ${why}`, () =>
    assert.rejects(world.db.query(sql.replace("$dir", world.dir)), { code }))
}

test("an error says nothing of the values it met", async () => {
  const path = join(world.dir, "secret.tsv")
  await writeFile(path, "a\thunter2\tc\n")
  for (const sql of [
    "SELECT 'hunter2'::BIGINT",
    `SELECT * FROM read_csv('${path}', columns = {'a': 'BIGINT', 'b': 'BIGINT', 'c': 'BIGINT'}, auto_detect = false, delim = '\t')`,
    "SELECT json_extract('{hunter2', '$.a')",
  ]) {
    await assert.rejects(world.db.query(sql), (error: Error) => {
      assert.ok(isRefusal(error, "store.failed"))
      assert.ok(!`${error.message} ${error.stack}`.includes("hunter2"), error.message)
      assert.equal(error.cause, undefined)
      return true
    })
  }
})

test("an aborted query ends early and leaves the connection fit for use", async () => {
  const stop = new AbortController()
  const long = world.db.query(
    "SELECT count(*) FROM range(1000000000000) AS r(i) WHERE i % 7 = 3",
    [],
    stop.signal,
  )
  setImmediate(() => stop.abort())
  await assert.rejects(long, { code: "store.interrupted" })
  await assert.rejects(world.db.query("SELECT 1", [], stop.signal), { code: "store.interrupted" })
  assert.equal((await one("SELECT 1")).integer(0), 1)
})

test("a plan that is kept answers what a new one would: other values, changed tables, after errors, at once", async () => {
  const { db } = world
  const count = async (least: number) =>
    (await db.queryAgain('SELECT count(*) FROM "kept" WHERE i >= $1', [least])).single().integer(0)
  await assert.rejects(count(0), { code: "store.failed" })
  await db.query('CREATE TABLE "kept" AS SELECT i FROM range(10) AS r(i)')
  assert.deepEqual([await count(0), await count(7)], [10, 3])
  await db.query('INSERT INTO "kept" SELECT * FROM range(100)')
  assert.equal(await count(90), 10)
  await db.query('CREATE TABLE "other" (a VARCHAR)')
  assert.equal(await count(99), 1)
  db.forgetPlansOf('"kept"')
  await db.query('DROP TABLE "kept"')
  await db.query(`CREATE TABLE "kept" AS SELECT 'x' AS a, i::TINYINT AS i FROM range(5) AS r(i)`)
  assert.deepEqual(await Promise.all([count(0), count(1), count(4)]), [5, 4, 1])
  await db.query('DROP TABLE "kept"')
  await assert.rejects(count(0), { code: "store.failed" })
  for (let i = 0; i < 50; i++) assert.equal((await db.queryAgain(`SELECT ${i}`)).single().integer(0), i)
})
