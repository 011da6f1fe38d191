import { setPriority } from "node:os"
import { join } from "node:path"
import { Bug } from "../base/assert.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { realDisk } from "../journal/disk.ts"
import type { Row } from "../query/row.ts"
import type { JournalEnd } from "../store/stage.ts"
import {
  type Ending,
  type FileRequest,
  type FromChild,
  type OpenRequest,
  type QueryRequest,
  type SentRefusal,
  type ToChild,
  WINDOW,
} from "./message.ts"
import { type Place, Places } from "./places.ts"
import { Segmenter } from "./segments.ts"
import { openService, type SearchService, toRefusal } from "./service.ts"

/**
 * Below the process that acknowledges, where both want the processor: beside four scans on a busy machine of two cores,
 * the p50 of an acknowledgement was 1.2 and 2.6 times as long without, the p99 1.5 and 3.1 times (two runs in turns); small
 * questions paid for it with up to half as much again. Set before DuckDB's threads begin, which take it over.
 */
const NICE = 5

setPriority(NICE)

/**
 * The search process: owns DuckDB, makes segments, answers queries. Forked by process.ts; it knows of the ledger what the
 * parent tells it and what stands in files, and ends when the parent does. One query's error ends that query; an engine that
 * gave up ends the process, and the parent starts another.
 */
class Child {
  readonly #service: SearchService
  readonly #segmenter: Segmenter
  readonly #places: Places
  readonly #stop = new AbortController()
  readonly #queries = new Map<number, Reader>()
  readonly #recording = new Map<string, (ok: boolean) => void>()
  #position: JournalEnd | undefined

  constructor(service: SearchService, { dir, limits, lost = [] }: OpenRequest) {
    this.#service = service
    this.#places = new Places(limits)
    this.#segmenter = new Segmenter({
      db: service.db,
      disk: realDisk,
      dir,
      catalogue: service.catalogue,
      tail: service.tail,
      blooms: service.blooms,
      limits,
      lost,
      position: () => this.#position,
      record: (made) =>
        new Promise((resolve) => {
          this.#recording.set(made.name, resolve)
          send({ kind: "segment", made })
        }),
      quietMs: () => service.quietMs,
      now: () => Date.now() * 1000,
      onTrouble: (error) => trouble(error),
      drained: () => service.drained(),
    })
    this.#segmenter.run(this.#stop.signal).catch(die)
  }

  take(message: ToChild): void {
    switch (message.kind) {
      case "open":
        throw new Bug("the search process is opened once")
      case "news":
        if (message.news.position.next >= (this.#position?.next ?? 0)) this.#position = message.news.position
        this.#segmenter.add(message.news.blocks)
        send({ kind: "newsTaken" })
        break
      case "query":
        if ((message.position?.next ?? 0) > (this.#position?.next ?? 0)) this.#position = message.position
        this.#answer(message.id, message.request)
        break
      case "more":
        this.#queries.get(message.id)?.more()
        break
      case "cancel":
        this.#queries.get(message.id)?.cancel()
        break
      case "recorded":
        this.#recording.get(message.name)?.(message.ok)
        this.#recording.delete(message.name)
        break
      case "flush":
        this.#segmenter.flush().then(() => send({ kind: "flushed", id: message.id }), die)
        break
      case "close":
        this.#close()
    }
  }

  #answer(id: number, request: QueryRequest | FileRequest): void {
    const reader = new Reader()
    this.#queries.set(id, reader)
    this.#run(id, request, reader)
      .catch((error: unknown) => {
        if (!isRefusal(error)) trouble(error)
        send({ kind: "refused", id, refusal: sent(toRefusal(error)) })
        if (isRefusal(error, "store.broken")) die(error)
      })
      .finally(() => this.#queries.delete(id))
      .catch(die)
  }

  #parts(
    request: QueryRequest | FileRequest,
    stop: AbortSignal,
    place: Promise<Place>,
  ): AsyncGenerator<Part, Ending> {
    return "file" in request
      ? this.#service.file(request, this.#position, stop, place)
      : this.#service.query(request, this.#position, stop, place)
  }

  async #run(id: number, request: QueryRequest | FileRequest, reader: Reader): Promise<void> {
    const place = this.#places.enter(reader.stop)
    place.catch(() => undefined) // heard by whoever answers
    const answer = this.#parts(request, reader.stop, place)
    try {
      for (;;) {
        const { done, value } = await answer.next()
        if (done === true) {
          send({ kind: "end", id, ending: value })
          return
        }
        await reader.room()
        if (reader.stop.aborted) throw new Refusal("store.interrupted", "nobody waits for the answer")
        send(partMessage(id, value))
      }
    } finally {
      await answer.return({ rows: 0 }) // where its reader left: else it would count as one that runs
      const entered = await place.catch(() => undefined)
      entered?.leave()
    }
  }

  #close(): void {
    this.#stop.abort()
    for (const reader of this.#queries.values()) reader.cancel()
    for (const resolve of this.#recording.values()) resolve(false)
    this.#service.close()
    process.disconnect?.()
    process.exit(0)
  }
}

/** A reader that takes nothing for so long gives its place to others. */
const READER_IDLE_MS = 60_000

/** The other end of one query: how much it can take, and whether it still listens. */
class Reader {
  readonly #abort = new AbortController()
  #credit = WINDOW
  #wake: (() => void) | undefined

  get stop(): AbortSignal {
    return this.#abort.signal
  }

  /** Resolves when another message may be sent, or nobody listens any more. */
  async room(): Promise<void> {
    const giveUp = this.#credit === 0 ? setTimeout(() => this.cancel(), READER_IDLE_MS) : undefined
    while (this.#credit === 0 && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    clearTimeout(giveUp)
    this.#credit--
  }

  more(): void {
    this.#credit++
    this.#wake?.()
  }

  cancel(): void {
    this.#abort.abort()
    this.#wake?.()
  }
}

/** Rows, bytes of a file, or what will be said at its end. */
type Part = readonly Row[] | Uint8Array | Ending

function partMessage(id: number, part: Part): FromChild {
  if (part instanceof Uint8Array) return { kind: "bytes", id, bytes: part }
  return "rows" in part ? { kind: "file", id, ending: part } : { kind: "rows", id, rows: part }
}

function send(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

function sent({ code, message, facts }: Refusal): SentRefusal {
  return { code, message, facts }
}

function trouble(error: unknown): void {
  send({ kind: "trouble", refusal: sent(toRefusal(error)) })
}

function die(error: unknown): never {
  process.stderr.write(
    `search process: ${error instanceof Error ? (error.stack ?? error.message) : "error"}\n`,
  )
  process.exit(70)
}

async function open(request: OpenRequest): Promise<Child> {
  const tempDir = join(request.dir, "tmp", "search")
  return new Child(await openService({ ...request, tempDir, readOnly: false }), request)
}

let child: Child | undefined
const early: ToChild[] = []

process.on("disconnect", () => process.exit(0))
// A terminal's interrupt reaches the whole group; the parent decides when this process ends.
process.on("SIGINT", () => undefined)
process.on("SIGTERM", () => undefined)
process.on("message", (message: ToChild) => {
  if (child !== undefined) child.take(message)
  else if (message.kind !== "open") early.push(message)
  else {
    open(message.request).then((opened) => {
      child = opened
      send({ kind: "ready" })
      for (const waiting of early.splice(0)) opened.take(waiting)
    }, failToOpen)
  }
})

function failToOpen(error: unknown): void {
  trouble(error)
  die(error)
}
