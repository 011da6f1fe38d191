import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { appendFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { type GivenRecord, NOON, placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { blocksOver, eventBody, openSegmentWorld, type SegmentWorld } from "../../test/support/segments.ts"
import { realDisk } from "../journal/disk.ts"
import { RUN_RECORDS } from "./alike.ts"
import { relationSql } from "./relation.ts"
import { firstBlocks, writeSegment } from "./segment.ts"
import { bloomPath, segmentPath } from "./segment-name.ts"

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
    [0, 24, 25, "alike", []],
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
  assert.deepEqual(kv, { kv: { format: "tallystick/segment/v2", order: "alike" } })
  const [group] = await world.rows(`SELECT any_value(compression) AS c FROM parquet_metadata('${path}')`)
  assert.deepEqual(group, { c: "ZSTD" })
})

test("blocks give their seeds and hints to the records, long ones too", async () => {
  const { db, dir, blooms } = world
  const given = events(4)
  given[2] = { body: `{"auditID":"long","stage":"s","requestObject":"${"x".repeat(2 ** 21)}"}` }
  const records = placeRecords(given, 25)
  const journalDir = join(dir, "hinted")
  const end = await writeJournal(journalDir, records)
  const blocks = blocksOver(records, 2).map((block) => ({
    ...block,
    hints: Uint16Array.of(block.first, 65535),
  }))
  const { entry } = await writeSegment({
    db,
    disk: realDisk,
    dir,
    journalDir,
    end,
    blocks,
    entries: [],
    blooms,
  })
  const rows = await world.rows(
    `SELECT "leafHint" AS h, seed AS s, "auditID" AS id FROM '${segmentPath(dir, entry.name)}' ORDER BY record`,
  )
  const seed = (n: number) => Buffer.alloc(16, n).toString("hex")
  assert.deepEqual(rows, [
    { h: 25, s: seed(1), id: "e0" },
    { h: 65535, s: seed(1), id: "e1" },
    { h: 27, s: seed(3), id: "long" },
    { h: 65535, s: seed(3), id: "e3" },
  ])
})

test("records that resemble each other stand together, in runs of a row group", async () => {
  const { db, dir, blooms } = world
  const shapes = ["get secrets ci", "list pods dev", "get secrets dev"].map((shape) => shape.split(" "))
  const given = Array.from({ length: RUN_RECORDS + 6 }, (_, i) => {
    const [verb, resource, user] = shapes[i % 3] ?? []
    const more = `,"verb":"${verb}","user":{"username":"${user}"},"objectRef":{"resource":"${resource}"}`
    return { body: `{"auditID":"e${i}","stage":"s"${more}}` }
  })
  const records = placeRecords(given)
  const journalDir = join(dir, "alike")
  const end = await writeJournal(journalDir, records, 1_000)
  const blocks = blocksOver(records, records.length)
  const { entry } = await writeSegment({
    db,
    disk: realDisk,
    dir,
    journalDir,
    end,
    blocks,
    entries: [],
    blooms,
  })
  const [runs] = await world.rows(
    `SELECT count(*) FILTER (shape <> before) AS changes,
      count(*) FILTER (shape = before AND record < record_before) AS back,
      count(*) FILTER (file_row_number < ${RUN_RECORDS} AND record >= ${RUN_RECORDS}) AS strays
    FROM (SELECT record, file_row_number, shape, lag(shape) OVER w AS before, lag(record) OVER w AS record_before
      FROM (SELECT *, concat(verb, "objectRef.resource", "user.username") AS shape
        FROM read_parquet('${segmentPath(dir, entry.name)}', file_row_number = true))
      WINDOW w AS (PARTITION BY file_row_number // ${RUN_RECORDS} ORDER BY file_row_number))`,
  )
  assert.deepEqual(runs, { changes: 4, back: 0, strays: 0 })
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

test("a segment that cannot be published leaves nothing in tmp: a full disk would be filled by tries", async () => {
  const failing = await openSegmentWorld()
  try {
    const { db, dir, blooms } = failing
    const journalDir = join(dir, "journal")
    const records = placeRecords(events(4))
    const end = await writeJournal(journalDir, records, 4)
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "rename" })
    const disk = { ...realDisk, rename: () => Promise.reject(full) }
    const request = { db, disk, dir, journalDir, end, blocks: blocksOver(records, 4), entries: [], blooms }
    await assert.rejects(writeSegment(request), { code: "ENOSPC" })
    const left = readdirSync(join(dir, "tmp")).filter((name) => name.startsWith("segment"))
    assert.deepEqual(left, [])
  } finally {
    await failing.close()
  }
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
