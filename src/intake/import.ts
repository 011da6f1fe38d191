import { createHash } from "node:crypto"
import { concat, toBytes } from "../base/bytes.ts"
import { isRefusal, type Refusal } from "../base/refusal.ts"
import type { Hints } from "../event/recognise.ts"
import type { NewRecord, Words } from "../event/record.ts"
import { decompressed } from "./decompress.ts"
import { deliverPatiently, type Pause } from "./file-deliver.ts"
import { type Cut, LineCutter } from "./file-lines.ts"
import { isTornRest, receiveLine } from "./file-records.ts"
import { type Format, Sniffer } from "./import-format.ts"
import { ListCutter, type Piece } from "./import-list.ts"
import { type Batch, type Reception, type Redaction, toBatchOrLog, toLogRecord } from "./receive.ts"
import type { Deliver, Delivered } from "./source.ts"
import type { Acked } from "./webhook.ts"

export type ImportSpec = {
  readonly source: string
  /** Word `imported` of every record: {@link newImportId}. */
  readonly id: string
  readonly redactor: Redaction | undefined
  readonly deliver: Deliver
  readonly stop: AbortSignal
  readonly pause: Pause
  readonly onTrouble: (trouble: Refusal) => void
  /** Told now and then how many bytes of the stream, as it stands in the file, were read. */
  readonly onProgress?: (bytesRead: number) => void
  /** Told of every batch when it is durable: the place to count. */
  readonly onAcked?: (acked: Acked) => void
}

/** What became of one file. */
export type Imported = {
  /** Bytes of the file as it stands, and their SHA-256 in hex: of the compressed bytes where it is compressed. */
  readonly bytes: number
  readonly sha256: string
  readonly records: number
  readonly quarantined: number
  /** Bytes that are in no record: NULs, and what is over the limit of a line or an item. */
  readonly skipped: number
  /** Where its records stand; absent when it had none. Others may stand between them. */
  readonly first?: number
  readonly last?: number
  /** The file could not be decoded to its end: everything before the damage was imported. */
  readonly damage?: Refusal
}

/** Unlike any other, and sorted by time: `20261120T182418Z-1f2e3d4c`. `random` are four bytes. */
export function newImportId(atMs: number, random: Uint8Array): string {
  const stamp = new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, "")
  return `${stamp}-${Buffer.from(random).toString("hex")}`
}

const IMPORT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export function isImportId(text: string): boolean {
  return IMPORT_ID.test(text)
}

/** Bytes of events delivered together. */
const BATCH_BYTES = 1024 * 1024

/**
 * Reads one file of audit events, of any size in constant memory, into the ledger: JSON lines, EventLists, arrays, single
 * events, the legacy log format; plain, gzip or zstd. Events keep their own times, every record is marked `imported`.
 * What is in the file and not understood (older audit formats too) is quarantined with its reason; importing a file
 * twice keeps it twice, and queries count it once.
 *
 * Resolves when all of it is durable. Refuses `import.format`, before anything is delivered, for a file of another kind.
 */
export async function importRecords(stream: AsyncIterable<Uint8Array>, spec: ImportSpec): Promise<Imported> {
  const hash = createHash("sha256")
  let bytes = 0
  async function* counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of stream) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
      spec.onProgress?.(bytes)
    }
  }
  const sink = new Sink(spec)
  const damage = await readContent(decompressed(counted()), sink)
  const counts = await sink.end()
  return { bytes, sha256: hash.digest("hex"), ...counts, ...(damage === undefined ? {} : { damage }) }
}

/** Reads to the end, or to the damage of a compressed stream, which it returns: what stands before it is kept. */
async function readContent(content: AsyncIterable<Uint8Array>, sink: Sink): Promise<Refusal | undefined> {
  const start: Uint8Array[] = []
  const sniffer = new Sniffer()
  let reader: Reader | undefined
  let damage: Refusal | undefined
  try {
    for await (const chunk of content) {
      if (reader !== undefined) {
        await reader.push(chunk)
        continue
      }
      start.push(chunk)
      const format = sniffer.push(chunk)
      if (format === undefined) continue
      reader = makeReader(format, sink)
      for (const part of start.splice(0)) await reader.push(part)
    }
  } catch (error) {
    if (!isRefusal(error, "body.damaged")) throw error
    damage = error
  }
  if (reader === undefined && start.length > 0) {
    reader = makeReader(sniffer.end(), sink)
    for (const part of start) await reader.push(part)
  }
  await reader?.finish()
  return damage
}

interface Reader {
  push(chunk: Uint8Array): Promise<void>
  finish(): Promise<void>
}

function makeReader(format: Format, sink: Sink): Reader {
  return format === "lines" ? new LineReader(sink) : new ListReader(sink)
}

class LineReader implements Reader {
  readonly #sink: Sink
  readonly #cutter = new LineCutter(0)

  constructor(sink: Sink) {
    this.#sink = sink
  }

