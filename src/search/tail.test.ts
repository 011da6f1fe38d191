import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { blocksOver, eventBody, openSegmentWorld } from "../../test/support/segments.ts"
import { realDisk } from "../journal/disk.ts"
import { journalName } from "../journal/files.ts"
import { loadSegment } from "../store/segment.ts"
import type { JournalEnd } from "../store/stage.ts"
import { Tail } from "./tail.ts"

const RECORDS = 24

/** A journal of three files of groups of four, and a tail over it. */
async function openTail(t: TestContext) {
  const world = await openSegmentWorld()
  t.after(() => world.close())
  const { db, dir, blooms } = world
  const given = Array.from({ length: RECORDS }, (_, i) => ({
    body: eventBody({ id: `e${i}`, at: "2026-11-20T12:00:00.000000Z" }),
  }))
  const records = placeRecords(given)
  const journalDir = join(dir, "journal")
  const half = await writeJournal(journalDir, records.slice(0, 8), 4)
  await writeJournal(journalDir, records.slice(8, 16), 4)
  const end = await writeJournal(journalDir, records.slice(16), 4)
  const options = { db, dir, tempDir: join(dir, "tmp"), blooms, entries: () => [], first: 0 }
  const open = (bytesMax = 2 ** 20, steady = () => 0) => new Tail({ ...options, bytesMax, steady })
  /** Every record that queries see from `first` on. */
  async function seen(tail: Tail, first: number): Promise<unknown[]> {
    const { tables, release } = tail.hold(first)
    const parts = tables.map(
      (table) =>
        `SELECT record FROM "${table.name}" WHERE record BETWEEN ${table.first} AND ${table.next - 1}`,
    )
    const rows =
      parts.length === 0
        ? []
        : await world.rows(`SELECT record::INT AS r FROM (${parts.join(" UNION ALL ")}) ORDER BY 1`)
    release()
    return rows.map((row) => (row as { r: number }).r)
  }
  const share = (tail: Tail, end: JournalEnd, count: number, after: Promise<void> = Promise.resolve()) => {
    const blocks = blocksOver(records.slice(0, count), count)
    return tail.share(0, async () => {
      await after
      return loadSegment({ ...world, disk: realDisk, journalDir, end, blocks, entries: [] })
    })
  }
  return { open, seen, share, half, end, journalDir }
}

const from = (first: number) => Array.from({ length: RECORDS - first }, (_, i) => first + i)

test("behind a table made for a segment the tail goes on with the next record, wherever blocks end", async (t) => {
  const { open, seen, share, end } = await openTail(t)
  // In a group, at its end; in a file, at its end.
  for (const count of [1, 4, 6, 8, 9, 16, 23]) {
    const tail = open()
    await share(tail, end, count)
    assert.ok(await tail.load(end))
    assert.deepEqual([await seen(tail, 0), tail.missing(0)], [from(0), undefined], `a segment of ${count}`)
    tail.forget(RECORDS)
  }
})

test("nobody waits for a segment's table that the tail does not need", async (t) => {
  const { open, seen, share, half, end } = await openTail(t)
  const tail = open()
  const loading = tail.load(half)
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
  const sharing = share(tail, end, 16, asked) // nothing of it is in the tail yet
  await loading
  assert.ok(await tail.load(end))
  ask()
  const { kept } = await sharing
  assert.deepEqual([kept, await seen(tail, 0)], [false, from(0)])
})

const BODY_BYTES = eventBody({ id: "e0", at: "2026-11-20T12:00:00.000000Z" }).length

test("nobody waits for a part of what there is no room for; what then fits is waited for", async (t) => {
  const { open, seen, share, end } = await openTail(t)
  let clock = 0
  const tail = open(10 * BODY_BYTES, () => clock)
  await share(tail, end, 4)
  clock += 15_000
  assert.equal(await tail.load(end), false, "the first time it is waited for")
  assert.deepEqual([await seen(tail, 0), tail.isFull], [from(0).slice(0, 12), true])
  tail.forget(4)
  clock += 15_000
  assert.equal(await tail.load(end), false)
  assert.equal(tail.next, 12, "what there is room for is under way")
  while (!tail.isFull) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(tail.next, 16)
  tail.forget(16)
  assert.ok(await tail.load(end))
  assert.deepEqual(await seen(tail, 16), from(16))
})

test("while segments are being made, of what there is no room for no part is loaded, and more segments are due", async (t) => {
  const { open, seen, share, end } = await openTail(t)
  const tail = open(10 * BODY_BYTES)
  await share(tail, end, 4)
  assert.equal(await tail.load(end), false)
  assert.deepEqual([await seen(tail, 0), tail.isFull], [from(0).slice(0, 4), true])
  tail.forget(4)
  assert.deepEqual([await tail.load(end), tail.next, tail.isFull], [false, 4, true], "none is held")
  tail.forget(16)
  assert.ok(await tail.load(end), "there is room for the rest")
  assert.deepEqual([await seen(tail, 16), tail.isFull], [from(16), false])
})

test("the journal lets a file go while it is read, and news of its segment comes later: the load goes on behind it", async (t) => {
  const { open, seen, end, journalDir } = await openTail(t)
  const tail = open()
  const loading = tail.load(end)
  await Promise.resolve() // it has begun to read
  rmSync(join(journalDir, journalName(0)))
  setTimeout(() => tail.forget(8), 20)
  await loading
  assert.deepEqual([await seen(tail, 8), tail.missing(8)], [from(8), undefined])
})

test("segments overtake a load, and every record behind them is seen once", async (t) => {
  const { open, seen, half, end } = await openTail(t)
  for (const below of [0, 3, 4, 8, 11, 16, 22, 24]) {
    for (const before of [undefined, half]) {
      const tail = open()
      if (before !== undefined) await tail.load(before)
      const loading = tail.load(end)
      await Promise.resolve() // it has begun to read
      tail.forget(below)
      await loading
      assert.ok(await tail.load(end))
      const found = [await seen(tail, below), tail.missing(below)]
      assert.deepEqual(found, [from(below), undefined], `${below} records in segments`)
      tail.forget(RECORDS)
    }
  }
})
