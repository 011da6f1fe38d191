import { assert } from "../../base/assert.ts"
import { toBytes } from "../../base/bytes.ts"
import { isRefusal } from "../../base/refusal.ts"
import type { Micros } from "../../base/time.ts"
import { EVENT_FIELDS } from "../../event/fields.ts"
import type { QuarantineCode } from "../../event/quarantine.ts"
import type { Hints } from "../../event/recognise.ts"
import type { NewRecord, Words } from "../../event/record.ts"
import { type Item, sliceLines } from "../../event/slice.ts"
import { type Known, type Redaction, toRecord } from "../receive.ts"
import type { InsertArguments } from "./arguments.ts"
import { UNKNOWN_COLLECTOR } from "./collector.ts"
import { type LogReading, type Place, placesWord, placeWord, timeWord } from "./log-words.ts"
import { membersOf } from "./members.ts"
import { parseCollectorTime } from "./moment.ts"
import { type Fields, findPlace, valueAt } from "./place.ts"
import { LINES_MAX } from "./room.ts"
import {
  eventsIn,
  eventsInText,
  findWrapped,
  isEventLike,
  parseFields,
  type Wrapped,
} from "./wrapped-event.ts"

/** The ways in: label of metrics and value of the word `via`. */
export const PROTOCOLS = ["jsonline", "elasticsearch", "loki", "otlp", "msgpack"] as const
export type Protocol = (typeof PROTOCOLS)[number]

export type KeeperOptions = {
  readonly source: string
  readonly redactor: Redaction | undefined
  readonly args: InsertArguments
  readonly protocol: Protocol
  /** Who sent it, where that is known to be a program that prints anew what it parses. */
  readonly collector: string | undefined
}

/** What became of one line: `event` is a Kubernetes audit event, `log` anything else. */
export type Outcome = { readonly kept: "event" | "log"; readonly quarantined: QuarantineCode | undefined }

/** One entry of a protocol that has no lines: its fields become the JSON object that is kept. */
export type Entry = {
  readonly fields: Fields
  readonly time: Micros | undefined
  /** Names in `fields` of what labels its stream. */
  readonly labels: readonly string[]
  /** The message as it was sent: where an event may be. */
  readonly message: unknown
}

/** Makes the records of one request, line by line, and remembers what became of each line. */
export class Keeper {
  readonly records: NewRecord[] = []
  readonly events: Hints[] = []
  readonly outcomes: Outcome[] = []
  readonly #options: KeeperOptions
  readonly #via: readonly [string, string]
  #labelled: { readonly names: readonly string[]; readonly word: string | undefined } = {
    names: [],
    word: undefined,
  }

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#via = ["via", options.protocol]
  }

  /** Nothing more is to be kept of this body but the rest of it, in one piece. */
  get isFull(): boolean {
    return this.outcomes.length >= LINES_MAX
  }

  /** As if nothing had been kept of this body. */
  forget(): void {
    for (const list of [this.records, this.events, this.outcomes]) list.length = 0
  }

  /** One line: exact bytes that should be one JSON object. */
  line(bytes: Uint8Array): Outcome {
    const [item] = itemsIn(bytes)
    // Something beside the first value: the line is kept in one piece.
    if (item === undefined || item.end - item.start !== bytes.length) return this.faulty(bytes, "syntax")
    return this.item(bytes, item)
  }

  /** One value that was cut out of a body: `bytes` are its own. */
  item(bytes: Uint8Array, { quarantined, hints }: Known): Outcome {
    if (hints !== undefined) return this.#event(bytes, { hints }, this.#whoReencoded(bytes))
    if (quarantined === undefined || !isObject(quarantined))
      return this.faulty(bytes, quarantined ?? "syntax")
    const fields = parseFields(bytes)
    assert(fields !== undefined, "the scanner takes nothing for an object that is none")
    if (isEventLike(fields)) return this.#event(bytes, { quarantined }, this.#whoReencoded(bytes))
    const wrapped = fields.kind === "EventList" ? eventsIn(bytes, true) : this.#unwrap(fields, bytes)
    if (wrapped !== undefined) return this.#wrapped(wrapped)
    return this.#log(bytes, fields, this.#readLine(fields))
  }

  /** An entry of a protocol that has no lines. */
  entry({ fields, time, labels, message }: Entry): Outcome {
    const wrapped = this.#options.args.unwraps ? wrappedIn(message) : undefined
    if (wrapped !== undefined) return this.#wrapped(wrapped)
    const { args } = this.#options
    const reading = this.#readLine(fields)
    const stream = args.streamFields === undefined ? this.#streamOf(labels) : reading.stream
    const said = { time: time ?? reading.time, msg: reading.msg, stream }
    return this.#log(toBytes(JSON.stringify(fields)), fields, said)
  }

  /** Entries come stream by stream: the names of the last one's labels are mostly those of this one's. */
  #streamOf(names: readonly string[]): string | undefined {
    const last = this.#labelled.names
    if (last.length !== names.length || names.some((name, i) => name !== last[i]))
      this.#labelled = { names, word: placesWord(names.toSorted().map((name) => [name])) }
    return this.#labelled.word
  }

  /** Bytes that are no line of the protocol: kept as they are, and told. */
  faulty(bytes: Uint8Array, quarantined: QuarantineCode): Outcome {
    this.#keep(bytes, "log", { quarantined }, [this.#via])
    return this.#told({ kept: "log", quarantined })
  }

  #unwrap(fields: Fields, bytes: Uint8Array): Wrapped | undefined {
    const { unwraps, msgFields } = this.#options.args
    if (!unwraps) return undefined
    return findWrapped(fields, bytes) ?? wrappedWhereSaid(fields, msgFields)
  }

  /** What one line held; as a rule one event. The line is bad where any part of it is. */
  #wrapped({ bytes, items, isExact }: Wrapped): Outcome {
    const reencoded = isExact ? undefined : (this.#options.collector ?? UNKNOWN_COLLECTOR)
    for (const item of items) this.#keepEvent(bytes.subarray(item.start, item.end), item, reencoded)
    const quarantined = items.find((item) => item.quarantined !== undefined)?.quarantined
    return this.#told({ kept: "event", quarantined })
  }

  #event(bytes: Uint8Array, known: Known, reencoded: string | undefined): Outcome {
    this.#keepEvent(bytes, known, reencoded)
    return this.#told({ kept: "event", quarantined: known.quarantined })
  }

  #keepEvent(bytes: Uint8Array, known: Known, reencoded: string | undefined): void {
    const words: Words = reencoded === undefined ? [this.#via] : [["reencoded", reencoded], this.#via]
    this.#keep(bytes, "k8s.audit", known, words)
    if (known.hints !== undefined) this.events.push(known.hints)
  }

  /** A line that is an event itself was printed by whoever sent it, if that is a collector or left traces. */
  #whoReencoded(bytes: Uint8Array): string | undefined {
    const { collector } = this.#options
    if (collector !== undefined) return collector
    for (const { name } of membersOf(bytes)) if (!EVENT_MEMBERS.has(name)) return UNKNOWN_COLLECTOR
    return undefined
  }

  #log(line: Uint8Array, fields: Fields, reading: LogReading): Outcome {
    const { added, bytes } = addFields(line, fields, this.#options.args.extra)
    const words: [string, string][] = []
    const put = (key: string, value: string | undefined) => value !== undefined && words.push([key, value])
    put("added", added === 0 ? undefined : String(added))
    put("msg", reading.msg === undefined ? undefined : placeWord(reading.msg))
    put("stream", reading.stream)
    put("time", reading.time === undefined ? undefined : timeWord(reading.time))
    this.#keep(bytes, "log", {}, [...words, this.#via])
    return this.#told({ kept: "log", quarantined: undefined })
  }

  #readLine(fields: Fields): LogReading {
    const { timeFields, msgFields, streamFields = [], extra } = this.#options.args
    const first = (names: readonly string[]) => {
      for (const name of names) {
        const place = findPlace(fields, name)
        if (place !== undefined) return place
      }
      return undefined
    }
    const stream: Place[] = []
    for (const name of streamFields) {
      const added = extra.find(([extraName]) => extraName === name)
      const place = added === undefined ? findPlace(fields, name) : [addedName(fields, name)]
      if (place !== undefined) stream.push(place)
    }
    return { time: firstTime(fields, timeFields), msg: first(msgFields), stream: placesWord(stream) }
  }

  #told(outcome: Outcome): Outcome {
    this.outcomes.push(outcome)
    return outcome
  }

  #keep(bytes: Uint8Array, kind: string, known: Known, words: Words): void {
    const { source, redactor } = this.#options
    this.records.push(toRecord(bytes, kind, known, { source, redactor, words }))
  }
}

