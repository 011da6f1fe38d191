import { existsSync } from "node:fs"
import { open, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import { pause } from "../base/loop.ts"
import { Refusal } from "../base/refusal.ts"
import { saidOf } from "../base/said.ts"
import { decompressed } from "../intake/decompress.ts"
import { importRecords } from "../intake/import.ts"
import { Sniffer } from "../intake/import-format.ts"
import type { Sighting } from "../policy/sighting.ts"
import type { Option, Options, World } from "./command.ts"
import { progress } from "./progress.ts"
import { openRemote, queryRemote, REMOTE_FLAGS } from "./remote.ts"
import { BODY_FIELDS, bodyOf } from "./row-body.ts"
import { SightingSink } from "./traffic-sightings.ts"
import { eventsOfTable, isEventTable } from "./traffic-table.ts"

/** Where recorded events come from: files as `import` takes them, ledgers' directories, or a server. */
export const TRAFFIC_FLAGS: readonly Option[] = [
  {
    flags: "--on <path...>",
    description: "recorded events: files as import takes them (- is standard input), or a ledger's directory",
  },
  { flags: "--server <url>", description: "recorded events: those of a running server" },
  ...REMOTE_FLAGS,
  { flags: "--where <filter>", description: "LogsQL: only these events of a ledger or server" },
]

/** Where what is read goes. What comes back resolves when more may come; undefined is at once. */
export interface TrafficSink {
  /** One event: its bytes, or the bytes of an event that says as much as a row of a table. */
  event(bytes: Uint8Array): Promise<void> | undefined
  /** Part of a content of lines, cut anywhere; `ended` after its last. What is kept of it is copied. */
  lines(chunk: Uint8Array): Promise<void> | undefined
  ended(): Promise<void> | undefined
}

export type TrafficRead = ContentRead & {
  /** Items that are no audit event of a known stage. */
  readonly notUnderstood: number
}

export type ContentRead = {
  /** What the reading was cut short by: then it is part of the traffic only. */
  readonly partial: string | undefined
  /** Rows of tables, which have neither levels nor bodies nor their true size. */
  readonly tableRows: number
}

export function hasTraffic({ on, server }: Options): boolean {
  return on !== undefined || server !== undefined
}

/** Reads every event that the options name, in constant memory. Refuses `usage` where they name nothing. */
export async function readTraffic(
  options: Options,
  world: World,
  take: (sighting: Sighting) => void,
): Promise<TrafficRead> {
  const sink = new SightingSink(take)
  const read = await readContent(options, world, sink)
  return { ...read, notUnderstood: sink.notUnderstood }
}

/** Hands on everything that the options name. Refuses `usage` where they name nothing. */
export async function readContent(options: Options, world: World, sink: TrafficSink): Promise<ContentRead> {
  const paths = Array.isArray(options.on) ? (options.on as readonly string[]) : []
  if (!hasTraffic(options)) throw new Refusal("usage", "expected --on with files or a ledger, or --server")
  const state = { tableRows: 0, partial: undefined as string | undefined }
  const filter = typeof options.where === "string" ? `(${options.where}) ` : ""
  const events = `${filter}kind:=k8s.audit`
  if (typeof options.server === "string") {
    const rows = queryRemote(
      await openRemote(options.server, options, world),
      `${events} | fields ${BODY_FIELDS}`,
    )
    state.partial = await takeRows(rows, sink)
  }
  for (const path of paths) {
    const full = resolve(world.cwd, path)
    if (path !== "-" && existsSync(join(full, "journal")))
      state.partial = (await takeLedger(full, events, world, sink)) ?? state.partial
    else state.tableRows += await readFileEvents(path, world, sink)
  }
  return state
}

/** Loaded where a ledger is named: the engine takes longer to load than many files take to be read. */
async function takeLedger(
  dir: string,
  filter: string,
  world: World,
  sink: TrafficSink,
): Promise<string | undefined> {
  const { ledgerBodies } = await import("./traffic-ledger.ts")
  return await ledgerBodies(dir, filter, world, (body) => sink.event(body))
}

type Rows = AsyncIterable<Readonly<Record<string, string | undefined>>>

async function takeRows(rows: Rows, sink: TrafficSink): Promise<string | undefined> {
  for await (const row of rows) {
    if (row._partial !== undefined) return row._partial
    const body = bodyOf(row)
    const wait = body === undefined ? undefined : sink.event(body)
    if (wait !== undefined) await wait
  }
  return undefined
}

const CHUNK_BYTES = 1024 * 1024

/** Returns how many of the events were rows of a table. */
async function readFileEvents(path: string, world: World, sink: TrafficSink): Promise<number> {
  const full = resolve(world.cwd, path)
  const size = path === "-" ? undefined : await sizeOf(full, path)
  const total = size === undefined ? {} : { total: size }
  const bar = progress(world.stderr, { ...total, unit: "bytes", clock: world.clock, label: path })
  let done = 0
  const reading: Reading = { copied: false }
  async function* counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of path === "-" ? world.stdin : chunksOf(full, reading)) {
      world.stop.throwIfAborted()
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk
      yield bytes
      done += bytes.length
      bar.update(done)
    }
  }
  try {
    return await readEvents(decompressed(counted()), sink, world, reading)
  } finally {
    bar.done()
  }
}

