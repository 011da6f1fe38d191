import { dirname } from "node:path"
import { rangeOfSegment, type SegmentMade } from "../store/segment-name.ts"
import type { Damage, PurgedRange } from "./verdict.ts"

/** What a `segment.made` record says; `record` is the number of the record that says it. */
export type MadeSegment = SegmentMade & { readonly record: number }

/** Record numbers, both ends in it. */
type Range = Pick<SegmentMade, "first" | "last">

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
  /** Files in the directory that have the name of a segment. */
  readonly files: ReadonlySet<string>
  /** Records that the journal holds: from, up to and without next. */
  readonly journal: { readonly from: number; readonly next: number }
  /** Records from here on have the seed of their block still: without it nobody can say that they are what was sealed. */
  readonly seededFrom: number
}

/** A file that no record names, and the recorded segments that hold all its records between them. */
export type Copy = { readonly name: string; readonly of: readonly string[] }

export type VerifyPlan = {
  readonly pieces: readonly Piece[]
  /** Notes where they are what they seem to be ({@link judgeCopy}). */
  readonly copies: readonly Copy[]
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
    else if (isPurged(found, made)) notes.push(`segment ${made.name} was destroyed, as recorded`)
    else {
      const instead = insteadOf(found, made)
      if (instead === undefined) for (const name of fillGone(found, made, pieces, damages)) taken.add(name)
      else {
        pieces.push({ kind: "segment", from, to, made, file: instead })
        damages.push(goneSegment(made), insertedFile(instead, made))
        taken.add(instead)
      }
    }
    next = to + 1
  }
  if (next < found.sealedRecords) fill(found, { from: next, to: found.sealedRecords - 1 }, pieces, damages)
  const copies: Copy[] = []
  const whole = current.filter(({ name }) => found.files.has(name))
  for (const name of found.files) {
    if (taken.has(name) || current.some((made) => made.name === name)) continue
    if (replaced.has(name)) notes.push(`segment ${name} was replaced and is not deleted yet`)
    else if (inJournal(found, rangeOfSegment(name))) notes.push(leftover(name))
    else {
      const of = mergedFrom(whole, name)
      if (of.length > 0) copies.push({ name, of })
      else damages.push(insertedFile(name, rangeOfSegment(name)))
    }
  }
  return { pieces, copies, damages, notes }
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
 * What is left of a gone segment's records: in files that it replaced and that are not deleted yet, and in the journal as far
 * as their seeds are there. Names the files it took.
 */
function fillGone(found: Found, gone: MadeSegment, pieces: Piece[], damages: Damage[]): readonly string[] {
  const { journal, seededFrom, files } = found
  // What is made is not held to the blocks yet: it may end before it begins, and would send the walk back for ever.
  const replaced = found.made
    .filter(({ name, first, last }) => files.has(name) && first <= last)
    .filter(({ first, last }) => gone.first <= first && last <= gone.last)
    .toSorted((a, b) => b.last - a.last)
  const provableFrom = Math.max(journal.from, seededFrom)
  const names: string[] = []
  const missed: Damage[] = []
  let from = gone.first
  while (from <= gone.last) {
    const made = replaced.find(({ first }) => first === from)
    if (made !== undefined) {
      pieces.push({ kind: "segment", from, to: made.last, made, file: made.name })
      names.push(made.name)
      from = made.last + 1
    } else if (provableFrom <= from && from < journal.next) {
      const to = Math.min(gone.last, journal.next - 1)
      pieces.push({ kind: "journal", from, to })
      from = to + 1
    } else {
      const starts = [provableFrom, ...replaced.map(({ first }) => first)].filter((start) => start > from)
      const to = Math.min(gone.last, ...starts.map((start) => start - 1))
      missed.push({ ...goneSegment(gone), first: from, last: to, ...unproved(found, from, to) })
      from = to + 1
    }
  }
  const { thing, cause, path } = goneSegment(gone)
  const detail = "the file is gone; the files that it replaced hold all its records"
  const isWhole = missed.length === 0 && names.length > 0
  damages.push(...(isWhole ? [{ thing, cause, path, detail }] : missed))
  return names
}

/** Bytes without the seed of their block are worth having, and prove nothing. */
function unproved({ journal }: Found, from: number, to: number): Partial<Damage> {
  const [first, last] = [Math.max(from, journal.from), Math.min(to, journal.next - 1)]
  if (first > last) return {}
  const which = first === from && last === to ? "these records" : `records ${first} to ${last}`
  return {
    detail: `the file is gone; the journal still holds ${which}, and what proved them went with the file`,
  }
}

/**
 * A crash between a segment's rename and its record leaves a file that nobody names. Its records are in the journal, or,
 * where segments were merged, in these. Any other such file was put there.
 */
function leftover(name: string): string {
  return `segment ${name} has no record; a crash leaves such files, queries do not read it`
}

/** The segments that would have become this file: whole ones, in a row, of which the first gives it its day. */
function mergedFrom(whole: readonly MadeSegment[], name: string): readonly string[] {
  const range = rangeOfSegment(name)
  const parts = whole.filter(({ first, last }) => range.first <= first && last <= range.last)
  let next = range.first
  for (const { first, last } of parts) next = first === next ? last + 1 : next
  const [start] = parts
  const isWhole = start !== undefined && next === range.last + 1 && dirname(start.name) === dirname(name)
  return isWhole ? parts.map((part) => part.name) : []
}

/** What a copy is once it is read: left behind by merging where it is what merging writes, row for row; or put there. */
export function judgeCopy(
  { name }: Copy,
  isMerged: boolean,
): { readonly note: string } | { readonly damage: Damage } {
  return isMerged ? { note: leftover(name) } : { damage: insertedFile(name, rangeOfSegment(name)) }
}

function insertedFile(name: string, { first, last }: Range): Damage {
  const detail = "no record names this file"
  return { thing: "segment", cause: "inserted", first, last, path: `segments/${name}`, detail }
}

/** A file that no record names, over the same records as one that is gone: it says which of them somebody changed. */
function insteadOf({ files, made }: Found, { first, last }: MadeSegment): string | undefined {
  const known = new Set(made.map(({ name }) => name))
  return [...files].find((name) => {
    const range = rangeOfSegment(name)
    return !known.has(name) && range.first === first && range.last === last
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

function goneSegment({ name, first, last }: MadeSegment): Damage & { readonly path: string } {
  return {
    thing: "segment",
    cause: "missing",
    first,
    last,
    path: `segments/${name}`,
    detail: "the file is gone",
  }
}

function isPurged({ purged }: Found, range: Range): boolean {
  return purged.some(({ first, last }) => first <= range.first && range.last <= last)
}

function inJournal({ journal }: Found, { first, last }: Range): boolean {
  return journal.from <= first && last < journal.next
}
