import assert from "node:assert/strict"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { journalName } from "../journal/files.ts"
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
  journalFrom: number,
  files: readonly SegmentNews[],
  cut: readonly SegmentNews[],
) {
  const dir = temporaryFolder(t)
  mkdirSync(join(dir, "journal"))
  writeFileSync(join(dir, "journal", journalName(journalFrom)), "")
  for (const { name } of files) {
    const path = segmentPath(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, "x".repeat(cut.some((one) => one.name === name) ? 1 : BYTES))
  }
  return { dir, files: new SegmentFiles(dir) }
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
  readonly journalFrom: number
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
for (const { why, made, there, cut = [], journalFrom, removed } of ROWS) {
  test(`files at a start: ${why}`, async (t) => {
    const { dir, files } = ledger(t, journalFrom, there, cut)
    assert.deepEqual([...(await files.begin(made))].sort(), removed.map(({ name }) => name).sort())
    const gone = new Set(removed.map(({ name }) => name))
    for (const { name } of there) assert.equal(existsSync(segmentPath(dir, name)), !gone.has(name), name)
  })
}

test("before the journal forgets, what else claims the records goes; the next file, written ahead, stays", async (t) => {
  const ahead = segment(20, 29)
  const { dir, files } = ledger(t, 10, [A], [])
  await files.begin([A])
  for (const { name } of [STRAY, B, ahead]) writeFileSync(segmentPath(dir, name), "x".repeat(BYTES))
  await files.record(B, async () => assert.ok(!existsSync(segmentPath(dir, STRAY.name))))
  assert.deepEqual(
    [B, ahead].map(({ name }) => existsSync(segmentPath(dir, name))),
    [true, true],
  )
})
