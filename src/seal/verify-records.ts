import { RESERVED } from "../event/record.ts"
import { isSegmentName } from "../store/segment-name.ts"
import type { Block } from "../tlog/block.ts"
import { type BlocksOnDisk, seedsIn } from "./log-on-disk.ts"
import { Recheck, type SourceRun } from "./recheck.ts"
import type { Snapshot } from "./snapshot.ts"
import { type Hole, SourceCounts } from "./source-counts.ts"
import { supposedSegments } from "./supposed-segments.ts"
import { type Damage, NO_EVENT, type Verdict } from "./verdict.ts"
import { believedControls, type Candidates } from "./verify-controls.ts"
import { type SegmentFacts, strayBlooms, verifyCatalogue } from "./verify-derived.ts"
import type { Job, SegmentDone } from "./verify-job.ts"
import type { JournalFound } from "./verify-journal.ts"
import type { LogVerdict } from "./verify-log.ts"
import { type Copy, judgeCopy, type MadeSegment, type Piece, planVerify } from "./verify-plan.ts"
import type { VerifyPool } from "./verify-pool.ts"

/** Records of the journal that are checked together. */
const JOURNAL_RECORDS_MAX = 50_000

export type RecordsVerdict = Pick<
  Verdict,
  "damages" | "doubts" | "notes" | "purged" | "segments" | "unsealed"
>

/** Segments found whole, by name and hash as they were recorded: they need not be read again. */
export type Settled = Map<string, Checked>

export type Work = {
  readonly dir: string
  readonly settled: Settled
  readonly snapshot: Snapshot
  readonly journal: JournalFound
  readonly candidates: Candidates
  /** Derive every typed column again and compare. */
  readonly columns: boolean
  readonly onProgress: ((done: { readonly records: number; readonly of: number }) => void) | undefined
  /** Pieces that end before it are left out. */
  readonly recordsFrom: number
  readonly blocks: BlocksOnDisk
  readonly logVerdict: LogVerdict
  readonly pool: VerifyPool
}

/** Every sealed record, from whatever file has to hold it, against its block; and the files derived from them. */
export async function verifyRecords(work: Work): Promise<RecordsVerdict> {
  const { snapshot, journal, candidates, logVerdict } = work
  const names = segmentNames(snapshot)
  const files = new Set(names)
  const controls = believedControls(candidates.controls, { sealedRecords: logVerdict.records, files })
  const { purged } = controls
  const seededFrom = firstWithSeed(work)
  const planFor = (made: readonly MadeSegment[]) =>
    planVerify({ sealedRecords: logVerdict.records, made, purged, files, journal, seededFrom })
  const named = planFor(controls.made)
  const isShort = [...candidates.damages, ...named.damages].some(({ cause }) => cause !== "inserted")
  const made = isShort
    ? [
        ...controls.made,
        ...(await supposedSegments({
          dir: work.dir,
          pool: work.pool,
          catalogue: snapshot.catalogue.entries,
          files,
          made: controls.made,
        })),
      ]
    : controls.made
  const plan = isShort ? planFor(made) : named
  const counts = new SourceCounts()
  const facts = new Map<string, SegmentFacts>()
  const pieces = plan.pieces.filter(({ to }) => to >= work.recordsFrom)
  const checked = await checkPieces(work, pieces)
  for (const [at, result] of checked.entries()) {
    const piece = pieces[at]
    counts.add(result.runs)
    if (result.facts !== undefined && piece?.kind === "segment") facts.set(piece.made.name, result.facts)
  }
  const copies = await checkCopies(work, plan.copies)
  // Put together as lists and not as arguments of a call: there may be more than one takes.
  const found = [
    ...journal.damages,
    ...candidates.damages,
    ...controls.damages,
    ...plan.damages,
    ...checked.flatMap((result) => result.damages),
    ...copies.damages,
  ]
  const before = work.recordsFrom > 0 ? [{ first: 0, last: work.recordsFrom - 1 }] : []
  const holes = [...purged, ...holesIn(found), ...before]
  const miscounted = counts.damages({ ...controls, holes })
  const hasEvents = before.length > 0 || counts.sources().some((source) => source !== RESERVED)
  const doubts = hasEvents || found.length + miscounted.length > 0 ? [] : [NO_EVENT]
  const catalogue = verifyCatalogue(snapshot.catalogue, made, facts)
  const strange = strangeFiles(snapshot)
  return {
    damages: [...found, ...miscounted, ...catalogue.damages, ...strange.damages],
    doubts: [...journal.doubts, ...copies.doubts, ...doubts],
    notes: [
      ...journal.notes,
      ...plan.notes,
      ...copies.notes,
      ...catalogue.notes,
      ...strayBlooms(snapshot.segmentFiles, made),
      ...strange.notes,
    ],
    purged,
    segments: plan.pieces.filter(({ kind }) => kind === "segment").length,
    unsealed: Math.max(0, journal.next - logVerdict.records),
  }
}

