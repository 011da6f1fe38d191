import assert from "node:assert/strict"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import type { HeldRange } from "../journal/journal.ts"
import { segmentName, segmentPath } from "../store/segment-name.ts"
import { SegmentFiles } from "./leftovers.ts"
import type { SegmentNews } from "./message.ts"

const BYTES = 10

/** A segment over these records; `mark` tells two over the same ones apart. */
function segment(
  first: number,
  last: number,
  mark = "a",
  replaces: readonly SegmentNews[] = [],
): SegmentNews {
  const sha256 = mark.repeat(64)
  const name = segmentName({ first, last, receivedAt: 0, sha256 })
  return { name, first, last, bytes: BYTES, sha256, replaces: replaces.map(({ name }) => name) }
}

function ledger(
  t: TestContext,
  journal: readonly HeldRange[],
  files: readonly SegmentNews[],
  cut: readonly SegmentNews[],
) {
  const dir = temporaryFolder(t)
  for (const { name } of files) {
    const path = segmentPath(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, "x".repeat(cut.some((one) => one.name === name) ? 1 : BYTES))
  }
  return { dir, files: new SegmentFiles(dir, () => journal) }
}

const A = segment(0, 9)
const B = segment(10, 19)
const BOTH = segment(0, 19, "c", [A, B])
const ALL = segment(0, 19, "d", [BOTH])
const STRAY = segment(10, 19, "e")

type Row = {
  readonly why: string
  readonly made: readonly SegmentNews[]
  readonly there: readonly SegmentNews[]
  readonly cut?: readonly SegmentNews[]
  /** Where the journal's records begin; it has them all from there on. */
  readonly journalFrom?: number
  readonly journal?: readonly HeldRange[]
  readonly removed: readonly SegmentNews[]
}
const ROWS: readonly Row[] = [
  { why: "all that is there is recorded", made: [A, B], there: [A, B], journalFrom: 20, removed: [] },
  { why: "the journal has its records", made: [A], there: [A, STRAY], journalFrom: 10, removed: [STRAY] },
  {
    why: "another segment has its records",
    made: [A, B],
    there: [A, B, STRAY],
    journalFrom: 20,
    removed: [STRAY],
  },
  { why: "nothing else has its records", made: [A], there: [A, STRAY], journalFrom: 20, removed: [] },
  {
    why: "what has its records is cut",
    made: [A, B],
    there: [A, B, STRAY],
    cut: [B],
    journalFrom: 20,
    removed: [],
  },
  {
    why: "the journal was cut within its records",
    made: [A],
    there: [A, STRAY],
    journal: [{ first: 10, last: 18 }],
    removed: [],
  },
  {
    why: "the journal lacks one of its records",
    made: [A],
    there: [A, STRAY],
    journal: [
      { first: 10, last: 14 },
      { first: 16, last: 99 },
    ],
    removed: [],
  },
  {
    why: "segment and journal together have its records",
    made: [A],
    there: [A, segment(5, 14, "f")],
    journal: [{ first: 10, last: 14 }],
    removed: [segment(5, 14, "f")],
  },
  { why: "it was replaced", made: [A, B, BOTH], there: [A, B, BOTH], journalFrom: 20, removed: [A, B] },
  { why: "what replaced it is gone", made: [A, B, BOTH], there: [A, B], journalFrom: 20, removed: [] },
  {
    why: "what replaced it was replaced by one that is gone: neither goes because of the other",
    made: [A, B, BOTH, ALL],
    there: [A, B, BOTH],
    journalFrom: 20,
    removed: [],
  },
]
for (const { why, made, there, cut = [], journalFrom = 20, removed, journal } of ROWS) {
  test(`files at a start: ${why}`, async (t) => {
    const { dir, files } = ledger(t, journal ?? [{ first: journalFrom, last: 99 }], there, cut)
    assert.deepEqual([...(await files.begin(made))].sort(), removed.map(({ name }) => name).sort())
    const gone = new Set(removed.map(({ name }) => name))
    for (const { name } of there) assert.equal(existsSync(segmentPath(dir, name)), !gone.has(name), name)
  })
}

test("before the journal forgets, what else claims the records goes; the next file, written ahead, stays", async (t) => {
  const ahead = segment(20, 29)
  const { dir, files } = ledger(t, [{ first: 10, last: 99 }], [A], [])
  await files.begin([A])
  for (const { name } of [STRAY, B, ahead]) writeFileSync(segmentPath(dir, name), "x".repeat(BYTES))
  await files.record(B, async () => assert.ok(!existsSync(segmentPath(dir, STRAY.name))))
  assert.deepEqual(
    [B, ahead].map(({ name }) => existsSync(segmentPath(dir, name))),
    [true, true],
  )
})

test("a segment whose record is journalled and cannot be sealed stays: the next start of the ledger may seal it", async (t) => {
  const { dir, files } = ledger(t, [{ first: 10, last: 99 }], [A, B], [])
  await files.begin([A])
  writeFileSync(segmentPath(dir, B.name), "x".repeat(BYTES))
  const recording = files.record(B, async (_made, claim) => {
    claim()
    throw new Error("the log cannot go on")
  })
  await assert.rejects(recording)
  assert.deepEqual(await files.begin([A]), [])
  assert.ok(existsSync(segmentPath(dir, B.name)))
  await assert.rejects(files.record(STRAY, async () => Promise.reject(new Error("nor can this"))))
  assert.ok(existsSync(segmentPath(dir, B.name)))
})