/** The values in these bytes; none where they are no JSON at all. */
export function itemsIn(bytes: Uint8Array): readonly Item[] {
  try {
    return sliceLines(bytes).items
  } catch (error) {
    if (isRefusal(error, "event.notJson")) return []
    throw error
  }
}

const EVENT_MEMBERS: ReadonlySet<string> = new Set([
  ...EVENT_FIELDS.map(({ path }) => path?.[0] ?? ""),
  ...["kind", "metadata", "timestamp", "requestObject", "responseObject"],
])

/** Codes of what is a JSON object all the same. */
function isObject(code: QuarantineCode): boolean {
  return ["notEvent", "kind", "version", "type", "ambiguous"].includes(code)
}

/** An event where the sender says that its message stands: deeper than collectors put it as a rule. */
function wrappedWhereSaid(fields: Fields, msgFields: readonly string[]): Wrapped | undefined {
  for (const name of msgFields) {
    const place = findPlace(fields, name)
    const value = place === undefined ? undefined : valueAt(fields, place)
    const found = typeof value === "string" ? eventsInText(value) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function wrappedIn(message: unknown): Wrapped | undefined {
  if (typeof message === "string") return eventsInText(message)
  if (typeof message !== "object" || message === null) return undefined
  const bytes = toBytes(JSON.stringify(message))
  const fields = parseFields(bytes)
  if (fields === undefined) return undefined
  return isEventLike(fields) ? eventsIn(bytes, false) : findWrapped(fields, bytes)
}

function firstTime(fields: Fields, names: readonly string[]): Micros | undefined {
  for (const name of names) {
    const place = findPlace(fields, name)
    const time = place === undefined ? undefined : parseCollectorTime(valueAt(fields, place))
    if (time !== undefined) return time
  }
  return undefined
}

/** A member of the line never gives way to an added one, nor hides it: the added one gets a name of its own. */
function addedName(fields: Fields, name: string): string {
  return Object.hasOwn(fields, name) ? `extra.${name}` : name
}

/** Puts members before the closing brace; the line without the last `added` bytes before that is what was sent. */
function addFields(
  line: Uint8Array,
  fields: Fields,
  extra: InsertArguments["extra"],
): { readonly bytes: Uint8Array; readonly added: number } {
  if (extra.length === 0) return { bytes: line, added: 0 }
  const pairs = extra.map(([name, value]) => [addedName(fields, name), value] as const)
  const members = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()
  const insert = Buffer.from((Object.keys(fields).length === 0 ? "" : ",") + members)
  return { bytes: Buffer.concat([line.subarray(0, -1), insert, line.subarray(-1)]), added: insert.length }
}
