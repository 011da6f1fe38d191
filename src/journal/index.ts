/**
 * The journal: where a record must be, on disk, before its sender hears "received".
 *
 * Needs a folder of its own and one process at a time (the ledger's lock). Promises: what `append` resolved for is there
 * after any crash, once and in order; numbers have no gap; a failed group leaves no trace. Refuses with
 * `journal.unavailable` while it cannot keep that promise, and heals by itself; ends the process through `onFatal` when a
 * sync fails, since then nobody knows what is on the disk.
 *
 *     const journal = await openJournal({ place, sealed, clock, steady, onFatal })
 *     const { first, count } = await journal.append([{ source, kind, words, body }])
 *     const records = await journal.read(first, { recordsMax: 10_000, bytesMax: 16 << 20 })
 *     await journal.forget(below)      // once a segment holds them
 *     await journal.close()
 *
 * One sync serves all that waited for it (group commit, no timer). Readers of the files use `scanJournal`, `groupLines`
 * and `parseJournalLine`, and stop at `position()`. Formats: docs/FORMAT.md, 'Journal' and 'Control records'.
 */
export { clockJump, heartbeat, LOSSES, type Loss, type LossCode, loss } from "./control.ts"
export { type ControlKind, controlKind, controlKindOf, controlRecord } from "./control-kind.ts"
export { type Disk, type DiskFile, isFull, isSyncError, realDisk, replaceFile } from "./disk.ts"
export { type JournalFile, type JournalPlace, journalName, journalNames } from "./files.ts"
export {
  type Journal,
  type JournalOptions,
  type JournalPosition,
  openJournal,
} from "./journal.ts"
export { JOURNAL_LIMITS, type JournalLimits } from "./limits.ts"
export {
  type Commit,
  type Encoding,
  formatCommit,
  formatJournalLine,
  type Group,
  groupCrc,
  groupLines,
  parseCommit,
  parseJournalLine,
  scanJournal,
} from "./line.ts"
export type { ReadLimits } from "./reader.ts"
export type { SealedMark } from "./recovery.ts"
export { Reserve } from "./reserve.ts"
