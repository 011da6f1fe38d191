import { join } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { type PlacedRecord, RESERVED } from "../event/record.ts"
import { heartbeat, type Loss, loss, sortedCounts } from "./control.ts"
import { controlRecord } from "./control-kind.ts"
import type { Counts } from "./counts.ts"
import { type DiskFile, replaceFile, writeWhole } from "./disk.ts"
import {
  GroupIndex,
  type JournalFile,
  type JournalPlace,
  journalName,
  readJournalFile,
  readPiece,
} from "./files.ts"
import { GroupWriter } from "./group.ts"
import { formatCommit, type Group, groupCrc, groupLines } from "./line.ts"
import { type FoundFile, straysOf } from "./runs.ts"

/** A group to copy, and the file it stands in. */
export type RestGroup = { readonly file: string; readonly group: Group }

export type Rest = {
  readonly rest: readonly RestGroup[]
  /** Files that stay. */
  readonly kept: readonly JournalFile[]
  /** Every record below is sealed: no number below is given again. */
  readonly sealed: number
  /** Damage found now; recorded behind the copied groups, in the same file. */
  readonly losses: readonly Loss[]
  /** Learns of the records written here. */
  readonly counts: Counts
  readonly now: Micros
  /** Number of the next group. */
  readonly group: number
}

export type Copied = {
  /** Undefined where there was nothing to write. */
  readonly file: JournalFile | undefined
  readonly nextGroup: number
  readonly givenAt: Micros | undefined
}

/**
 * Writes the unsealed rest to a new file under new group numbers, with the losses told behind it, and syncs it. Where
 * records are missing the later ones move up: record numbers have no gap, and are not part of any hash. The copy counts
 * from its rename on, since its group numbers are higher; {@link dropOld} removes what it replaces.
 */
export async function copyRest(place: JournalPlace, rest: Rest): Promise<Copied> {
  const { counts, losses, now } = rest
  const lastAt = counts.givenAt()
  if (rest.rest.length === 0 && losses.length === 0) {
    return { file: undefined, nextGroup: rest.group, givenAt: lastAt }
  }
  const first = firstOf(rest)
  const name = journalName(first)
  if (rest.kept.some((file) => file.name === name)) {
    throw new Refusal("journal.damaged", `${name} does not begin with the record that its name says`)
  }
  const temporary = join(place.tmp, "rest.journal")
  const out = await place.disk.create(temporary)
  const file: JournalFile = { name, first, next: first, bytes: 0, index: new GroupIndex() }
  let nextGroup = rest.group
  let givenAt = lastAt
  try {
    await out.cut(0)
    await copyGroups(place, { out, file, rest: rest.rest, group: rest.group })
    nextGroup += rest.rest.length
    givenAt = Math.max(now, lastAt ?? 0)
    const told = tell({ losses, counts, number: file.next, receivedAt: givenAt })
    await appendTo(out, file, { bytes: new GroupWriter().write(told, nextGroup++), count: told.length })
    await out.sync()
  } finally {
    await out.close()
  }
  await place.disk.rename(temporary, join(place.dir, file.name))
  await place.disk.syncFolder(place.dir)
  return { file, nextGroup, givenAt }
}

/** A group that is partly sealed keeps its numbers; all later ones follow what stays. */
function firstOf({ rest, kept, sealed }: Rest): number {
  const next = Math.max(sealed, kept.at(-1)?.next ?? 0)
  return Math.min(rest[0]?.group.first ?? next, next)
}

async function copyGroups(
  place: JournalPlace,
  to: {
    readonly out: DiskFile
    readonly file: JournalFile
    readonly rest: readonly RestGroup[]
    readonly group: number
  },
): Promise<void> {
  let open: { name: string; bytes: Buffer } | undefined
  for (const [at, { file, group }] of to.rest.entries()) {
    if (open?.name !== file) open = { name: file, bytes: readJournalFile(place.dir, file) }
    const first = to.file.next
    const lines =
      first === group.first
        ? open.bytes.subarray(group.start, group.commit)
        : renumber(open.bytes, group, first)
    const counted = { group: to.group + at, first, count: group.count }
    const commit = formatCommit({ ...counted, crc: groupCrc(lines, counted) })
    const bytes = Buffer.concat([lines, Buffer.from(commit, "latin1")])
    await appendTo(to.out, to.file, { bytes, count: group.count })
  }
}

async function appendTo(
  out: DiskFile,
  file: JournalFile,
  group: { readonly bytes: Uint8Array; readonly count: number },
): Promise<void> {
  await writeWhole(out, group.bytes, file.bytes)
  file.index.add(file.next, file.bytes)
  file.next += group.count
  file.bytes += group.bytes.length
}

const SPACE = 0x20

/** The lines of a group with record numbers from `first` on. */
function renumber(bytes: Buffer, group: Group, first: number): Buffer {
  const pieces: Uint8Array[] = []
  let number = first
  for (const line of groupLines(bytes, group)) {
    pieces.push(Buffer.from(String(number++), "latin1"), line.subarray(line.indexOf(SPACE)))
  }
  return Buffer.concat(pieces)
}

/** The losses, and a heartbeat: any journal file alone tells where the counts stand. */
function tell(about: {
  readonly losses: readonly Loss[]
  readonly counts: Counts
  readonly number: number
  readonly receivedAt: Micros
}): PlacedRecord[] {
  const { losses, counts, number, receivedAt } = about
  const n = counts.next.get(RESERVED) ?? 0
  counts.next.set(RESERVED, n + losses.length)
  const bodies = [
    ...losses.map((one) => loss.format(one)),
    heartbeat.format({ next: sortedCounts(counts.next) }),
  ]
  counts.next.set(RESERVED, n + bodies.length)
  return bodies.map((body, at) => ({ ...controlRecord(body), number: number + at, n: n + at, receivedAt }))
}

/** Copies bytes that belong to no group to files of their own: what is damaged may still be read by people. */
export async function keepDamaged(place: JournalPlace, found: readonly FoundFile[]): Promise<void> {
  const { disk } = place
  await disk.makeFolder(place.damaged)
  for (const { file, start, end } of found.flatMap(straysOf)) {
    const name = `${file}-${start}-${end}`
    const target = {
      path: join(place.damaged, name),
      temporary: join(place.tmp, name),
      folder: place.damaged,
    }
    await replaceFile(disk, target, readPiece(join(place.dir, file), start, end))
  }
  await disk.syncFolder(join(place.damaged, ".."))
}

/** Removes what the copy replaced and what follows the last commit. */
export async function dropOld(
  place: JournalPlace,
  now: {
    readonly found: readonly FoundFile[]
    readonly kept: readonly JournalFile[]
    readonly copy: JournalFile | undefined
  },
): Promise<void> {
  const { found, kept, copy } = now
  for (const { name, bytes, runs } of found) {
    const stays = kept.find((file) => file.name === name)
    if (copy?.name === name) continue
    if (stays === undefined) {
      place.disk.remove(join(place.dir, name))
    } else if (
      bytes > stays.bytes &&
      (name === found.at(-1)?.name || (runs.at(-1)?.end ?? 0) > stays.bytes)
    ) {
      await cut(place, stays)
    }
  }
}

async function cut({ dir, disk }: JournalPlace, { name, bytes }: JournalFile): Promise<void> {
  const file = await disk.create(join(dir, name))
  try {
    await file.cut(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
