import { join } from "node:path"
import type { PlacedRecord } from "../event/record.ts"
import { type JournalFile, readPiece } from "./files.ts"
import { type Group, groupLines, parseJournalLine, scanJournal } from "./line.ts"
import type { Hole } from "./runs.ts"

export type ReadLimits = { readonly recordsMax: number; readonly bytesMax: number }

/** Read at a time; a group that is larger is read whole. */
const PIECE_BYTES = 4 * 1024 * 1024

/**
 * Committed records from number `from` on, out of files: neighbours, at least one if there is one, and no more than the
 * limits say. Behind damage they begin later than asked.
 */
export function readRecords(
  dir: string,
  files: readonly JournalFile[],
  wanted: ReadLimits & { readonly from: number; readonly missing?: readonly Hole[] },
): PlacedRecord[] {
  const taken = new Taken(wanted)
  for (const file of files) {
    if (file.next <= wanted.from) continue
    readFile(join(dir, file.name), file, taken)
    if (taken.full) break
  }
  return taken.records
}

function readFile(path: string, file: JournalFile, taken: Taken): void {
  let start = file.index.offsetFor(taken.next)
  let size = PIECE_BYTES
  while (start < file.bytes && !taken.full) {
    const end = Math.min(start + size, file.bytes)
    const piece = readPiece(path, start, end)
    let done = 0
    for (const group of scanJournal(piece)) {
      done = group.end
      if (group.first + group.count > taken.next) taken.add(piece, group, file)
      if (taken.full) return
    }
    // Nothing whole in the piece: one group larger than it, or damage of that size.
    if (done === 0) size *= 2
    if (done === 0 && end === file.bytes) return
    start += done
  }
}

class Taken {
  readonly records: PlacedRecord[] = []
  next: number
  full = false
  #bytes = 0
  readonly #limits: ReadLimits
  readonly #missing: readonly Hole[]

  constructor(wanted: ReadLimits & { readonly from: number; readonly missing?: readonly Hole[] }) {
    this.next = wanted.from
    this.#limits = wanted
    this.#missing = wanted.missing ?? []
  }

  /** The records of a group that count in its file. Lines that recovery could not read stand there still. */
  add(bytes: Uint8Array, group: Group, file: Pick<JournalFile, "first" | "next">): void {
    let number = group.first - 1
    for (const line of groupLines(bytes, group)) {
      number++
      if (number < Math.max(this.next, file.first) || number >= file.next || this.#isMissing(number)) continue
      const record = parseJournalLine(line)
      const gap = this.records.length > 0 && record.number !== this.next
      if (gap || isOver(this.#limits, this.records.length, this.#bytes, record)) {
        this.full = true
        return
      }
      this.records.push(record)
      this.#bytes += record.body.length
      this.next = record.number + 1
    }
  }

  #isMissing(number: number): boolean {
    return this.#missing.some(({ first, next }) => first <= number && number < next)
  }
}

/** Whether one more record would pass the limits; the first never does. */
export function isOver(limits: ReadLimits, count: number, bytes: number, record: PlacedRecord): boolean {
  if (count === 0) return false
  return count >= limits.recordsMax || bytes + record.body.length > limits.bytesMax
}
