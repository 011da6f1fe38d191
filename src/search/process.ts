import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert } from "../base/assert.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { HeldRange } from "../journal/journal.ts"
import { DUCKDB_ENVIRONMENT } from "../store/duckdb-environment.ts"
import type { LostRange } from "../store/seeded-block.ts"
import { Answer, type AnyMessage } from "./answer.ts"
import { type RecordSegment, SegmentFiles } from "./leftovers.ts"
import {
  type FileMessage,
  type FileRequest,
  type FromChild,
  type News,
  type QueryMessage,
  type QueryRequest,
  SEARCH_LIMITS,
  type SealedSeed,
  type SearchLimits,
  type SegmentNews,
  type SentRefusal,
  type ToChild,
} from "./message.ts"
import { watchMemory } from "./watch-memory.ts"

/** The parent's side: lives in the process that acknowledges, never waits for the child and holds little. */
export interface SearchProcess {
  /** What is committed in the journal and which blocks are sealed: all that wait for a segment, or only new ones. Coalesced. */
  inform(news: News): void
  /**
   * Rows as they come; the last message is the summary. Refuses `search.unavailable` while the child is down, and the
   * query's own refusals. Ends early and frees everything when `stop` aborts or nobody iterates any more.
   */
  query(request: QueryRequest, stop: AbortSignal): AsyncIterable<QueryMessage>
  /** The same as the bytes of one file. */
  file(request: FileRequest, stop: AbortSignal): AsyncIterable<FileMessage>
  /** Makes segments of all that is sealed; resolves when that is done or was tried. */
  flush(): Promise<void>
  readonly state: "starting" | "ready" | "down"
  /** Resolves when it is ready for the first time, or again. */
  ready(): Promise<void>
  /** For metrics and tests: the child's process id. */
  readonly pid: number | undefined
  close(): Promise<void>
}

export type SearchOptions = {
  /** The ledger's directory. */
  readonly dir: string
  /** Every sealed `segment.made`, in order, at the time of a start; undefined: as the catalogue says. */
  readonly made?: () => Promise<readonly SegmentNews[] | undefined>
  /** Records `segment.made`, waits until it is sealed, lets sealer and journal forget; rejects when that cannot be. */
  readonly onSegment: RecordSegment
  /** What the journal holds: a file that a crash left goes only where nothing is lost with it. */
  readonly heldByJournal: () => readonly HeldRange[]
  readonly onTrouble?: (refusal: Refusal) => void
  /** Files of segments that a crash left without a record, or that others replace, were removed. */
  readonly onLeftovers?: (names: readonly string[]) => void
  readonly limits?: Partial<SearchLimits>
}

/** Waits before the child is started again: doubled after each early death, up to the largest. */
const BACKOFF_MS = { least: 100, most: 10_000 }
/** A child that lived so long was healthy: the next wait is the least again. */
const HEALTHY_MS = 30_000
/** How long `close` waits before it kills. */
const CLOSE_MS = 5_000

export function openSearch(options: SearchOptions): SearchProcess {
  return new Supervisor(options)
}

class Supervisor implements SearchProcess {
  readonly #options: SearchOptions
  readonly #limits: SearchLimits
  state: SearchProcess["state"] = "starting"
  #child: ChildProcess | undefined
  #startedAt = 0
  #backoffMs = BACKOFF_MS.least
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #ids = 0
  readonly #answers = new Map<number, Answer>()
  readonly #flushes = new Map<number, () => void>()
  #readers: (() => void)[] = []
  /** The newest position, and blocks that are in no segment: told again to a new child. */
  #position: News["position"] | undefined
  readonly #blocks = new Map<number, SealedSeed>()
  #unsent = new Map<number, SealedSeed>()
  readonly #files: SegmentFiles
  #newsUnderWay = false
  #newsWaits = false

