import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isThere } from "../base/is-there.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { journalNames, readJournalFile } from "../journal/files.ts"
import { scanJournal } from "../journal/line.ts"
import { chainRuns, holesIn, type Run, readableRuns } from "../journal/runs.ts"
import { cataloguePath } from "../store/catalogue.ts"
import type { LostRange } from "../store/seeded-block.ts"
import type { JournalEnd } from "../store/stage.ts"
import { type Ending, type QueryMessage, type QueryRequest, SEARCH_LIMITS } from "./message.ts"
import type { TakeBody } from "./scan.ts"
import { openService, type SearchService } from "./service.ts"

/** A ledger's directory, searched from this process without its server; nothing in it is written. Must be closed. */
export interface LocalSearch {
  query(request: QueryRequest, stop: AbortSignal): AsyncIterable<QueryMessage>
  /**
   * The bodies of all records that a filter matches, in whatever order they are found fastest. `bytes`, of one record, are good until
   * `take` is called again; what it returns is waited for.
   */
  bodies(request: QueryRequest, take: TakeBody, stop: AbortSignal): Promise<Ending>
  close(): Promise<void>
}

/** A server may put records into a segment between two looks; each try looks again. */
const TRIES = 5

/**
 * Opens a directory as it is: the catalogue says which segments there are (`verify` says whether it is right), the journal's
 * valid groups are the tail. A server may be at work on it; what it commits later is not seen, and where it merges segments
 * that are to be read the directory is opened anew. Refuses `ledger.missing`.
 */
export async function openLocalSearch(dir: string): Promise<LocalSearch> {
  if (!isThere(join(dir, "journal")) && !isThere(cataloguePath(dir))) {
    throw new Refusal("ledger.missing", `there is no ledger in ${dir}`, { dir })
  }
  const tempDir = await mkdtemp(join(tmpdir(), "tallystick-search-"))
  const search = new OpenDirectory(dir, tempDir)
  try {
    await search.open()
    return search
  } catch (error) {
    await search.close()
    throw error
  }
}

class OpenDirectory implements LocalSearch {
  readonly #dir: string
  readonly #tempDir: string
  #service: SearchService | undefined
  #end: JournalEnd | undefined

  constructor(dir: string, tempDir: string) {
    this.#dir = dir
    this.#tempDir = tempDir
  }

  async open(): Promise<SearchService> {
    for (let left = TRIES; ; left--) {
      this.#service?.close()
      const [dir, tempDir] = [this.#dir, this.#tempDir]
      const journalDir = join(dir, "journal")
      const given = { dir, tempDir, made: undefined, limits: SEARCH_LIMITS, readOnly: true }
      const service = await openService({ ...given, lost: lostIn(journalDir) })
      this.#service = service
      this.#end = journalEnd(journalDir)
      if (left === 0 || this.#end === undefined || (await reachesSegments(service, this.#end))) return service
    }
  }

  async bodies(request: QueryRequest, take: TakeBody, stop: AbortSignal): Promise<Ending> {
    for await (const message of this.query({ ...request, unordered: true }, stop, take))
      if (message.kind === "end") return message
    throw new Refusal("store.interrupted", "the reading has no end")
  }

  async *query(request: QueryRequest, stop: AbortSignal, bodies?: TakeBody): AsyncGenerator<QueryMessage> {
    let given = false
    for (let left = TRIES; ; left--) {
      const service = this.#service ?? (await this.open())
      try {
        const answer = service.query(request, this.#end, stop, undefined, bodies)
        for (;;) {
          const { done, value } = await answer.next()
          if (done === true) return yield { kind: "end", ...value }
          given ||= value.length > 0 || bodies !== undefined
          yield { kind: "rows", rows: value }
        }
      } catch (error) {
        if (given || left === 0 || !isRefusal(error, "search.moved")) throw error
        await this.open()
      }
    }
  }

  async close(): Promise<void> {
    this.#service?.close()
    await rm(this.#tempDir, { recursive: true, force: true })
  }
}

/** Loads the tail at once, since the server may remove the journal's files later; false where records are missing before it. */
async function reachesSegments(service: SearchService, end: JournalEnd): Promise<boolean> {
  try {
    await service.tail.load(end)
    return service.gap === undefined
  } catch {
    return false
  }
}

/** What the journal does not have between the records that can be read: other lines there would be no records. */
function lostIn(journalDir: string): readonly LostRange[] {
  const files = isThere(journalDir) ? journalNames(journalDir) : []
  const chain = chainRuns(files.flatMap((name) => readableRunsIn(journalDir, name)))
  return holesIn(chain, { from: 0, end: 0 })
}

/** None where a server has let go of the file. */
function readableRunsIn(journalDir: string, name: string): readonly Run[] {
  try {
    const bytes = readJournalFile(journalDir, name)
    return readableRuns(name, bytes, scanJournal(bytes))
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return []
    throw error
  }
}

/** Where the journal's valid groups end; undefined where there is no journal. */
function journalEnd(journalDir: string): JournalEnd | undefined {
  const file = isThere(journalDir) ? journalNames(journalDir).at(-1) : undefined
  if (file === undefined) return undefined
  let [bytes, next] = [0, Number.parseInt(file, 10)]
  for (const group of scanJournal(readJournalFile(journalDir, file))) {
    bytes = group.end
    next = group.first + group.count
  }
  return { file, bytes, next }
}
