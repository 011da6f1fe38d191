import { availableParallelism } from "node:os"
import { asBuffer } from "../base/buffer.ts"
import { concat } from "../base/bytes.ts"
import { LINE_BYTES_MAX } from "../intake/file-lines.ts"
import { CellSum } from "../policy/cell-sum.ts"
import type { ToldApart } from "../policy/told-apart.ts"
import { type Seen, Traffic, type TrafficOptions } from "../policy/traffic.ts"
import type { Options, World } from "./command.ts"
import { readContent, type TrafficRead, type TrafficSink } from "./traffic-input.ts"
import { TrafficPool, type TrafficTotal } from "./traffic-pool.ts"
import { SightingSink } from "./traffic-sightings.ts"

export type TrafficSum = { readonly input: TrafficRead; readonly seen: Seen }

/**
 * Everything that the options name, summed up by what a policy can tell apart. What is long is read by as many threads as there are
 * processors, each summing up its part. Refuses `usage` where the options name nothing.
 */
export async function sumTraffic(
  options: Options,
  world: World,
  { apart, onCells }: Pick<TrafficOptions, "apart" | "onCells">,
): Promise<TrafficSum> {
  const cells = new CellSum({ apart, onCells })
  const sink = new SummingSink(apart, cells)
  try {
    const read = await readContent(options, world, sink)
    const totals = await sink.end()
    cells.flush()
    const notUnderstood = totals.reduce((sum, total) => sum + total.notUnderstood, 0)
    return { input: { ...read, notUnderstood }, seen: totals.map(({ seen }) => seen).reduce(seenInAll) }
  } finally {
    await sink.stop()
  }
}

/** What is shorter is read before a thread has begun. */
const ALONE_BYTES = 8 * 1024 * 1024
/** More threads than this wait for the one that reads and unpacks. */
const THREADS_MAX = 8
const BATCH_BYTES = 1024 * 1024
const NEWLINE = 0x0a

class SummingSink implements TrafficSink {
  readonly #apart: ToldApart
  readonly #cells: CellSum
  readonly #traffic: Traffic
  readonly #alone: SightingSink
  #pool: TrafficPool | undefined
  #bytes = 0
  /** The line that goes on in the next chunk. */
  #rest: Uint8Array[] = []
  #restBytes = 0
  #tooLong = 0
  #batch: { readonly buffer: ArrayBuffer; readonly ends: number[] } | undefined

  constructor(apart: ToldApart, cells: CellSum) {
    this.#apart = apart
    this.#cells = cells
    this.#traffic = new Traffic({ apart, onCells: (parts, whole) => cells.add(parts, whole) })
    this.#alone = new SightingSink((sighting) => this.#traffic.add(sighting))
  }

  event(bytes: Uint8Array): Promise<void> | undefined {
    const pool = this.#poolFor(bytes.length)
    if (pool === undefined) return this.#alone.event(bytes)
    const used = this.#batch?.ends.at(-1) ?? 0
    const fits = this.#batch !== undefined && used + bytes.length <= this.#batch.buffer.byteLength
    const wait = fits ? undefined : this.#sendBatch(pool)
    this.#batch ??= { buffer: pool.buffer(Math.max(BATCH_BYTES, bytes.length)), ends: [] }
    const at = this.#batch.ends.at(-1) ?? 0
    new Uint8Array(this.#batch.buffer, at, bytes.length).set(bytes)
    this.#batch.ends.push(at + bytes.length)
    return wait
  }

  lines(chunk: Uint8Array): Promise<void> | undefined {
    const bytes = asBuffer(chunk)
    const end = bytes.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      this.#keep(chunk)
      return undefined
    }
    const start = this.#restBytes > LINE_BYTES_MAX ? this.#skipLong(bytes) : 0
    const parts = [...this.#rest, bytes.subarray(start, end)]
    this.#rest = []
    this.#restBytes = 0
    if (end < chunk.length) this.#keep(chunk.subarray(end))
    return this.#wholeLines(parts)
  }

  ended(): Promise<void> | undefined {
    if (this.#restBytes > LINE_BYTES_MAX) this.#tooLong++
    const parts = this.#rest
    this.#rest = []
    this.#restBytes = 0
    return this.#wholeLines(parts)
  }

  async end(): Promise<readonly TrafficTotal[]> {
    if (this.#pool !== undefined) await this.#sendBatch(this.#pool)
    const others = await this.#pool?.end()
    this.#traffic.flush()
    const notUnderstood = this.#alone.notUnderstood + this.#tooLong
    return [{ seen: this.#traffic.seen, notUnderstood }, ...(others ?? [])]
  }

  async stop(): Promise<void> {
    await this.#pool?.stop()
  }

  #poolFor(bytes: number): TrafficPool | undefined {
    this.#bytes += bytes
    if (this.#pool !== undefined || this.#bytes <= ALONE_BYTES) return this.#pool
    const threads = Math.min(availableParallelism(), THREADS_MAX)
    if (threads < 2) return undefined
    this.#pool = new TrafficPool(threads, { apart: this.#apart }, (parts, whole) =>
      this.#cells.add(parts, whole),
    )
    return this.#pool
  }

  #keep(part: Uint8Array): void {
    this.#restBytes += part.length
    if (this.#restBytes <= LINE_BYTES_MAX) this.#rest.push(Uint8Array.prototype.slice.call(part))
    else this.#rest = []
  }

  /** Returns where the next line begins. */
  #skipLong(chunk: Buffer): number {
    this.#tooLong++
    return chunk.indexOf(NEWLINE) + 1
  }

  #wholeLines(parts: readonly Uint8Array[]): Promise<void> | undefined {
    const size = parts.reduce((sum, { length }) => sum + length, 0)
    if (size === 0) return undefined
    const pool = this.#poolFor(size)
    if (pool === undefined) {
      const [only] = parts
      const whole = parts.length === 1 && only !== undefined ? only : concat(parts)
      this.#alone.wholeLines(asBuffer(whole))
      return undefined
    }
    const buffer = pool.buffer(Math.max(BATCH_BYTES, size))
    const bytes = new Uint8Array(buffer)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return pool.send({ kind: "lines", buffer, size })
  }

  #sendBatch(pool: TrafficPool): Promise<void> | undefined {
    const batch = this.#batch
    this.#batch = undefined
    return batch === undefined ? undefined : pool.send({ kind: "events", ...batch })
  }
}

function seenInAll(a: Seen, b: Seen): Seen {
  const [first = ""] = [a.first, b.first].filter((time) => time !== "").sort()
  return {
    ...{ events: a.events + b.events, bytes: a.bytes + b.bytes, first },
    last: a.last > b.last ? a.last : b.last,
  }
}
