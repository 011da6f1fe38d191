import { type Group, scanJournal } from "./line.ts"
import { type Piece, piecesOf } from "./pieces.ts"

/** Groups that follow each other in a file without a gap: bytes [start, end), records [first, next). */
export type Run = {
  readonly file: string
  /** Number of the first group; the others follow by one. */
  readonly group: number
  readonly groups: number
  readonly first: number
  readonly next: number
  readonly start: number
  readonly end: number
  /** Where lines of its only group cannot be read: what can. */
  readonly piece?: Piece
}

/** Record numbers from `first` up to and without `next` that no readable group holds. */
export type Hole = { readonly first: number; readonly next: number }

/** The runs in one file, in the order of its bytes: of groups as their CRC has them. Reads no record. */
export function findRuns(file: string, bytes: Uint8Array): Run[] {
  return runsOf(file, scanJournal(bytes))
}

/** The same of a file's groups, as far as their records can be read: lines that cannot are between runs. */
export function readableRuns(file: string, bytes: Uint8Array, groups: Iterable<Group>): Run[] {
  return runsOf(file, readablePieces(bytes, groups))
}

function* readablePieces(bytes: Uint8Array, groups: Iterable<Group>): Generator<Piece, void> {
  for (const group of groups) yield* piecesOf(bytes, group)
}

function runsOf(file: string, pieces: Iterable<Piece>): Run[] {
  const runs: Run[] = []
  for (const piece of pieces) {
    const last = runs.at(-1)
    if (last !== undefined && continues(last, piece)) runs[runs.length - 1] = extend(last, piece)
    else runs.push(runOf(file, piece))
  }
  return runs
}

function continues(run: Run, group: Piece): boolean {
  if (run.piece !== undefined || group.of !== undefined) return false
  return group.start === run.end && group.first === run.next && group.group === run.group + run.groups
}

function extend(run: Run, group: Group): Run {
  return { ...run, groups: run.groups + 1, next: group.first + group.count, end: group.end }
}

function runOf(file: string, piece: Piece): Run {
  const { group, first, count, start, end } = piece
  const run = { file, group, groups: 1, first, next: first + count, start, end }
  return piece.of === undefined ? run : { ...run, piece }
}

/**
 * The runs that count, in the order of their records. Recovery copies groups under new group numbers before it removes
 * the old ones, so a crash between the two leaves some records twice: the group with the higher number counts.
 */
export function chainRuns(runs: readonly Run[]): Run[] {
  const chain: Run[] = []
  for (const run of runs.toSorted((a, b) => a.group - b.group)) {
    let last = chain.at(-1)
    while (last !== undefined && last.first >= run.first) {
      chain.pop()
      last = chain.at(-1)
    }
    // Where it ends in the bytes is found when its groups are walked; copies begin with a group.
    if (last !== undefined && last.next > run.first) chain[chain.length - 1] = { ...last, next: run.first }
    chain.push(run)
  }
  return chain
}

/**
 * What is missing: between the runs of a chain, and of the numbers from `from` up to and without `end`, which must be
 * there. What lies below `from` is in segments and may be gone.
 */
export function holesIn(
  chain: readonly Run[],
  bounds: { readonly from: number; readonly end: number },
): Hole[] {
  const holes: Hole[] = []
  let next = chain.length === 0 ? bounds.from : Math.min(bounds.from, chain[0]?.first ?? 0)
  for (const run of chain) {
    if (run.first > next) holes.push({ first: next, next: run.first })
    next = run.next
  }
  if (next < bounds.end) holes.push({ first: next, next: bounds.end })
  return holes
    .filter((hole) => hole.next > bounds.from)
    .map((hole) => ({ ...hole, first: Math.max(hole.first, bounds.from) }))
}

/** A journal file as found. */
export type FoundFile = { readonly name: string; readonly bytes: number; readonly runs: readonly Run[] }

/** Bytes of a file that belong to no valid group. */
export function straysOf(
  file: FoundFile,
): { readonly file: string; readonly start: number; readonly end: number }[] {
  const strays: { file: string; start: number; end: number }[] = []
  let at = 0
  for (const run of file.runs) {
    if (run.start > at) strays.push({ file: file.name, start: at, end: run.start })
    at = run.end
  }
  if (file.bytes > at) strays.push({ file: file.name, start: at, end: file.bytes })
  return strays
}
