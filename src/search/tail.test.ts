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
  const open = () => new Tail({ db, dir, tempDir: join(dir, "tmp"), blooms, entries: () => [], first: 0 })
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
  const share = (tail: Tail, end: JournalEnd, count: number) => {
    const blocks = blocksOver(records.slice(0, count), count)
    return tail.share(0, () =>
      loadSegment({ ...world, disk: realDisk, journalDir, end, blocks, entries: [] }),
    )
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
