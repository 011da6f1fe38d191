import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { NOON, placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { blocksOver, eventBody, openSegmentWorld } from "../../test/support/segments.ts"
import { realDisk } from "../journal/disk.ts"
import { openCatalogue } from "../store/catalogue.ts"
import { isSegmentName, segmentPath } from "../store/segment-name.ts"
import { SEARCH_LIMITS, type SegmentNews } from "./message.ts"
import { Segmenter } from "./segments.ts"
import { Tail } from "./tail.ts"

/** Sealed records of `blocks` blocks of three, and a segmenter that makes a segment of each block. */
async function openSegmenter(
  t: { after(act: () => Promise<void>): void },
  blocks: number,
  { segmentRecords = 3, tailBytesMax = 2 ** 20 } = {},
) {
  const world = await openSegmentWorld()
  const { db, dir, blooms } = world
  // The first of each block is a repetition of the first of all.
  const given = Array.from({ length: blocks * 3 }, (_, i) => ({
    body: eventBody({ id: `e${i % 3 === 0 ? 0 : i}`, at: "2026-11-20T12:00:00.000000Z" }),
  }))
  const records = placeRecords(given)
  const end = await writeJournal(join(dir, "journal"), records)
  const { catalogue } = await openCatalogue({ db, dir, made: [], disk: realDisk })
  const asked: { made: SegmentNews; answer: (sealed: boolean) => void }[] = []
  let wake = (): void => undefined
  const stop = new AbortController()
  const tail = new Tail({
    db,
    dir,
    tempDir: join(dir, "tmp"),
    blooms,
    entries: () => catalogue.entries,
    first: 0,
    bytesMax: tailBytesMax,
  })
  const segmenter = new Segmenter({
    db,
    disk: realDisk,
    dir,
    catalogue,
    tail,
    blooms,
    limits: { ...SEARCH_LIMITS, segmentRecords },
    segmentRecordsMax: 3,
    position: () => end,
    record: (made) =>
      new Promise((answer) => {
        asked.push({ made, answer })
        wake()
      }),
    quietMs: () => 0,
    now: () => NOON,
    onTrouble: (error) => {
      throw error
    },
    drained: async () => undefined,
  })
  const running = segmenter.run(stop.signal)
  t.after(async () => {
    stop.abort()
    for (const { answer } of asked) answer(false)
    await running
    await world.close()
  })
  segmenter.add(blocksOver(records, 3).map((block, number) => ({ ...block, number })))
  return {
    ...world,
    catalogue,
    tail,
    end,
    asked,
    flush: () => segmenter.flush(),
    /** Resolves when so many records were asked for. */
    async askedFor(count: number) {
      while (asked.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
    files: () =>
      readdirSync(join(dir, "segments"), { recursive: true, encoding: "utf8" })
        .filter(isSegmentName)
        .map((name) => Number(name.split("/")[1]?.slice(0, 16)))
        .sort((a, b) => a - b),
  }
}

test("the next segment is written while the record of the last waits, and recorded after it", async (t) => {
  const world = await openSegmenter(t, 3)
  const flushed = world.flush()
  await world.askedFor(1)
  while (world.files().length < 2) await new Promise(setImmediate)
  assert.deepEqual([world.files(), world.asked.length, world.catalogue.entries.length], [[0, 3], 1, 0])
  world.asked[0]?.answer(true)
  await world.askedFor(2)
  assert.deepEqual(
    world.catalogue.entries.map(({ first }) => first),
    [0],
  )
  world.asked[1]?.answer(true)
  await world.askedFor(3)
  world.asked[2]?.answer(true)
  await flushed
  assert.deepEqual(
    world.catalogue.entries.map(({ first, last }) => [first, last]),
    [
      [0, 2],
      [3, 5],
      [6, 8],
    ],
  )
  const files = world.catalogue.entries.map(({ name }) => `'${segmentPath(world.dir, name)}'`)
  const repeated = await world.rows(
    `SELECT record, "duplicateOf" AS of FROM read_parquet([${files.join()}]) WHERE "duplicateOf" IS NOT NULL ORDER BY 1`,
  )
  assert.deepEqual(repeated, [
    { record: 3, of: 0 },
    { record: 6, of: 0 },
  ])
})

test("where a record is not sealed, nothing behind it is recorded", async (t) => {
  const world = await openSegmenter(t, 3)
  const flushed = world.flush()
  await world.askedFor(1)
  while (world.files().length < 2) await new Promise(setImmediate)
  world.asked[0]?.answer(false)
  await flushed
  assert.deepEqual([world.asked.length, world.catalogue.entries], [1, []])
})

test("what a segment has loaded is not loaded again for a query, and goes when the segment counts", async (t) => {
  const world = await openSegmenter(t, 3)
  const flushed = world.flush()
  await world.askedFor(1)
  assert.ok(await world.tail.load(world.end))
  const held = world.tail.hold(0)
  const ranges = held.tables.map(({ name, first, next, repeats }) => [
    name.split("_")[0],
    first,
    next,
    repeats,
  ])
  assert.deepEqual(ranges.slice(0, 1), [["segment", 0, 3, false]])
  assert.deepEqual([held.tables.at(0)?.first, held.tables.at(-1)?.next], [0, 9])
  const names = held.tables.map(({ name }) => `FROM "${name}"`).join(" UNION ALL ")
  assert.deepEqual(
    await world.rows(`SELECT count(*)::INT AS n, count(DISTINCT record)::INT AS d FROM (${names})`),
    [{ n: 9, d: 9 }],
  )
  held.release()
  for (let i = 0; i < 3; i++) {
    await world.askedFor(i + 1)
    world.asked[i]?.answer(true)
  }
  await flushed
  assert.deepEqual([world.tail.tables, world.tail.next], [[], 9])
})

test("a tail that is full makes segments due, few as the records may be", async (t) => {
  const world = await openSegmenter(t, 2, { segmentRecords: 1_000, tailBytesMax: 1 })
  assert.equal(await world.tail.load(world.end), false)
  for (let i = 0; i < 2; i++) {
    await world.askedFor(i + 1)
    world.asked[i]?.answer(true)
  }
  while (world.catalogue.entries.length < 2) await new Promise(setImmediate)
  assert.equal(await world.tail.load(world.end), true)
})