  async push(chunk: Uint8Array): Promise<void> {
    await this.#take(this.#cutter.push(chunk))
  }

  async finish(): Promise<void> {
    await this.#take(this.#cutter.finish())
  }

  async #take({ lines, holes }: Cut): Promise<void> {
    for (const { start, end } of holes) this.#sink.skipped += end - start
    for (const line of lines) {
      this.#sink.skipped += (line.dropped ?? 0) + (isTornRest(line) ? line.bytes.length : 0)
      await this.#sink.add(receiveLine(line, this.#sink.reception))
    }
  }
}

const LIST_START = toBytes('{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[')
const LIST_END = toBytes("]}")
const BETWEEN = toBytes(",")

/** Hands items over in lists of some MiB, under the head of their own list: what it says of them still stands there. */
class ListReader implements Reader {
  readonly #sink: Sink
  readonly #cutter = new ListCutter()
  #head: Uint8Array = LIST_START
  #items: Uint8Array[] = []
  #size = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  async push(chunk: Uint8Array): Promise<void> {
    await this.#take(this.#cutter.push(chunk))
  }

  async finish(): Promise<void> {
    await this.#take(this.#cutter.finish())
    await this.#flush()
  }

  async #take(pieces: readonly Piece[]): Promise<void> {
    for (const piece of pieces) {
      const { kind, bytes } = piece
      if (kind === "item") {
        this.#items.push(bytes)
        this.#size += bytes.length
        if (this.#size >= BATCH_BYTES) await this.#flush()
        continue
      }
      await this.#flush()
      if (kind === "part") {
        this.#sink.skipped += piece.dropped
        await this.#sink.add({ records: [toLogRecord(bytes, this.#sink.reception)], events: [] })
      } else {
        await this.#sink.add(toBatchOrLog(bytes, this.#sink.reception))
        this.#head = plainHead(bytes)
      }
    }
  }

  async #flush(): Promise<void> {
    if (this.#items.length === 0) return
    const parts: Uint8Array[] = [this.#head]
    for (const [i, item] of this.#items.entries()) parts.push(...(i === 0 ? [item] : [BETWEEN, item]))
    this.#items = []
    this.#size = 0
    await this.#sink.add(toBatchOrLog(concat([...parts, LIST_END]), this.#sink.reception))
  }
}

const VERSION = /^\s*\{[^{}[\]]*"apiVersion"\s*:\s*"([A-Za-z0-9./]{1,60})"/

/** A list's own version goes with its items, since these carry none; anything else it held was taken once. */
function plainHead(envelope: Uint8Array): Uint8Array {
  const version = VERSION.exec(Buffer.from(envelope.subarray(0, 4096)).toString("latin1"))?.[1]
  return version === undefined
    ? LIST_START
    : toBytes(`{"kind":"EventList","apiVersion":"${version}","items":[`)
}

/** Gathers records and delivers them, one batch on its way while the next is made. */
class Sink {
  readonly reception: Reception
  skipped = 0
  readonly #spec: ImportSpec
  #batch: NewRecord[] = []
  #events: Hints[] = []
  #size = 0
  #underway: Promise<void> = Promise.resolve()
  #records = 0
  #quarantined = 0
  #first: number | undefined
  #last: number | undefined

  constructor(spec: ImportSpec) {
    this.#spec = spec
    const words: Words = [["imported", spec.id]]
    this.reception = { source: spec.source, redactor: spec.redactor, words }
  }

  async add({ records, events }: Batch): Promise<void> {
    for (const event of events) this.#events.push(event)
    for (const record of records) {
      this.#batch.push(record)
      this.#size += record.body.length
    }
    if (this.#size >= BATCH_BYTES) await this.#send()
  }

  async end() {
    await this.#send()
    await this.#underway
    return {
      records: this.#records,
      quarantined: this.#quarantined,
      skipped: this.skipped,
      ...(this.#first === undefined ? {} : { first: this.#first }),
      ...(this.#last === undefined ? {} : { last: this.#last }),
    }
  }

  async #send(): Promise<void> {
    const batch = { records: this.#batch, events: this.#events }
    this.#batch = []
    this.#events = []
    this.#size = 0
    await this.#underway
    if (batch.records.length === 0) return
    const began = performance.now()
    this.#underway = deliverPatiently(batch.records, this.#spec).then((delivered) =>
      this.#count(batch, delivered, (performance.now() - began) / 1000),
    )
    // Whoever awaits it next sees the failure; until then it is not unhandled.
    this.#underway.catch(() => undefined)
  }

  #count(batch: Batch, { first, count }: Delivered, seconds: number): void {
    this.#records += count
    this.#first ??= first
    this.#last = first + count - 1
    for (const { words } of batch.records)
      if (words.some(([key]) => key === "quarantined")) this.#quarantined++
    this.#spec.onAcked?.({ source: this.#spec.source, ...batch, seconds })
  }
}
