import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { realDisk } from "../journal/disk.ts"
import { type Columns, openColumns } from "../query/column.ts"
import type { Row } from "../query/row.ts"
import { BloomCache } from "../store/bloom-cache.ts"
import {
  type Catalogue,
  type CatalogueEntry,
  cataloguePath,
  openCatalogue,
  readCatalogue,
} from "../store/catalogue.ts"
import { MSG_SQL } from "../store/columns.ts"
import { type Duckdb, openDuckdb } from "../store/duckdb.ts"
import { segmentPath, segmentsDir } from "../store/segment-name.ts"
import type { JournalEnd } from "../store/stage.ts"
import { REPEATS } from "./duplicates.ts"
import { exportRows } from "./export.ts"
import { Holding } from "./holding.ts"
import type { Ending, FileRequest, OpenRequest, QueryRequest } from "./message.ts"
import { NO_PLACE, type Place } from "./places.ts"
import { Remembered } from "./remembered.ts"
import { IS_EARLIER } from "./requests.ts"
import { type Engine, runQuery } from "./run.ts"
import type { TakeBody } from "./scan.ts"
import type { Snapshot } from "./snapshot.ts"
import { Statistics } from "./statistics.ts"
import { Tail } from "./tail.ts"
import { Turns } from "./turns.ts"
import { UnreadableFiles } from "./unreadable.ts"

/** Bloom filters kept in memory: those of about a thousand fresh segments. */
const BLOOM_BYTES = 64 * 1024 ** 2

/** Bytes of rows that wait on disk for one export: as many as sorts of the engine may spill. */
const EXPORT_BYTES_MAX = 4 * 1024 ** 3

const PROCESSORS = availableParallelism()
/** Statements of large queries at once: one processor is for everybody else, among them who acknowledges. */
const TURNS_BESIDE_OTHERS = Math.max(1, PROCESSORS - 1)

const NOWHERE = Promise.resolve(NO_PLACE)

export type ServiceOptions = OpenRequest & {
  /** Nothing in the ledger's directory is written. */
  readonly readOnly: boolean
  /** For staged lines and spilling; made if missing. */
  readonly tempDir: string
}

/** Segments, tail and engine of one ledger: answers queries, whoever asks. Must be closed. */
export class SearchService {
  readonly db: Duckdb
  readonly catalogue: Catalogue
  readonly tail: Tail
  readonly blooms: BloomCache
  readonly #dir: string
  readonly #tempDir: string
  readonly #engine: Engine
  readonly #missing: number
  readonly #readOnly: boolean
  readonly #unreadable: UnreadableFiles
  readonly #running: Set<object>
  #quietSince = performance.now()

  /** Only {@link openService} makes one. */
  constructor(parts: {
    readonly db: Duckdb
    readonly dir: string
    readonly tempDir: string
    readonly catalogue: Catalogue
    readonly tail: Tail
    readonly engine: Engine
    readonly missing: number
    readonly readOnly: boolean
    readonly running: Set<object>
  }) {
    this.db = parts.db
    this.catalogue = parts.catalogue
    this.tail = parts.tail
    this.blooms = parts.engine.blooms
    this.#dir = parts.dir
    this.#tempDir = parts.tempDir
    this.#engine = parts.engine
    this.#missing = parts.missing
    this.#readOnly = parts.readOnly
    this.#running = parts.running
    this.#unreadable = new UnreadableFiles(parts.dir)
  }

  /** Milliseconds since the last query ended; 0 while one runs. */
  get quietMs(): number {
    return this.#running.size > 0 ? 0 : performance.now() - this.#quietSince
  }

