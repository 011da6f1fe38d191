import { isObject } from "../../base/is-object.ts"
import type { Micros } from "../../base/time.ts"
import type { Entry, Keeper } from "./keeper.ts"
import { nanosText, nanosToMicros } from "./nanos.ts"
import { type ProtoFields, put, readProto } from "./protobuf.ts"
import { Room } from "./room.ts"

/** Labels of a stream, or the structured metadata of an entry. */
export type Pairs = readonly (readonly [name: string, value: string])[]

type LokiEntry = { readonly nanos: bigint; readonly line: string; readonly metadata: Pairs }

/**
 * `/insert/loki/api/v1/push` as JSON: `{"streams":[{"stream":{},"values":[["<ns>","<line>",{}]]}]}`. False where the
 * body is nothing of the kind.
 */
export function* keepLokiJson(body: unknown, keeper: Keeper): Generator<void, boolean> {
  const streams = isObject(body) ? body.streams : undefined
  if (!Array.isArray(streams)) return false
  for (const stream of streams) {
    const values = isObject(stream) ? stream.values : undefined
    if (!Array.isArray(values)) {
      keeper.faulty(Buffer.from(JSON.stringify(stream) ?? ""), "entry")
      continue
    }
    const labels = isObject(stream) && isObject(stream.stream) ? pairsOf(stream.stream) : []
    for (const value of values) {
      const entry = jsonEntry(value)
      if (entry === undefined) keeper.faulty(Buffer.from(JSON.stringify(value)), "entry")
      else keeper.entry(toEntry(labels, entry))
      yield
    }
  }
  return true
}

function jsonEntry(value: unknown): LokiEntry | undefined {
  if (!Array.isArray(value)) return undefined
  const [time, line, metadata] = value as readonly unknown[]
  const digits = typeof time === "number" ? String(time) : time
  if (typeof digits !== "string" || !/^\d{1,19}$/.test(digits) || typeof line !== "string") return undefined
  return { nanos: BigInt(digits), line, metadata: isObject(metadata) ? pairsOf(metadata) : [] }
}

function pairsOf(fields: Readonly<Record<string, unknown>>): Pairs {
  return Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? value : (JSON.stringify(value) ?? ""),
  ])
}

/** The same as logproto.PushRequest, already decompressed. Throws where the bytes are none. */
export function* keepLokiProto(body: Uint8Array, keeper: Keeper): Generator<void, boolean> {
  for (const { labels, entries } of readProto(body, PUSH, { streams: [] as Stream[], room: new Room() })
    .streams) {
    const pairs = parseLabels(labels)
    for (const entry of entries) {
      keeper.entry(toEntry(pairs, entry))
      yield
    }
  }
  return true
}

type Stream = { labels: string; entries: LokiEntry[]; readonly room: Room }
type Stamp = { seconds: bigint; nanos: number }
type Built = { stamp: Stamp; line: string; metadata: [string, string][] }

const PAIR: ProtoFields<[string, string]> = {
  1: put("bytes", 0, (reader) => reader.string()),
  2: put("bytes", 1, (reader) => reader.string()),
}
const STAMP: ProtoFields<Stamp> = {
  1: put("varint", "seconds", (reader) => BigInt(reader.int64())),
  2: put("varint", "nanos", (reader) => reader.int32()),
}
const ENTRY: ProtoFields<Built> = {
  1: { wire: "bytes", read: (reader, entry) => void readProto(reader.bytes(), STAMP, entry.stamp) },
  2: put("bytes", "line", (reader) => reader.string()),
  3: {
    wire: "bytes",
    read: (reader, entry) => void entry.metadata.push(readProto(reader.bytes(), PAIR, ["", ""])),
  },
}
const STREAM: ProtoFields<Stream> = {
  1: put("bytes", "labels", (reader) => reader.string()),
  2: {
    wire: "bytes",
    read(reader, { entries, room }) {
      room.take()
      const entry = readProto(reader.bytes(), ENTRY, emptyEntry())
      const nanos = entry.stamp.seconds * 1_000_000_000n + BigInt(entry.stamp.nanos)
      entries.push({ nanos, line: entry.line, metadata: entry.metadata })
    },
  },
}
const PUSH: ProtoFields<{ streams: Stream[]; readonly room: Room }> = {
  1: {
    wire: "bytes",
    read(reader, { streams, room }) {
      room.take()
      streams.push(readProto(reader.bytes(), STREAM, { labels: "", entries: [], room }))
    },
  },
}

function emptyEntry(): Built {
  return { stamp: { seconds: 0n, nanos: 0 }, line: "", metadata: [] }
}

const LABEL = /\s*([a-zA-Z_:][a-zA-Z0-9_:.]*)\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,|(?=\}))/y

/** `{app="web", host="a\"b"}` as Prometheus prints labels. What cannot be read stays whole, under the name `labels`. */
export function parseLabels(text: string): Pairs {
  const inner = text.trim()
  const pairs: [string, string][] = []
  LABEL.lastIndex = 1
  let at = 1
  for (let found = LABEL.exec(inner); found !== null; found = LABEL.exec(inner)) {
    pairs.push([found[1] ?? "", unquote(found[2] ?? "")])
    at = LABEL.lastIndex
  }
  const whole = inner.startsWith("{") && /^\s*\}$/.test(inner.slice(at))
  return whole || inner === "" ? pairs : [["labels", text]]
}

/** Go's escapes are JSON's and a few that labels hardly have; then the text stays as it stands. */
function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted)
  } catch {
    return quoted.slice(1, -1)
  }
}

/** The object that is kept of an entry: time, line, labels, structured metadata. No name gives way to another. */
function toEntry(labels: Pairs, { nanos, line, metadata }: LokiEntry): Entry {
  const time: Micros | undefined = nanosToMicros(nanos)
  const fields: Record<string, unknown> = Object.create(null)
  if (time !== undefined) fields._time = nanosText(nanos)
  fields._msg = line
  const named: string[] = []
  for (const [name, value] of labels) {
    const own = name in fields ? `label.${name}` : name
    fields[own] = value
    named.push(own)
  }
  for (const [name, value] of metadata) fields[name in fields ? `metadata.${name}` : name] = value
  return { fields, time, labels: named, message: line }
}
