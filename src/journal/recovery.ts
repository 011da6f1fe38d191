import type { Micros } from "../base/time.ts"
import type { Loss } from "./control.ts"
import { Counts, type Gap } from "./counts.ts"
import { GroupIndex, type JournalFile, type JournalPlace, journalNames, readJournalFile } from "./files.ts"
import { type Group, scanJournal } from "./line.ts"
import type { Piece } from "./pieces.ts"
import { copyRest, dropOld, keepDamaged, type RestGroup } from "./rest.ts"
import { chainRuns, type FoundFile, type Hole, holesIn, type Run, readableRuns, straysOf } from "./runs.ts"

/** What the log says of the journal: undefined where the log cannot be trusted, and nothing is to be sealed. */
export type SealedMark = {
  /** Every record below is sealed. */
  readonly records: number
  /** Every record below is in a segment too, so the journal may have forgotten it. */
  readonly segmented: number
}

export type Recovered = {
  /** In the order of their records. Nothing more is appended to them. */
  readonly files: readonly JournalFile[]
  /** Number of the next record, and of the next group. */
  readonly next: number
  readonly group: number
  /** Next number of each source. */
  readonly sources: Map<string, number>
  /** receivedAt of the last record. */
  readonly givenAt: Micros | undefined
  /** Sealed records that it should hold and does not, in order. */
  readonly missing: readonly Hole[]
  /** Damage that was found now. Recorded already, in the copy. */
  readonly losses: readonly Loss[]
}

/**
 * Makes of what a crash left a journal that can be sealed and appended to. Keeps all up to the last valid commit and
 * drops only what follows it. A bad line before a valid commit is damage, whether the commit agrees with it or not: its
 * bytes are kept aside, a `loss` record says so, and what can be read goes on. Groups of the last file may never have been
 * synced: those that are not sealed yet are copied to a new, synced file. Can be interrupted at any instant and begun again.
 */
export async function recoverJournal(
  place: JournalPlace,
  known: { readonly sealed: SealedMark | undefined; readonly now: Micros },
): Promise<Recovered> {
  const found = findFiles(place)
  const runs = found.flatMap((file) => file.runs)
  const chain = chainRuns(runs)
  const start = chain[0]?.first ?? 0
  const sealed = known.sealed ?? { records: start, segmented: start }
  const end = chain.at(-1)?.next ?? sealed.segmented

  const expected = { from: sealed.segmented, end: Math.max(sealed.records, committedEnd(found)) }
  const walked = walk(place, { chain, found, holes: holesIn(chain, expected), sealed })
  const losses = walked.losses.filter((loss) => !isTold(walked.counts.losses, loss))
  const counts = walked.counts
  if (losses.length > 0) await keepDamaged(place, found)
  const copy = await copyRest(place, {
    rest: walked.rest,
    kept: walked.kept,
    sealed: sealed.records,
    losses,
    counts,
    now: known.now,
    group: Math.max(0, ...runs.map((run) => run.group + run.groups)),
  })
  await dropOld(place, { found, kept: walked.kept, copy: copy.file })
  return {
    files: copy.file === undefined ? walked.kept : [...walked.kept, copy.file],
    next: copy.file?.next ?? Math.max(end, sealed.records),
    group: copy.nextGroup,
    sources: counts.next,
    givenAt: copy.givenAt,
    missing: missingIn(chain, sealed.records),
    losses,
  }
}

/** Of the records below `sealed`, those behind the first that is there. Later ones move up: no number of theirs is missing. */
function missingIn(chain: readonly Run[], sealed: number): readonly Hole[] {
  return holesIn(chain, { from: chain[0]?.first ?? sealed, end: sealed })
    .filter(({ first }) => first < sealed)
    .map(({ first, next }) => ({ first, next: Math.min(next, sealed) }))
}

type Found = FoundFile & { readonly newest: Group | undefined }

function findFiles({ dir }: JournalPlace): Found[] {
  return journalNames(dir).map((name) => {
    const bytes = readJournalFile(dir, name)
    const groups = [...scanJournal(bytes)]
    const runs = readableRuns(name, bytes, groups)
    return { name, bytes: bytes.length, runs, newest: groups.at(-1) }
  })
}

/** Number after the last record that was committed, whether it can be read or not. */
function committedEnd(found: readonly Found[]): number {
  const groups = found.flatMap(({ newest }) => newest ?? [])
  const newest = groups.toSorted((a, b) => a.group - b.group).at(-1)
  return newest === undefined ? 0 : newest.first + newest.count
}

type Range = Pick<Loss, "first" | "count">

function isTold(losses: readonly Loss[], { first, count }: Range): boolean {
  return losses.some((told) => told.first <= first && told.first + told.count >= first + count && count > 0)
}

