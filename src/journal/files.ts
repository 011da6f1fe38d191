import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs"
import { join } from "node:path"
import { bisect } from "../base/bisect.ts"
import { Refusal } from "../base/refusal.ts"
import type { Disk } from "./disk.ts"

/** Where a journal lives. All on one file system. */
export type JournalPlace = {
  readonly dir: string
  /** May be emptied at any start. */
  readonly tmp: string
  /** Takes damaged bytes before anything cuts them away. Only people remove them. */
  readonly damaged: string
  readonly disk: Disk
}

const NAME_DIGITS = 16
const NAME = /^\d{16}\.journal$/

/** `<first record number, 16 digits>.journal` */
export function journalName(first: number): string {
  return `${String(first).padStart(NAME_DIGITS, "0")}.journal`
}

/** The journal files in a folder, in the order of their records. */
export function journalNames(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => NAME.test(name))
    .sort()
}

/** A whole journal file; 64 MiB, or a little more than the one large group in it. */
export function readJournalFile(dir: string, name: string): Buffer {
  return readFileSync(join(dir, name))
}

/** Every so many bytes of a file one place is known, so that a read in its middle need not begin at its start. */
const INDEX_STEP_BYTES = 256 * 1024

/** Where the groups of a file are, roughly: for a record number the last known group that begins at or before it. */
export class GroupIndex {
  readonly #firsts: number[] = []
  readonly #offsets: number[] = []

  /** Groups must come in order. */
  add(first: number, offset: number): void {
    const last = this.#offsets.at(-1)
    if (last !== undefined && offset - last < INDEX_STEP_BYTES) return
    this.#firsts.push(first)
    this.#offsets.push(offset)
  }

  /** A place to begin reading for record `number`. */
  offsetFor(number: number): number {
    const known = bisect(this.#firsts.length, (at) => (this.#firsts[at] ?? 0) <= number)
    return this.#offsets[known - 1] ?? 0
  }
}

/** A journal file as far as it is committed. */
export type JournalFile = {
  readonly name: string
  /** Number of its first record. */
  readonly first: number
  /** Number after its last record. */
  next: number
  /** Committed and synced length. */
  bytes: number
  readonly index: GroupIndex
}

/** The bytes from `start` up to and without `end` of a file. */
export function readPiece(path: string, start: number, end: number): Buffer {
  const piece = Buffer.allocUnsafe(end - start)
  const fd = openSync(path, "r")
  try {
    let at = 0
    while (at < piece.length) {
      const read = readSync(fd, piece, at, piece.length - at, start + at)
      if (read === 0) throw new Refusal("journal.damaged", `${path} is shorter than what was committed to it`)
      at += read
    }
  } finally {
    closeSync(fd)
  }
  return piece
}
