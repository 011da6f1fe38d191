import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { appendFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { type GivenRecord, NOON, placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { blocksOver, eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { realDisk } from "../journal/disk.ts"
import { relationSql } from "./relation.ts"
import { firstBlocks, segmentFromTables, writeSegment } from "./segment.ts"
import { bloomPath, segmentPath } from "./segment-name.ts"
import { stageJournal } from "./stage.ts"
import { createTail, dropTail, loadStaged } from "./table.ts"

let world: SegmentWorld
before(async () => {
  world = await openSegmentWorld()
})
after(() => world.close())

const at = (second: number) => `2026-11-20T12:00:${String(second).padStart(2, "0")}.000000Z`
const events = (count: number, from = 0): GivenRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    body: eventBody({ id: `e${from + i}`, at: at((from + i) % 60) }),
  }))

test("a segment holds the records of its blocks, named by what is in it", async () => {
  const { entry } = await world.segment(events(25), 10)
  const path = segmentPath(world.dir, entry.name)
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex")
  assert.equal(entry.sha256, sha256)
  assert.equal(entry.name, `date=2026-11-20/0000000000000000-0000000000000024-${sha256.slice(0, 16)}.parquet`)
  assert.equal(entry.bytes, readFileSync(path).length)
  assert.deepEqual(
    [entry.first, entry.last, entry.rows, entry.order, entry.replaces],
    [0, 24, 25, "record", []],
  )
  assert.deepEqual([entry.receivedMin, entry.receivedMax], [NOON, NOON + 24_000])
  assert.deepEqual([entry.timeMin, entry.timeMax], [NOON, NOON + 24_000_000])
  assert.ok(existsSync(bloomPath(world.dir, entry.name)))
  assert.deepEqual(readdirSync(join(world.dir, "tmp")), ["spill"], "no temporary file stays")

  const rows = await world.rows(
    `SELECT record, seed, "auditID", raw FROM ${relationSql({ files: [path], tables: [] })} ORDER BY record`,
  )
  assert.equal(rows.length, 25)
  const seed = (n: number) => Buffer.alloc(16, n).toString("hex")
  assert.deepEqual(rows[9], {
    record: 9,
    seed: seed(1),
    auditID: "e9",
    raw: eventBody({ id: "e9", at: at(9) }),
  })
  assert.deepEqual(rows[10], {
    record: 10,
    seed: seed(11),
    auditID: "e10",
    raw: eventBody({ id: "e10", at: at(10) }),
  })
})

test("other programs read the file: its columns and format stand in it", async () => {
  const path = segmentPath(world.dir, world.entries[0]?.name ?? "")
  const [kv] = await world.rows(
    `SELECT map(list(decode("key")), list(decode("value"))) AS kv FROM parquet_kv_metadata('${path}')`,
  )
  assert.deepEqual(kv, { kv: { format: "tallystick/segment/v1", order: "record" } })
  const [group] = await world.rows(`SELECT any_value(compression) AS c FROM parquet_metadata('${path}')`)
  assert.deepEqual(group, { c: "ZSTD" })
})

test("blocks give their hints to the records", async () => {
  const records = placeRecords(events(4), 25)
  await createTail(world.db, "hinted")
  const end = await writeJournal(join(world.dir, "hinted"), records)
  const path = join(world.dir, "tmp", "hinted.tsv")
  await loadStaged(
    world.db,
    "hinted",
    await stageJournal({ journalDir: join(world.dir, "hinted"), end, first: 25, path }),
  )
  const blocks = blocksOver(records, 2).map((block) => ({
    ...block,
    hints: Uint16Array.of(block.first, 65535),
  }))
  const { db, dir } = world
  const entry = await segmentFromTables({ db, disk: realDisk, dir, tables: ["hinted"], blocks })
  await dropTail(db, "hinted")
  const rows = await world.rows(
    `SELECT "leafHint" AS h FROM '${segmentPath(dir, entry.name)}' ORDER BY record`,
  )
  assert.deepEqual(rows, [{ h: 25 }, { h: 65535 }, { h: 27 }, { h: 65535 }])
})