/** A reader that ends over one says nothing of the file: it may have lacked memory, or room for what it sorts. */
async function checkCopies({ dir, pool }: Work, copies: readonly Copy[]) {
  const [damages, doubts, notes]: [Damage[], string[], string[]] = [[], [], []]
  const check = async (copy: Copy): Promise<void> => {
    const outcome = await pool.run({ kind: "copy", dir, ...copy })
    if ("failed" in outcome) {
      doubts.push(`segment ${copy.name} has no record and could not be compared: ${outcome.failed}`)
      return
    }
    const judged = judgeCopy(copy, outcome.done.kind === "copy" && outcome.done.isMerged)
    if ("note" in judged) notes.push(judged.note)
    else damages.push(judged.damage)
  }
  await Promise.all(copies.map(check))
  return { damages, doubts, notes }
}

/** As many at once as there are readers, and one that is prepared meanwhile: blocks of no more are in memory. */
async function checkPieces(work: Work, pieces: readonly Piece[]): Promise<Checked[]> {
  const results: Checked[] = []
  const of = pieces.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  let done = 0
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < pieces.length; at = next++) {
      const piece = pieces[at]
      if (piece === undefined) return
      results[at] =
        piece.kind === "segment" ? await checkSegment(work, piece) : checkJournal(work, work.journal, piece)
      done += piece.to - piece.from + 1
      work.onProgress?.({ records: done, of })
    }
  }
  await Promise.all(Array.from({ length: work.pool.size + 1 }, lane))
  return results
}

/** Files under `segments/` that no ledger puts there: another engine that reads `*.parquet` would take them for records. */
function strangeFiles({ segmentFiles }: Snapshot): { readonly damages: Damage[]; readonly notes: string[] } {
  const strange = segmentFiles.filter((name) => !isSegmentName(name) && !name.endsWith(".bloom"))
  const isParquet = (name: string) => name.endsWith(".parquet")
  const detail = "it has not the name of a segment"
  return {
    damages: strange
      .filter(isParquet)
      .map((name) => ({ thing: "segment", cause: "inserted", path: `segments/${name}`, detail })),
    notes: strange
      .filter((name) => !isParquet(name))
      .map((name) => `segments/${name} is none of the ledger's files`),
  }
}

export function segmentNames({ segmentFiles }: Snapshot): readonly string[] {
  return segmentFiles.filter(isSegmentName)
}

/** Seeds are forgotten from the oldest on, when a segment holds the records of their blocks. */
function firstWithSeed({ snapshot, blocks, logVerdict }: Work): number {
  for (const number of [...seedsIn(snapshot.tail).keys()].toSorted((a, b) => a - b)) {
    const block = blocks.at(number)
    if (block !== undefined) return block.first
  }
  return logVerdict.records
}

/** Records that nobody can count, as damages tell of them. */
function holesIn(damages: readonly Damage[]): Hole[] {
  return damages.flatMap(({ thing, cause, first, last }) => {
    const gone = cause === "missing" || cause === "unreadable"
    const ofRecords = thing === "record" || thing === "segment" || thing === "journal"
    return gone && ofRecords && first !== undefined && last !== undefined ? [{ first, last }] : []
  })
}

export type Checked = {
  readonly damages: readonly Damage[]
  readonly runs: readonly SourceRun[]
  readonly facts?: SegmentFacts
}

