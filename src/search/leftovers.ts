import { statSync } from "node:fs"
import { readdir } from "node:fs/promises"
import type { HeldRange } from "../journal/journal.ts"
import { cataloguePath, readCatalogue } from "../store/catalogue.ts"
import { isSegmentName, rangeOfSegment, segmentPath, segmentsDir } from "../store/segment-name.ts"
import type { SegmentNews } from "./message.ts"
import { removeSegments } from "./segments.ts"

/** Makes a segment's record and waits until it is sealed. Calls `claim` when it is journalled: from then on it may count. */
export type RecordSegment = (made: SegmentNews, claim: () => void) => Promise<void>

/**
 * Which segment files count: those that a sealed record names, and those whose record is under way. A crash or a failure
 * between a file's rename and its record leaves one that nobody names; while the journal has its records `verify` knows it
 * for what it is, and once the journal forgets them it would look like a file that somebody put there. So leftovers go
 * before the journal forgets. Lives in the process that records.
 */
export class SegmentFiles {
  readonly #dir: string
  readonly #heldByJournal: () => readonly HeldRange[]
  readonly #recorded = new Map<string, SegmentNews>()
  readonly #underWay = new Map<string, Promise<unknown>>()
  /** Their records are journalled; whether they are ever sealed is known after the next start of the ledger. */
  readonly #claimed = new Set<string>()

  constructor(dir: string, heldByJournal: () => readonly HeldRange[]) {
    this.#dir = dir
    this.#heldByJournal = heldByJournal
  }

  /**
   * Before a search process works on the files: waits for what is under way, learns of all that is recorded (`made`;
   * undefined: as the catalogue says), and removes what a crash left. Resolves with what was removed.
   */
  async begin(made: readonly SegmentNews[] | undefined): Promise<readonly string[]> {
    await Promise.allSettled(this.#underWay.values())
    const known = made ?? (await readCatalogue(cataloguePath(this.#dir))).entries
    for (const segment of known) this.#recorded.set(segment.name, segment)
    const replaced = [...this.#recorded.values()].flatMap(({ replaces }) => replaces)
    const files = await this.#files()
    const leftovers = this.#leftovers(files, Number.POSITIVE_INFINITY)
    const gone = [
      ...leftovers,
      ...replaced.filter((name) => files.includes(name) && this.#isCovered(name, files)),
    ]
    await removeSegments(this.#dir, gone)
    return gone
  }

  /** Recorded since the first {@link begin}: a process that died may not have told the catalogue. */
  get recorded(): readonly SegmentNews[] {
    return [...this.#recorded.values()]
  }

  /** Has a segment recorded by `record`, which lets the journal forget its records; first removes what else claims them. */
  async record(made: SegmentNews, record: RecordSegment): Promise<void> {
    const recording = this.#record(made, record)
    this.#underWay.set(made.name, recording)
    try {
      await recording
      this.#recorded.set(made.name, made)
    } finally {
      this.#underWay.delete(made.name)
    }
  }

  async #record(made: SegmentNews, record: RecordSegment): Promise<void> {
    this.#underWay.set(made.name, Promise.resolve())
    await removeSegments(this.#dir, this.#leftovers(await this.#files(), made.last))
    await record(made, () => this.#claimed.add(made.name))
  }

  async #files(): Promise<readonly string[]> {
    const names = await readdir(segmentsDir(this.#dir), { recursive: true }).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return []
      throw error
    })
    return names.filter(isSegmentName)
  }

  /** Files without a record that begin at or before a record, as far as nothing is lost with them. */
  #leftovers(files: readonly string[], upTo: number): readonly string[] {
    return files.filter(
      (name) =>
        !this.#recorded.has(name) &&
        !this.#underWay.has(name) &&
        !this.#claimed.has(name) &&
        rangeOfSegment(name).first <= upTo &&
        this.#isCovered(name, files),
    )
  }

  /**
   * Whether journal and recorded segments hold every record of a file. Where a damaged ledger no longer says what was
   * recorded, a file may be all there is of its records: it stays. So it does where what should stand in its place is gone or
   * cut; and what is replaced itself stands for nothing, or two files would go, each because of the other.
   */
  #isCovered(name: string, files: readonly string[]): boolean {
    const { first, last } = rangeOfSegment(name)
    const replaced = new Set([...this.#recorded.values()].flatMap(({ replaces }) => replaces))
    const inFiles = files
      .filter((file) => file !== name && !replaced.has(file) && this.#isWhole(file))
      .map(rangeOfSegment)
    const ranges = [...inFiles, ...this.#heldByJournal()].sort((a, b) => a.first - b.first)
    let next = first
    for (const range of ranges) if (range.first <= next && next <= range.last) next = range.last + 1
    return next > last
  }

  #isWhole(name: string): boolean {
    const recorded = this.#recorded.get(name)
    const found = statSync(segmentPath(this.#dir, name), { throwIfNoEntry: false })
    return recorded !== undefined && found?.size === recorded.bytes
  }
}