test("tables may hold more records, and in another order, than the blocks have", async () => {
  const { db, dir } = world
  const journalDir = join(dir, "several")
  const records = placeRecords(events(9), 100)
  const end = await writeJournal(journalDir, records, 1)
  const stage = (first: number, below: number) =>
    stageJournal({ journalDir, end, first, below, path: join(dir, "tmp", `s${first}`) })
  for (const table of ["late", "early"]) await createTail(db, table)
  await loadStaged(db, "late", await stage(104, 109))
  await loadStaged(db, "early", await stage(100, 104))
  const entry = await segmentFromTables({
    db,
    disk: realDisk,
    dir,
    tables: ["early", "late"],
    blocks: blocksOver(records.slice(0, 7), 3),
  })
  assert.deepEqual([entry.first, entry.last, entry.rows], [100, 106, 7])
  const blocks = blocksOver(records, 3)
  const mixed = await segmentFromTables({ db, disk: realDisk, dir, tables: ["late", "early"], blocks })
  const numbers = await world.rows(`SELECT list(record ORDER BY file_row_number) AS all FROM read_parquet(
    '${segmentPath(dir, mixed.name)}', file_row_number = true)`)
  assert.deepEqual(numbers, [{ all: [100, 101, 102, 103, 104, 105, 106, 107, 108] }])
  for (const table of ["late", "early"]) await dropTail(db, table)
})

test("records that went another way stand in their place", async () => {
  const given = events(6)
  given[1] = { body: `{"auditID":"long","stage":"s","requestObject":"${"x".repeat(2 ** 21)}"}` }
  given[3] = {
    body: eventBody({ id: "lone", at: at(1), more: ',"userAgent":"\\ud800","user":{"groups":["g"]}' }),
  }
  const { entry } = await world.segment(given)
  const rows = await world.rows(`SELECT list("auditID" ORDER BY file_row_number) AS ids FROM read_parquet(
    '${segmentPath(world.dir, entry.name)}', file_row_number = true)`)
  assert.deepEqual(rows, [{ ids: ["e0", "long", "e2", "lone", "e4", "e5"] }])
})

test("records that are missing stop a segment, unless they are known to be lost", async () => {
  const { db, dir, blooms } = world
  const journalDir = join(dir, "holed")
  const records = placeRecords(events(12), 200)
  const end = await writeJournal(journalDir, records, 3)
  const file = join(journalDir, end.file)
  const bytes = readFileSync(file)
  bytes[bytes.indexOf('"e4"') + 1] = 0x78
  writeFileSync(file, bytes)
  const request = {
    db,
    disk: realDisk,
    dir,
    journalDir,
    end,
    blocks: blocksOver(records, 6),
    entries: [],
    blooms,
  }
  await assert.rejects(writeSegment(request), { code: "segment.damagedJournal" })
  const { entry } = await writeSegment({ ...request, lost: [{ first: 203, next: 206 }] })
  assert.deepEqual([entry.first, entry.last, entry.rows], [200, 211, 9])
})

test("whatever a crash left in tmp is overwritten, and gives the same file again", async () => {
  const again = await openSegmentWorld()
  try {
    const { entry } = await again.segment(events(25), 10)
    await appendFile(join(again.dir, "tmp", "segment-0-24.parquet"), "half a file")
    await appendFile(join(again.dir, "tmp", "segment_0.tsv"), "half a line")
    again.entries.pop()
    const second = await again.segment(events(25), 10)
    assert.deepEqual(second.entry, entry)
    assert.equal(entry.name, world.entries[0]?.name)
  } finally {
    await again.close()
  }
})

test("a segment has no more blocks than fit, but at least one", () => {
  const blocks = blocksOver(placeRecords(events(10)), 4)
  assert.deepEqual(firstBlocks(blocks, 8).length, 2)
  assert.deepEqual(firstBlocks(blocks, 1).length, 1)
  assert.deepEqual(firstBlocks(blocks, 100).length, 3)
})

test("what staging cannot take at once is left for the next segment", async () => {
  const { db, dir, blooms } = world
  const journalDir = join(dir, "much")
  const records = placeRecords(events(30), 300)
  const end = await writeJournal(journalDir, records, 5)
  const blocks = blocksOver(records, 7)
  const limits = { recordsMax: 1_000, bytesMax: 2_400 }
  const { entry } = await writeSegment({
    db,
    disk: realDisk,
    dir,
    journalDir,
    end,
    blocks,
    entries: [],
    blooms,
    limits,
  })
  assert.equal(entry.first, 300)
  assert.ok(entry.last < 329 && (entry.last - 299) % 7 === 0, `whole blocks, saw ${entry.last}`)
})
