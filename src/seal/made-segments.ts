import type { SegmentMade } from "../store/segment-name.ts"
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
      return believedControls(controls, { sealedRecords, files: new Set(names) }).made
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
