import type { Damage, PurgedRange } from "./verdict.ts"

/** What a `segment.made` record says; `record` is the number of the record that says it. */
export type MadeSegment = {
  readonly record: number
  readonly name: string
  readonly first: number
  readonly last: number
  readonly bytes: number
  readonly sha256: string
  readonly replaces: readonly string[]
}

/** A stretch of sealed records and the file that has to hold them. */
export type Piece =
  | {
      readonly kind: "segment"
      readonly from: number
      readonly to: number
      readonly made: MadeSegment
      /** The file to read: the recorded one, or one over the same records that stands in its place. */
      readonly file: string
    }
  | { readonly kind: "journal"; readonly from: number; readonly to: number }

export type Found = {
  /** Records under the checkpoint. */
  readonly sealedRecords: number
  readonly made: readonly MadeSegment[]
  readonly purged: readonly PurgedRange[]
  /** Segment files in the directory, by name. */
  readonly files: ReadonlySet<string>
  /** Records that the journal holds: from, up to and without next. */
  readonly journal: { readonly from: number; readonly next: number }
}

export type VerifyPlan = {
  readonly pieces: readonly Piece[]
  readonly damages: readonly Damage[]
  readonly notes: readonly string[]
}

/**
 * Who has to hold which records: every sealed record is in exactly one recorded segment, in the journal, or in a range
 * whose destruction is recorded. Pure.
 */
export function planVerify(found: Found): VerifyPlan {
  const replaced = new Set(found.made.flatMap(({ replaces }) => replaces))
  const current = found.made
    .filter(({ name }) => !replaced.has(name))
    .toSorted((a, b) => a.first - b.first || a.record - b.record)
  const pieces: Piece[] = []
  const damages: Damage[] = []
  const notes: string[] = []
  const taken = new Set<string>()
  let next = 0
  for (const made of current) {
    if (made.first < next) {
      damages.push(overlapping(made))
      continue
    }
    if (made.first > next) fill(found, { from: next, to: made.first - 1 }, pieces, damages)
    const { first: from, last: to } = made
    if (found.files.has(made.name)) pieces.push({ kind: "segment", from, to, made, file: made.name })
    else if (isPurged(found, from, to)) notes.push(`segment ${made.name} was destroyed, as recorded`)
    else if (inJournal(found, from, to)) pieces.push({ kind: "journal", from, to })
    else {
      const instead = insteadOf(found, made)
      damages.push(goneSegment(made))
      if (instead !== undefined) {
        pieces.push({ kind: "segment", from, to, made, file: instead })
        damages.push(insertedFile(instead, from, to))
        taken.add(instead)
      }
    }
    next = to + 1
  }
  if (next < found.sealedRecords) fill(found, { from: next, to: found.sealedRecords - 1 }, pieces, damages)
  for (const name of found.files) {
    if (taken.has(name) || current.some((made) => made.name === name)) continue
    if (replaced.has(name)) notes.push(`segment ${name} was replaced and is not deleted yet`)
    else judgeUnrecorded(found, name, damages, notes)
  }
  return { pieces, damages, notes }
}

/** Records that no recorded segment holds: the journal's, or destroyed by rule, or gone. */
function fill(
  found: Found,
  range: { readonly from: number; readonly to: number },
  pieces: Piece[],
  damages: Damage[],
): void {
  let { from } = range
  while (from <= range.to) {
    const { journal } = found
    const purge = found.purged.find(({ first, last }) => first <= from && from <= last)
    if (purge !== undefined) {
      from = purge.last + 1
    } else if (journal.from <= from && from < journal.next) {
      const to = Math.min(range.to, journal.next - 1)
      pieces.push({ kind: "journal", from, to })
      from = to + 1
    } else {
      const starts = [journal.from, ...found.purged.map(({ first }) => first)].filter((start) => start > from)
      const to = Math.min(range.to, ...starts.map((start) => start - 1))
      const detail = "sealed, and neither a segment nor the journal holds them"
      damages.push({ thing: "record", cause: "missing", first: from, last: to, detail })
      from = to + 1
    }
  }
}

/**
 * A crash between a segment's rename and its record leaves a file that nobody names, whose records the journal still
 * has. Any other such file was put there.
 */
function judgeUnrecorded(found: Found, name: string, damages: Damage[], notes: string[]): void {
  const [first, last] = rangeOfName(name)
  if (inJournal(found, first, last)) {
    notes.push(`segment ${name} has no record; a crash leaves such files, queries do not read it`)
    return
  }
  damages.push(insertedFile(name, first, last))
}

function insertedFile(name: string, first: number, last: number): Damage {
  const detail = "no record names this file"
  return { thing: "segment", cause: "inserted", first, last, path: `segments/${name}`, detail }
}

/** A file that no record names, over the same records as one that is gone: it says which of them somebody changed. */
function insteadOf({ files, made }: Found, { first, last }: MadeSegment): string | undefined {
  const known = new Set(made.map(({ name }) => name))
  return [...files].find((name) => {
    const [from, to] = rangeOfName(name)
    return !known.has(name) && from === first && to === last
  })
}

function overlapping({ name, first, last }: MadeSegment): Damage {
  const path = `segments/${name}`
  return {
    thing: "segment",
    cause: "inserted",
    first,
    last,
    path,
    detail: "another recorded segment holds its records",
  }
}

function goneSegment({ name, first, last }: MadeSegment): Damage {
  return {
    thing: "segment",
    cause: "missing",
    first,
    last,
    path: `segments/${name}`,
    detail: "the file is gone",
  }
}

function isPurged({ purged }: Found, from: number, to: number): boolean {
  return purged.some(({ first, last }) => first <= from && to <= last)
}

function inJournal({ journal }: Found, from: number, to: number): boolean {
  return journal.from <= from && to < journal.next
}

/** `date=…/<first>-<last>-<hash16>.parquet` */
function rangeOfName(name: string): readonly [first: number, last: number] {
  const [, first = "0", last = "0"] = /(\d+)-(\d+)-[0-9a-f]{16}\.parquet$/.exec(name) ?? []
  return [Number(first), Number(last)]
}
