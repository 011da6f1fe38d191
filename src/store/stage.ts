import { isUtf8 } from "node:buffer"
import { open, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fromBase64 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { isFull } from "../journal/disk.ts"
import { journalNames } from "../journal/files.ts"
import type { JournalPosition } from "../journal/journal.ts"
import { type Group, scanJournal } from "../journal/line.ts"
import { AlikeRun, kindOf, type StagedLine } from "./alike.ts"
import { reducedEvent } from "./plain.ts"
import {
  blockFinder,
  type FromBlock,
  type LostRange,
  lostIn,
  NO_HINT,
  type SeededBlock,
} from "./seeded-block.ts"
import {
  damagedJournal,
  eventInBase64,
  eventInLegacy,
  eventWithSurrogates,
  hasFields,
  mentionsSurrogate,
} from "./staged-json.ts"
import { FILE_BUFFERS, FILE_BYTES_MAX, readWindow, WINDOW_BYTES, WINDOWS } from "./staging-memory.ts"

/** How far the journal is committed: nothing beyond is read. */
export type JournalEnd = JournalPosition

/** Where to go on reading: where the group begins that holds the next record. */
export type JournalCursor = { readonly file: string; readonly bytes: number; readonly next: number }

export type StageRequest = {
  readonly journalDir: string
  readonly end: JournalEnd
  /** First record wanted; earlier ones are passed over. */
  readonly first: number
  /** Records from here on are not wanted: staging ends with the group before. Default: to the end. */
  readonly below?: number
  /** Where an earlier call ended. Without it, reading begins at the start of the file that holds `first`. */
  readonly cursor?: JournalCursor
  /** Staging ends after the group that reaches one of these. */
  readonly limits?: Partial<StageLimits>
  /** Blocks of the records, in order: their rows get seed and hint. Default: none, for records that are not sealed. */
  readonly blocks?: readonly SeededBlock[]
  /** Records that cannot be read: what stands in their place is passed over. */
  readonly lost?: readonly LostRange[]
  /** `alike`: records that resemble each other stand together, see alike.ts. Default: in their order. */
  readonly order?: "record" | "alike"
  /** What the paths of the files written begin with. They are overwritten. */
  readonly path: string
}

export type StageLimits = {
  /** Most records in one staging: what a table in memory should hold. */
  readonly recordsMax: number
  /**
   * Most bytes: in a table they take about 1.5 times their size, and as much again while they are written.
   */
  readonly bytesMax: number
}

export const STAGE_LIMITS: StageLimits = { recordsMax: 150_000, bytesMax: 64 * 1024 * 1024 }

export type Staged = {
  /** What the paths of all files of this staging begin with. */
  readonly path: string
  /** Files of lines, in order; each small enough to be read at once. */
  readonly files: readonly string[]
  readonly long: readonly LongLine[]
  /** Records staged, long ones included; none where nothing new is committed. */
  readonly records: number
  /** Number of the first and after the last record staged. */
  readonly first: number
  readonly next: number
  /** Sum of the sizes of the raw column, as octets: what must be found in the table. */
  readonly rawBytes: number
  readonly cursor: JournalCursor
}

/** A record whose line is too long for the reader: its values in files. */
export type LongLine = {
  readonly seed: string
  /** In decimal; "" where there is none. */
  readonly hint: string
  readonly head: string
  readonly raw: string
  /** Undefined where there is no event to be read from it. */
  readonly json: string | undefined
}

/**
 * Lines up to this are read by `read_csv` with its ordinary buffers (it allocates sixteen times its longest
 * line).
 */
export const LINE_BYTES_MAX = 1024 * 1024
/**
 * Staging: committed lines of the journal on their way into DuckDB. They are copied to files of tab
 * separated values with the columns head, raw, json, seed and hint, which `read_csv` takes; what it cannot
 * take goes another way:
 *
 * - a body in base64 that is an event all the same (pretty-printed, say) has its JSON in the third column,
 *   as has one with a lone surrogate, which is JSON for everybody but DuckDB;
 * - a line of more than a mebibyte is put into files of its own, so that the reader needs no buffer for the
 *   longest;
 * - bytes that are not UTF-8 are in base64 already; one such byte in `read_csv` kills the whole instance.
 *
 * Resolves with what was staged. Reads committed bytes only; lines outside valid groups are left out. Throws `store.full`
 * where there is no room. What fails leaves no file behind: on a full disk each try would take what room there is.
 */
export async function stageJournal(request: StageRequest): Promise<Staged> {
  const out = new Stage(request)
  try {
    return await stageFiles(request, out)
  } catch (error) {
    await out.discard()
    throw isFull(error) ? new Refusal("store.full", "no room to read the journal", {}, error) : error
  }
}

async function stageFiles(request: StageRequest, out: Stage): Promise<Staged> {
  let cursor = request.cursor
  for (const file of await filesFrom(request)) {
    cursor = await stageFile(request, file, out)
    // A later file's beginning is no place to go on from: what is left of this one would be passed over.
    if (out.full || file.below > (request.below ?? file.below)) break
  }
  await out.flush()
  return out.staged(cursor ?? { file: request.end.file, bytes: request.end.bytes, next: request.end.next })
}

type File = {
  readonly name: string
  readonly start: number
  readonly end: number
  /** Records from here on count in the next file: recovery copies groups there. */
  readonly below: number
}

async function filesFrom({ journalDir, end, first, cursor }: StageRequest): Promise<File[]> {
  const names = journalNames(journalDir).filter((name) => name <= end.file)
  const firsts = names.map((name) => Number.parseInt(name, 10))
  const begin = cursor?.file ?? names[firsts.findLastIndex((number) => number <= first)] ?? ""
  const files: File[] = []
  for (const [i, name] of names.entries()) {
    if (name < begin) continue
    files.push({
      name,
      start: cursor?.file === name ? cursor.bytes : 0,
      end: name === end.file ? end.bytes : (await stat(join(journalDir, name))).size,
      below: Math.min(firsts[i + 1] ?? end.next, end.next),
    })
  }
  return files
}

async function stageFile(request: StageRequest, file: File, out: Stage): Promise<JournalCursor> {
  const below = Math.min(file.below, request.below ?? file.below)
  const handle = await open(join(request.journalDir, file.name), "r")
  let at = file.start
  let size = WINDOW_BYTES
  try {
    while (at < file.end && !out.full) {
      const window = await readWindow(handle, at, Math.min(file.end, at + size))
      let used = 0
      try {
        for (const group of scanJournal(window)) {
          used = group.end
          if (group.first >= below) return out.cursorAt(file.name, at + group.start)
          if (group.first + group.count <= out.next) continue
          await out.take(window, group, below)
          // The rest of its records is for the next staging.
          if (group.first + group.count > below) return out.cursorAt(file.name, at + group.start)
          if (out.full) break
        }
      } finally {
        out.letGo(window)
      }
      // A window without a whole group: the group is larger, or nothing valid follows.
      if (used === 0 && at + window.length >= file.end) return out.cursorAt(file.name, file.end)
      size = used === 0 ? size * 2 : WINDOW_BYTES
      at += used
    }
    return out.cursorAt(file.name, at)
  } finally {
    await handle.close()
  }
}

const [TAB, NEWLINE] = [0x09, 0x0a]
/** The head's last word is "text" or "base64". */
const LAST_OF_TEXT = 0x74
/** What a line of the legacy format begins with, and no JSON object. */
const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
/** Of a line in the staged file: head, raw and json together. */
export const STAGED_LINE_BYTES_MAX = 3 * 1024 * 1024

/** Seed, hint, four TABs at most and the newline. */
const BESIDE_BYTES = 48

/** The files being written, and the count of what went into them. */
class Stage {
  readonly #files: string[] = []
  readonly #written: string[] = []
  readonly #path: string
  readonly #limits: StageLimits
  readonly #first: number
  readonly #long: LongLine[] = []
  readonly #buffer = FILE_BUFFERS.take(FILE_BYTES_MAX)
  /** Windows with lines of the run. */
  readonly #windows: Buffer<ArrayBuffer>[] = []
  readonly #blockOf: (record: number) => FromBlock
  readonly #lost: readonly LostRange[]
  readonly #run: AlikeRun | undefined
  #used = 0
  #rawBytes = 0
  #seen = 0
  #bytes = 0
  /** Number of the first record staged, if any was. */
  #begin: number | undefined
  /** Number after the last record staged: the next one wanted. */
  next: number

  constructor({ path, first, limits, blocks = [], lost = [], order = "record" }: StageRequest) {
    this.#lost = lost
    this.#path = path
    this.#blockOf = blockFinder(blocks)
    this.#run = order === "alike" ? new AlikeRun() : undefined
    this.#limits = { ...STAGE_LIMITS, ...limits }
    this.#first = first
    this.next = first
  }

  get full(): boolean {
    return this.#seen >= this.#limits.recordsMax || this.#bytes >= this.#limits.bytesMax
  }

  cursorAt(file: string, bytes: number): JournalCursor {
    return { file, bytes, next: this.next }
  }

  /** Stages the wanted records of a group. */
  async take(window: Buffer, group: Group, below: number): Promise<void> {
    const [first, next] = [group.first, group.first + group.count]
    const isWhole = lostIn(this.#lost, { first, next }) === 0
    if (isWhole && !isUtf8(window.subarray(group.start, group.commit)))
      throw damagedJournal(`group ${group.group} is not UTF-8`)
    const hasSurrogates = mentionsSurrogate(window.subarray(group.start, group.commit))
    let number = group.first
    for (let start = group.start; start < group.commit; number++) {
      const end = window.indexOf(NEWLINE, start) + 1
      const isThere = isWhole || lostIn(this.#lost, { first: number, next: number + 1 }) === 0
      if (number >= this.next && number < below && isThere) {
        const waits = this.#takeLine(window, start, end, this.#blockOf(number), hasSurrogates)
        if (waits !== undefined) await waits
        this.#begin ??= number
        this.next = number + 1
        this.#seen++
        this.#bytes += end - start
      }
      start = end
    }
  }

  staged(cursor: JournalCursor): Staged {
    return {
      path: this.#path,
      files: this.#files,
      long: this.#long,
      records: this.#seen,
      first: this.#begin ?? this.#first,
      next: this.next,
      rawBytes: this.#rawBytes,
      cursor,
    }
  }

  /** Nothing more is taken from this window. */
  letGo(window: Buffer<ArrayBuffer>): void {
    if (this.#run === undefined || this.#run.isEmpty) WINDOWS.give(window)
    else this.#windows.push(window)
  }

  /** The last call: the memory is others' afterwards. */
  async flush(): Promise<void> {
    await this.#putRun()
    await this.#writeFile()
    FILE_BUFFERS.give(this.#buffer)
  }

  /** Removes all that was written, in part or whole. */
  async discard(): Promise<void> {
    for (const path of this.#written) await rm(path, { force: true })
  }

  async #write(path: string, bytes: Uint8Array | string): Promise<void> {
    this.#written.push(path)
    await writeFile(path, bytes)
  }

  async #writeFile(): Promise<void> {
    if (this.#used === 0) return
    const path = `${this.#path}.${this.#files.length}.tsv`
    await this.#write(path, this.#buffer.subarray(0, this.#used))
    this.#files.push(path)
    this.#used = 0
  }

  /** Resolves at once (undefined) unless something must be written. */
  #takeLine(
    bytes: Buffer,
    start: number,
    end: number,
    fromBlock: FromBlock,
    hasSurrogates: boolean,
  ): Promise<void> | undefined {
    let tab = start
    while (tab < end && bytes[tab] !== TAB) tab++
    if (tab === end) tab = start - 1
    this.#rawBytes += end - tab - 2
    const line = () => bytes.subarray(start, end)
    if (end - start > LINE_BYTES_MAX) return this.#takeLong(line(), tab - start, fromBlock)
    let json = ""
    if (bytes[tab - 1] !== LAST_OF_TEXT) json = eventInBase64(line(), tab - start)
    else if (isDigit(bytes[tab + 1])) json = eventInLegacy(line(), tab - start)
    else if (hasSurrogates) json = eventWithSurrogates(line(), tab - start)
    if (json !== "" && Buffer.byteLength(json) > LINE_BYTES_MAX)
      return this.#takeLong(line(), tab - start, fromBlock)
    const staged = { bytes, start, end, json, ...fromBlock }
    if (this.#run === undefined) return this.#put(staged) ? undefined : this.#putLater(staged)
    this.#run.add(kindOf(bytes, tab, end), staged)
    return this.#run.isWhole ? this.#putRun() : undefined
  }

  /** False where there is no room. */
  #put({ bytes, start, end, json, seed, hint }: StagedLine): boolean {
    const room = json === "" ? BESIDE_BYTES : BESIDE_BYTES + Buffer.byteLength(json)
    const buffer = this.#buffer
    if (this.#used + end - start + room > buffer.length) return false
    let at = this.#used + bytes.copy(buffer, this.#used, start, end - 1)
    buffer[at++] = TAB
    if (json !== "") at += buffer.write(json, at)
    buffer[at++] = TAB
    for (let i = 0; i < seed.length; i++) buffer[at++] = seed.charCodeAt(i)
    buffer[at++] = TAB
    const digits = textOf(hint)
    for (let i = 0; i < digits.length; i++) buffer[at++] = digits.charCodeAt(i)
    buffer[at++] = NEWLINE
    this.#used = at
    return true
  }

  async #putLater(staged: StagedLine): Promise<void> {
    await this.#writeFile()
    this.#put(staged)
  }

  async #putRun(): Promise<void> {
    for (const staged of this.#run?.take() ?? []) if (!this.#put(staged)) await this.#putLater(staged)
    for (const window of this.#windows.splice(0)) WINDOWS.give(window)
  }

  async #takeLong(line: Buffer, tab: number, fromBlock: FromBlock): Promise<void> {
    const head = line.toString("latin1", 0, tab)
    const stored = line.subarray(tab + 1, line.length - 1)
    const path = `${this.#path}.${this.#long.length}`
    await this.#write(`${path}.raw`, stored)
    const isText = line[tab - 1] === 0x74
    const json = hasFields(head)
      ? reducedEvent(isText ? stored : fromBase64(stored.toString("latin1")))
      : undefined
    if (json !== undefined) await this.#write(`${path}.json`, json)
    const files = { raw: `${path}.raw`, json: json === undefined ? undefined : `${path}.json` }
    this.#long.push({ seed: fromBlock.seed, hint: textOf(fromBlock.hint), ...files, head })
  }
}

function textOf(hint: number): string {
  return hint === NO_HINT ? "" : String(hint)
}