function rangeOf({ first, next }: Hole): Range {
  return { first, count: next - first }
}

type Walked = {
  readonly counts: Counts
  readonly losses: readonly Loss[]
  /** Files and the groups in them that stay where they are. */
  readonly kept: readonly JournalFile[]
  /** Groups to copy, in order. */
  readonly rest: readonly RestGroup[]
}

type Chained = {
  readonly chain: readonly Run[]
  readonly found: readonly FoundFile[]
  readonly holes: readonly Hole[]
  readonly sealed: SealedMark
}

/** Goes once through all groups that count, in the order of their records. */
function walk({ dir }: JournalPlace, chained: Chained): Walked {
  const { chain, found, holes, sealed } = chained
  const copied = restRuns(chained)
  const counts = new Counts()
  const kept = new Map<string, JournalFile>()
  const rest: RestGroup[] = []
  const gaps = new Map<Hole | undefined, Gap[]>()
  let hole: Hole | undefined
  let open: { name: string; bytes: Buffer } | undefined
  for (const run of chain) {
    if (open?.name !== run.file) open = { name: run.file, bytes: readJournalFile(dir, run.file) }
    const here = holes.find(({ next }) => next === run.first)
    if (here !== undefined) {
      gaps.set(hole, counts.takeGaps())
      hole = here
    }
    for (const group of groupsOf(run, open.bytes)) {
      counts.hear(open.bytes, group)
      const unsealed = group.first + group.count > sealed.records
      if (unsealed && copied.has(run)) rest.push({ file: run.file, group })
      else keep(kept, run.file, group)
    }
  }
  gaps.set(hole, counts.takeGaps())
  // Sealed records of which nothing that follows tells whose they were: at the end, or the last ones of a source.
  for (const hole of holes) {
    const silent = hole.first < sealed.records && (gaps.get(hole) ?? []).length === 0
    if (!silent || isTold(counts.losses, rangeOf(hole))) continue
    counts.skip(hole.next - hole.first)
    gaps.set(hole, counts.takeGaps())
  }
  const losses = holes.map((hole) => lossOf(hole, { gaps: gaps.get(hole) ?? [], chain, found }))
  return { counts, losses, kept: [...kept.values()], rest }
}

/**
 * The runs whose unsealed groups are copied: those of the last file, where the last sync may not have returned; and where
 * unsealed records are missing, all behind them too, for they take the missing numbers.
 */
function restRuns({ chain, found, holes, sealed }: Chained): ReadonlySet<Run> {
  const gap = holes.find((hole) => hole.next > sealed.records && chain.some((run) => run.first >= hole.next))
  const last = found.at(-1)?.name
  return new Set(chain.filter((run) => run.next > sealed.records && (gap !== undefined || run.file === last)))
}

function* groupsOf(run: Run, bytes: Buffer): Generator<Piece, void> {
  if (run.piece !== undefined) {
    yield run.piece
    return
  }
  for (const group of scanJournal(bytes.subarray(run.start, run.end))) {
    if (group.first >= run.next) return // a copy under later group numbers counts instead
    const { start } = run
    yield { ...group, start: start + group.start, commit: start + group.commit, end: start + group.end }
  }
}

function keep(kept: Map<string, JournalFile>, name: string, group: Piece): void {
  const file = kept.get(name) ?? { name, first: group.first, next: 0, bytes: 0, index: new GroupIndex() }
  // A piece is read, and stays, with the group that it stands in.
  const { first, start, end } = group.of ?? group
  file.index.add(first, start)
  file.next = group.first + group.count
  file.bytes = end
  kept.set(name, file)
}

function lossOf(
  hole: Hole,
  around: {
    readonly gaps: readonly Gap[]
    readonly chain: readonly Run[]
    readonly found: readonly FoundFile[]
  },
): Loss {
  const before = around.chain.findLast((run) => run.next <= hole.first)
  const after = around.chain.find((run) => run.first >= hole.next)
  const stray = around.found
    .flatMap((file) => straysOf(file))
    .filter(({ start, file }) => {
      const behind =
        before === undefined || file > before.file || (file === before.file && start >= before.end)
      const ahead = after === undefined || file < after.file || (file === after.file && start < after.start)
      return behind && ahead
    })
  const bytes = stray.reduce((sum, { start, end }) => sum + end - start, 0)
  const places = stray.map(({ file, start, end }) => `${file} bytes ${start} to ${end}`)
  return {
    why: bytes > 0 ? "journal.damaged" : "journal.missing",
    ...rangeOf(hole),
    bytes,
    gaps: around.gaps,
    detail: places.slice(0, 8).join(", "),
  }
}