async function checkSegment(work: Work, piece: Extract<Piece, { kind: "segment" }>): Promise<Checked> {
  const { made, file } = piece
  const as = `${made.name} ${made.sha256}`
  const known = file === made.name ? work.settled.get(as) : undefined
  if (known !== undefined) return known
  const path = `segments/${file}`
  const blocks = work.blocks.over(piece.from, piece.to)
  const range = { first: made.first, last: made.last, path }
  const uncovered = uncoveredBy(blocks, piece)
  if (blocks.length === 0) return { damages: uncovered, runs: [] }
  const job: Job = { kind: "segment", dir: work.dir, name: file, made, blocks, columns: work.columns }
  const outcome = await work.pool.run(job)
  if (!("done" in outcome) || outcome.done.kind !== "segment") {
    const detail = "failed" in outcome ? outcome.failed : "the reader gave another answer"
    return { damages: [...uncovered, { thing: "segment", cause: "unreadable", ...range, detail }], runs: [] }
  }
  // Of a file in the place of another it is said already that it is not the recorded one.
  const judged = file === made.name ? judgeFile(made, outcome.done, range) : []
  const checked = {
    damages: [...uncovered, ...judged, ...outcome.done.damages],
    runs: outcome.done.runs,
    ...(outcome.done.facts === undefined ? {} : { facts: outcome.done.facts }),
  }
  if (checked.damages.length === 0) work.settled.set(as, checked)
  return checked
}

function judgeFile(
  made: MadeSegment,
  done: SegmentDone,
  range: Pick<Damage, "first" | "last" | "path">,
): Damage[] {
  if (done.sha256 === made.sha256 && done.bytes === made.bytes) return []
  const detail = `it has ${done.bytes} bytes and SHA-256 ${done.sha256.slice(0, 16)}…, recorded were ${made.bytes} and ${made.sha256.slice(0, 16)}…`
  return [{ thing: "segment", cause: "changed", ...range, detail }]
}

/** Records whose block cannot be read: nothing commits to them any more. */
function uncoveredBy(
  blocks: readonly Block[],
  piece: { readonly from: number; readonly to: number },
): Damage[] {
  const damages: Damage[] = []
  let next = piece.from
  for (const block of [...blocks, undefined]) {
    const first = block?.first ?? piece.to + 1
    if (first > next) {
      const detail = "their block cannot be read, so nothing says what they were"
      damages.push({ thing: "record", cause: "unreadable", first: next, last: first - 1, detail })
    }
    next = block === undefined ? next : block.first + block.count
  }
  return damages
}

/** Whole blocks at a time, as many as memory allows. */
function checkJournal(
  work: Work,
  journal: JournalFound,
  piece: Extract<Piece, { kind: "journal" }>,
): Checked {
  const blocks = work.blocks.over(piece.from, piece.to)
  const damages = uncoveredBy(blocks, piece)
  const runs: SourceRun[] = []
  const records = journal.records(blocks[0]?.first ?? piece.from)
  let record = records.next()
  const seeds = seedsIn(work.snapshot.tail)
  for (const part of partsOf(blocks)) {
    const recheck = new Recheck(part, "journal")
    const last = part.at(-1)
    const end = (last?.first ?? 0) + (last?.count ?? 0)
    const seedOf = seedFinder(part, seeds)
    for (; !record.done && record.value.number < end; record = records.next()) {
      if (record.value.number < (part[0]?.first ?? 0)) continue
      recheck.add({
        ...record.value,
        content: { kind: "kept", seed: seedOf(record.value.number), body: record.value.body },
      })
    }
    const rechecked = recheck.finish()
    damages.push(...rechecked.damages)
    runs.push(...rechecked.runs)
  }
  return { damages, runs }
}

function partsOf(blocks: readonly Block[]): Block[][] {
  const parts: Block[][] = []
  let count = 0
  for (const block of blocks) {
    const part = parts.at(-1)
    const follows = part?.at(-1)?.number === block.number - 1
    if (part === undefined || !follows || count + block.count > JOURNAL_RECORDS_MAX) {
      parts.push([block])
      count = 0
    } else part.push(block)
    count += block.count
  }
  return parts
}

/** Seeds of records given in order; an empty one where it is gone, which no record's hash fits. */
function seedFinder(
  blocks: readonly Block[],
  seeds: ReadonlyMap<number, Uint8Array>,
): (record: number) => Uint8Array {
  let at = 0
  return (record) => {
    let block = blocks[at]
    while (block !== undefined && record >= block.first + block.count) block = blocks[++at]
    return seeds.get(block?.number ?? -1) ?? new Uint8Array()
  }
}