/** Whether who is handed a chunk has taken what it needs when it asks for the next. */
type Reading = { copied: boolean }

/** One buffer for all where it may be: a new one for each megabyte makes V8 look through its heap again and again. */
async function* chunksOf(full: string, reading: Reading): AsyncGenerator<Uint8Array, void> {
  const file = await open(full)
  try {
    let buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      if (!reading.copied) buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    }
  } finally {
    await file.close()
  }
}

async function sizeOf(full: string, path: string): Promise<number | undefined> {
  try {
    const found = await stat(full)
    if (found.isDirectory()) throw new Refusal("input.unreadable", `${path} is a folder and no ledger`)
    return found.isFile() ? found.size : undefined
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    throw new Refusal("input.unreadable", `cannot read ${path}: ${saidOf(cause)}`, { path }, cause)
  }
}

/** Lines, which nearly all files are, are read without a second look; lists of events go the way of `import`. */
async function readEvents(
  content: AsyncGenerator<Uint8Array, void> | AsyncIterable<Uint8Array>,
  sink: TrafficSink,
  world: World,
  reading: Reading,
): Promise<number> {
  const chunks = content[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done === true) return 0
  const start = first.value
  async function* all(): AsyncGenerator<Uint8Array, void> {
    yield start
    for (;;) {
      const next = await chunks.next()
      if (next.done === true) return
      yield next.value
    }
  }
  if (isEventTable(start)) return await eventsOfTable(all(), (event) => sink.event(event))
  const sniffer = new Sniffer()
  if (sniffer.push(start) === "lines") {
    reading.copied = true
    await readLines(all(), sink)
  } else await readLists(all(), sink, world)
  return 0
}

async function readLines(content: AsyncIterable<Uint8Array>, sink: TrafficSink): Promise<void> {
  for await (const chunk of content) {
    const wait = sink.lines(chunk)
    if (wait !== undefined) await wait
  }
  await sink.ended()
}

async function readLists(content: AsyncIterable<Uint8Array>, sink: TrafficSink, world: World): Promise<void> {
  let next = 0
  const imported = await importRecords(content, {
    ...{ source: "traffic", id: "traffic", redactor: undefined, stop: world.stop, pause },
    deliver: async (batch) => {
      for (const { body } of batch) await sink.event(body)
      next += batch.length
      return { first: next - batch.length, count: batch.length }
    },
    onTrouble: (trouble) => {
      throw trouble
    },
  })
  if (imported.damage !== undefined) throw imported.damage
}
