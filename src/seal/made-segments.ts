import { hashFile } from "../store/hash-file.ts"
import { type SegmentMade, segmentPath } from "../store/segment-name.ts"
import { takeSnapshot } from "./snapshot.ts"
import { believedControls, gatherControls } from "./verify-controls.ts"
import { verifyJournal } from "./verify-journal.ts"
import { VerifyPool } from "./verify-pool.ts"
import { segmentNames } from "./verify-records.ts"

/**
 * Every segment that the ledger's own records name, in the order they were made: what the catalogue has to agree with at a
 * start. Undefined where the catalogue holds together with the files and with the journal behind it, which takes no
 * reading at all; else the records are read out of all segments, about 5 ms each. `sealedRecords` are under the checkpoint.
 */
export async function madeSegments(
  dir: string,
  sealedRecords: number,
): Promise<readonly SegmentMade[] | undefined> {
  const snapshot = await takeSnapshot(dir)
  try {
    const names = segmentNames(snapshot)
    const journalFrom = Number.parseInt(snapshot.journal[0]?.name ?? "0", 10)
    if (holdsTogether(snapshot.catalogue, new Set(names), journalFrom)) return undefined
    const journal = verifyJournal(snapshot.journal)
    const pool = new VerifyPool(dir, 1)
    try {
      const { controls } = await gatherControls({ dir, pool }, names, journal)
      const { made } = believedControls(controls, { sealedRecords, files: new Set(names) })
      const unnamed = await unnamedSegments(dir, snapshot.catalogue.entries, { made, journal })
      return [...unnamed, ...made]
    } finally {
      await pool.close()
    }
  } finally {
    snapshot.close()
  }
}

/**
 * Segments without a gap from record 0 to where the journal begins, each with its file, and no file besides. A catalogue
 * that was changed and still says so is found by `verify` and the scrub.
 */
function holdsTogether(
  catalogue: { readonly entries: readonly SegmentMade[]; readonly whole: boolean },
  files: ReadonlySet<string>,
  journalFrom: number,
): boolean {
  const replaced = new Set(catalogue.entries.flatMap(({ replaces }) => replaces))
  const current = catalogue.entries
    .filter(({ name }) => !replaced.has(name))
    .toSorted((a, b) => a.first - b.first)
  let next = 0
  for (const { name, first, last } of current) {
    if (first !== next || !files.has(name)) return false
    next = last + 1
  }
  const known = new Set([...replaced, ...current.map(({ name }) => name)])
  return catalogue.whole && journalFrom <= next && [...files].every((name) => known.has(name))
}

/**
 * Segments whose records are whole and nowhere else, while the record that names them is gone with another segment: the next
 * segment's file holds the record of this one. Named by the catalogue, which is believed as it is where nothing is gone.
 * `verify` tells of them: it believes no catalogue.
 */
async function unnamedSegments(
  dir: string,
  entries: readonly SegmentMade[],
  { made, journal }: { readonly made: readonly SegmentMade[]; readonly journal: HeldRange },
): Promise<readonly SegmentMade[]> {
  const replaced = new Set(entries.flatMap(({ replaces }) => replaces))
  const held = [...made, { first: journal.from, last: journal.next - 1 }]
  const unnamed: SegmentMade[] = []
  for (const entry of entries) {
    const { name, first, last, bytes, sha256, replaces } = entry
    if (replaced.has(name) || held.some((other) => other.first <= last && first <= other.last)) continue
    const found = await hashFile(segmentPath(dir, name)).catch(() => undefined)
    if (found?.sha256 === sha256) unnamed.push({ name, first, last, bytes, sha256, replaces })
  }
  return unnamed
}

/** Records from, up to and without next. */
type HeldRange = { readonly from: number; readonly next: number }