  /** Resolves when no query that runs now runs any more. */
  async drained(): Promise<void> {
    const running = [...this.#running]
    while (running.some((query) => this.#running.has(query))) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  readonly #waiting: (() => void)[] = []

  /** The same as one file; see {@link exportRows}. */
  file(
    request: FileRequest,
    end: JournalEnd | undefined,
    stop: AbortSignal,
    place: Promise<Place> = NOWHERE,
  ): AsyncGenerator<Ending | Uint8Array, Ending> {
    const exporting = {
      format: request.file,
      db: this.db,
      tempDir: this.#tempDir,
      bytesMax: EXPORT_BYTES_MAX,
    }
    return exportRows(this.query(request, end, stop, place), exporting, stop)
  }

  /**
   * Answers from what is committed at `end`; see {@link runQuery}. The tail is loaded while it waits for a place: all that
   * wait share one load. `bodies`: of a query without pipes, unordered: it takes them, and no rows come.
   */
  async *query(
    request: QueryRequest,
    end: JournalEnd | undefined,
    stop: AbortSignal,
    place: Promise<Place> = NOWHERE,
    bodies?: TakeBody,
  ): AsyncGenerator<readonly Row[], Ending> {
    const query = {}
    this.#running.add(query)
    try {
      const loading = end === undefined ? undefined : this.#loadTail(end)
      loading?.catch(() => undefined) // heard below, unless there is no place
      const asker = { place: await place, stop, ...(bodies === undefined ? {} : { bodies }) }
      const unread = await loading
      const without = new Set<string>()
      const { partial, ...ending } = yield* this.#answer(request, asker, without)
      const reasons = this.#partial(partial, unread, this.#saidOf(without))
      return reasons === undefined ? ending : { ...ending, partial: reasons }
    } finally {
      this.#running.delete(query)
      this.#quietSince = performance.now()
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /**
   * A file that cannot be read fails no query: it is looked for, and the answer says that it is without it. `without` gets the names
   * of such files: others may find meanwhile that one is sound.
   */
  async *#answer(
    request: QueryRequest,
    asker: { readonly place: Place; readonly stop: AbortSignal; readonly bodies?: TakeBody },
    without: Set<string>,
  ): AsyncGenerator<readonly Row[], Ending> {
    let given = false
    await this.#unreadable.settle(asker.stop)
    for (;;) {
      const snapshot = this.#snapshot(without)
      const answer = runQuery(request, snapshot, this.#engine, asker)
      try {
        for (;;) {
          const { done, value } = await answer.next()
          if (done === true) return value
          given = true
          yield value
        }
      } catch (error) {
        // Who only reads does not hear of merged segments: a server removes the files that it replaced.
        if (this.#readOnly && isRefusal(error) && this.#isGone(snapshot)) throw moved(error)
        const again =
          isRefusal(error, "store.failed") && (await this.#unreadable.find(snapshot.segments, asker.stop))
        if (given || !again) throw error
      } finally {
        await answer.return({ rows: 0 }) // where nobody iterates any more
        snapshot.release()
      }
    }
  }

  /** Refuses `search.moved` where a server may have removed the file. */
  #isSame(segment: CatalogueEntry): boolean {
    if (this.#unreadable.isSame(segment)) return true
    if (this.#readOnly && !existsSync(segmentPath(this.#dir, segment.name))) throw moved()
    return false
  }

  #isGone({ segments }: Snapshot): boolean {
    return segments.some(({ name }) => !existsSync(segmentPath(this.#dir, name)))
  }

  close(): void {
    this.db.close()
  }

  /** Loads the tail; says why the newest records are not in it, if they are not. */
  async #loadTail(end: JournalEnd): Promise<string | undefined> {
    const loaded = this.#engine.turns.small()
    try {
      if (await this.tail.load(end)) return undefined
      return `memory: the newest ${end.next - this.tail.next} records are not loaded yet`
    } catch (error) {
      if (!isRefusal(error)) throw error
      return `journal: the newest records cannot be read (${error.message})`
    } finally {
      loaded()
    }
  }

  /** Records behind the last segment that are nowhere, though later ones are in the tail. */
  get gap(): { readonly first: number; readonly next: number } | undefined {
    return this.tail.missing(this.catalogue.next)
  }

  /** Taken in one turn: every record is in it once. */
  #snapshot(without: Set<string>): Snapshot {
    const segments = this.#unreadable.readable(this.catalogue.entries)
    for (const name of this.#unreadable.names) without.add(name)
    const { tables, release } = this.tail.hold(this.catalogue.next)
    const isSame = (segment: CatalogueEntry) => {
      const same = this.#isSame(segment)
      if (!same) without.add(segment.name)
      return same
    }
    return { dir: this.#dir, segments, tail: tables, isSame, release }
  }

  #saidOf(without: ReadonlySet<string>): string | undefined {
    const { size } = new Set([...without, ...this.#unreadable.names])
    return size === 0 ? undefined : `segments: ${size} files are not as they were recorded: verify says more`
  }

  #partial(...reasons: readonly (string | undefined)[]): string | undefined {
    const missing = this.#missing === 0 ? undefined : `segments: ${this.#missing} files are missing`
    const { gap } = this
    const lacking =
      gap === undefined ? undefined : `segments: records ${gap.first} to ${gap.next - 1} are in none`
    const all = [...reasons, missing, lacking].filter((reason) => reason !== undefined)
    return all.length === 0 ? undefined : all.join("; ")
  }
}

export async function openService(options: ServiceOptions): Promise<SearchService> {
  const { dir, tempDir, limits, readOnly } = options
  const disk = readOnly ? undefined : realDisk
  await mkdir(tempDir, { recursive: true })
  const db = await openDuckdb({
    memoryBytesMax: limits.memoryMax,
    tempBytesMax: limits.tempMax,
    threads: limits.threads,
    tempDir,
    folders: [segmentsDir(dir), join(dir, "tmp")],
  })
  try {
    const known = options.made ?? (await readCatalogue(cataloguePath(dir))).entries
    const names = new Set(known.map(({ name }) => name))
    const made = [...known, ...(options.recorded ?? []).filter(({ name }) => !names.has(name))]
    const { catalogue, missing } = await openCatalogue({ db, dir, made, disk })
    const blooms = new BloomCache({ db, dir, disk, bytesMax: BLOOM_BYTES })
    const tail = new Tail({
      db,
      dir,
      tempDir,
      blooms,
      entries: () => catalogue.entries,
      first: catalogue.next,
      lost: options.lost ?? [],
    })
    const columns: Columns = openColumns({ msg: MSG_SQL })
    const repetitions = new Holding(db, REPEATS)
    const earlierStages = new Holding(db, IS_EARLIER)
    const { stepsMemoryMax } = limits
    const running = new Set<object>()
    const turns = new Turns(() => (running.size > 1 ? TURNS_BESIDE_OTHERS : PROCESSORS))
    const remembered = new Remembered()
    const engine: Engine = {
      db,
      turns,
      blooms,
      repetitions,
      earlierStages,
      columns,
      remembered,
      statistics: new Statistics(db),
      stepsMemoryMax,
    }
    const parts = { db, dir, tempDir, catalogue, tail, engine, running, readOnly }
    return new SearchService({ ...parts, missing: missing.length })
  } catch (error) {
    db.close()
    throw error
  }
}

function moved(cause?: unknown): Refusal {
  return new Refusal("search.moved", "a server merged segments while they were read", {}, cause)
}

/** An error as others may hear it: a refusal as it is, anything else without its text, which may quote events. */
export function toRefusal(error: unknown): Refusal {
  if (isRefusal(error)) return error
  return new Refusal("search.failed", "the query could not be run", {}, error)
}