  constructor(options: SearchOptions) {
    this.#options = options
    this.#limits = { ...SEARCH_LIMITS, ...options.limits }
    this.#files = new SegmentFiles(options.dir, options.heldByJournal)
    this.#start()
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  ready(): Promise<void> {
    if (this.state === "ready") return Promise.resolve()
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  inform({ position, blocks }: News): void {
    this.#position = position
    for (const { number, first, count, seed, hints } of blocks) {
      if (this.#blocks.has(number)) continue
      const block = { number, first, count, seed, ...(hints === undefined ? {} : { hints }) }
      this.#blocks.set(number, block)
      this.#unsent.set(number, block)
    }
    this.#tellNews()
  }

  async *query(request: QueryRequest, stop: AbortSignal): AsyncGenerator<QueryMessage> {
    for await (const message of this.#ask(request, stop)) {
      assert(message.kind === "rows" || message.kind === "end", "rows were asked for")
      yield message
    }
  }

  async *file(request: FileRequest, stop: AbortSignal): AsyncGenerator<FileMessage> {
    for await (const message of this.#ask(request, stop)) {
      assert(message.kind !== "rows", "a file was asked for")
      yield message
    }
  }

  async *#ask(request: QueryRequest | FileRequest, stop: AbortSignal): AsyncGenerator<AnyMessage> {
    if (this.state !== "ready") throw unavailable()
    if (stop.aborted) throw new Refusal("store.interrupted", "nobody waits for the answer")
    const id = ++this.#ids
    const answer = new Answer()
    this.#answers.set(id, answer)
    // At once, also when nobody is iterating at this moment.
    const cancel = () => {
      answer.fail(new Refusal("store.interrupted", "nobody waits for the answer"))
      this.#send({ kind: "cancel", id })
    }
    stop.addEventListener("abort", cancel, { once: true })
    this.#send({ kind: "query", id, request, position: this.#position })
    try {
      for (;;) {
        const message = await answer.next()
        yield message
        if (message.kind === "end") return
        this.#send({ kind: "more", id })
      }
    } finally {
      stop.removeEventListener("abort", cancel)
      this.#answers.delete(id)
      if (!answer.ended) this.#send({ kind: "cancel", id })
    }
  }

  flush(): Promise<void> {
    if (this.state !== "ready") return Promise.reject(unavailable())
    const id = ++this.#ids
    return new Promise((resolve) => {
      this.#flushes.set(id, resolve)
      this.#send({ kind: "flush", id })
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#failAll()
    const child = this.#child
    this.state = "down"
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => child.kill("SIGKILL"), CLOSE_MS)
      child.once("exit", () => {
        clearTimeout(kill)
        resolve()
      })
      this.#send({ kind: "close" })
    })
  }

  #start(): void {
    this.state = "starting"
    this.#startedAt = performance.now()
    const child = fork(childPath(), [], {
      serialization: "advanced",
      // Out of reach of Ctrl-C, which a terminal sends to all of its group: this side decides when the child ends.
      detached: true,
      env: { ...process.env, ...DUCKDB_ENVIRONMENT },
      execArgv: process.execArgv.filter(
        (argument) => !/^--(test|inspect|watch|input-type|eval|print)/.test(argument),
      ),
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    })
    this.#child = child
    child.on("message", (message: FromChild) => {
      if (this.#child === child) this.#take(message)
    })
    child.on("error", () => undefined)
    const watched = new AbortController()
    child.once("exit", () => {
      watched.abort()
      if (this.#child === child) this.#ended()
    })
    if (child.pid !== undefined) {
      void watchMemory(
        child.pid,
        this.#limits.residentMax,
        (bytes) => this.#tooLarge(child, bytes),
        watched.signal,
      )
    }
    this.#open(child).catch((error: unknown) => {
      this.#trouble(
        isRefusal(error)
          ? error
          : new Refusal("search.failed", "the search process cannot be opened", {}, error),
      )
      child.kill("SIGKILL")
    })
  }

  #tooLarge(child: ChildProcess, bytes: number): void {
    const mebibytes = Math.round(bytes / 1024 ** 2)
    this.#trouble(new Refusal("search.failed", `the search process grew to ${mebibytes} MiB and was ended`))
    child.kill("SIGKILL")
  }

  async #open(child: ChildProcess): Promise<void> {
    const made = await this.#options.made?.()
    const removed = await this.#files.begin(made)
    if (removed.length > 0) this.#options.onLeftovers?.(removed)
    if (this.#child !== child) return
    this.#unsent = new Map(this.#blocks)
    this.#newsUnderWay = false
    const { dir, heldByJournal } = this.#options
    const lost = lostBetween(heldByJournal())
    const { recorded } = this.#files
    this.#send({ kind: "open", request: { dir, made, recorded, lost, limits: this.#limits } })
  }

  #ended(): void {
    this.#child = undefined
    this.state = "down"
    this.#failAll()
    if (this.#closed) return
    if (performance.now() - this.#startedAt > HEALTHY_MS) this.#backoffMs = BACKOFF_MS.least
    this.#trouble(
      new Refusal(
        "search.unavailable",
        `the search process ended; it is started again in ${this.#backoffMs} ms`,
      ),
    )
    this.#timer = setTimeout(() => this.#start(), this.#backoffMs)
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS.most)
  }

  #failAll(): void {
    for (const answer of this.#answers.values()) answer.fail(unavailable())
    for (const resolve of this.#flushes.values()) resolve()
    this.#flushes.clear()
  }

  #take(message: FromChild): void {
    switch (message.kind) {
      case "ready":
        this.state = "ready"
        for (const resolve of this.#readers.splice(0)) resolve()
        this.#tellNews()
        break
      case "newsTaken":
        this.#newsUnderWay = false
        if (this.#newsWaits) this.#tellNews()
        break
      case "rows":
        this.#answers.get(message.id)?.put({ kind: "rows", rows: message.rows })
        break
      case "file":
        this.#answers.get(message.id)?.put({ kind: "file", ending: message.ending })
        break
      case "bytes":
        this.#answers.get(message.id)?.put({ kind: "bytes", bytes: message.bytes })
        break
      case "end":
        this.#answers.get(message.id)?.put({ kind: "end", ...message.ending })
        break
      case "refused":
        this.#answers.get(message.id)?.fail(received(message.refusal))
        break
      case "segment":
        this.#record(message.made)
        break
      case "flushed":
        this.#flushes.get(message.id)?.()
        this.#flushes.delete(message.id)
        break
      case "trouble":
        this.#trouble(received(message.refusal))
    }
  }

  /** At most one message of news is under way; what comes meanwhile is told together. */
  #tellNews(): void {
    if (this.#position === undefined || this.state !== "ready") return
    this.#newsWaits = this.#newsUnderWay
    if (this.#newsUnderWay) return
    const blocks = [...this.#unsent.values()]
    this.#unsent.clear()
    this.#newsUnderWay = true
    this.#send({ kind: "news", news: { position: this.#position, blocks } })
  }

  #record(made: SegmentNews): void {
    const child = this.#child
    this.#files.record(made, this.#options.onSegment).then(
      () => {
        for (const [number, block] of this.#blocks) if (block.first <= made.last) this.#blocks.delete(number)
        if (this.#child === child) this.#send({ kind: "recorded", name: made.name, ok: true })
      },
      (error: unknown) => {
        this.#trouble(
          isRefusal(error)
            ? error
            : new Refusal("search.failed", "a segment could not be recorded", {}, error),
        )
        if (this.#child === child) this.#send({ kind: "recorded", name: made.name, ok: false })
      },
    )
  }

  #trouble(refusal: Refusal): void {
    this.#options.onTrouble?.(refusal)
  }

  #send(message: ToChild): void {
    const child = this.#child
    // A child that dies at this moment is noticed by its exit.
    if (child?.connected === true) child.send(message, () => undefined)
  }
}

/** What should be in the journal and is not. What lies before all that it holds is in segments, or lost too. */
function lostBetween(held: readonly HeldRange[]): LostRange[] {
  let next = 0
  return held.flatMap((range) => {
    const lost = { first: next, next: range.first }
    next = range.last + 1
    return lost.next > lost.first ? [lost] : []
  })
}

function received({ code, message, facts }: SentRefusal): Refusal {
  return new Refusal(code, message, facts)
}

function unavailable(): Refusal {
  return new Refusal("search.unavailable", "the search process is not running")
}

/** The sibling file, as source or compiled. */
function childPath(): string {
  const name = import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js"
  return fileURLToPath(new URL(name, import.meta.url))
}
