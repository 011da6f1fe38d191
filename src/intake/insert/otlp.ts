import { toHex } from "../../base/bytes.ts"
import { isObject } from "../../base/is-object.ts"
import type { Entry, Keeper } from "./keeper.ts"
import { nanosText, nanosToMicros } from "./nanos.ts"
import {
  listOf,
  type OtlpPair,
  type OtlpValue,
  parseAnyValue,
  parsePairs,
  readAnyValue,
  readKeyValue,
} from "./otlp-values.ts"
import { type ProtoFields, put, readProto } from "./protobuf.ts"
import { Room } from "./room.ts"

type LogRecord = {
  nanos: bigint
  observed: bigint
  severityNumber: number
  severityText: string
  body: OtlpValue
  attributes: OtlpPair[]
  traceId: string
  spanId: string
  eventName: string
}
type Scope = { name: string; version: string; attributes: OtlpPair[] }

/**
 * `/v1/logs` of OpenTelemetry as protobuf (logs/v1 ExportLogsServiceRequest). One record that cannot be read is kept with
 * its bytes and costs no neighbour. Throws where the frame around the records is none.
 */
export function* keepOtlpProto(body: Uint8Array, keeper: Keeper): Generator<void, boolean> {
  const request = { resources: [] as Resource[], room: new Room() }
  for (const { attributes, scopes } of readProto(body, REQUEST, request).resources) {
    for (const { scope, records } of scopes) {
      for (const bytes of records) {
        const record = attempt(() => readProto(bytes, RECORD, emptyRecord()))
        if (record === undefined) keeper.faulty(bytes, "entry")
        else keeper.entry(toEntry(attributes, scope, record))
        yield
      }
    }
  }
  return true
}

/** The same as OTLP/JSON. False where the body is nothing of the kind. */
export function* keepOtlpJson(body: unknown, keeper: Keeper): Generator<void, boolean> {
  if (!isObject(body) || !Array.isArray(body.resourceLogs)) return false
  for (const resourceLog of body.resourceLogs) {
    const { resource, scopeLogs } = isObject(resourceLog) ? resourceLog : {}
    const attributes = isObject(resource) ? (attempt(() => parsePairs(resource.attributes)) ?? []) : []
    for (const scopeLog of listOf(scopeLogs)) {
      const { scope, logRecords } = isObject(scopeLog) ? scopeLog : {}
      for (const value of listOf(logRecords)) {
        const record = isObject(value) ? attempt(() => parseRecord(value)) : undefined
        if (record === undefined) keeper.faulty(Buffer.from(JSON.stringify(value)), "entry")
        else keeper.entry(toEntry(attributes, parseScope(scope), record))
        yield
      }
    }
  }
  return true
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    // The readers throw at bytes that are no message; there is nothing more to know of them.
    return undefined
  }
}

function emptyRecord(): LogRecord {
  return {
    nanos: 0n,
    observed: 0n,
    severityNumber: 0,
    severityText: "",
    body: null,
    attributes: [],
    traceId: "",
    spanId: "",
    eventName: "",
  }
}

type ScopeLogs = { scope: Scope; records: Uint8Array[]; readonly room: Room }
type Resource = { attributes: OtlpPair[]; scopes: ScopeLogs[]; readonly room: Room }

const RECORD: ProtoFields<LogRecord> = {
  1: put("fixed64", "nanos", (reader) => BigInt(reader.fixed64())),
  2: put("varint", "severityNumber", (reader) => reader.int32()),
  3: put("bytes", "severityText", (reader) => reader.string()),
  5: put("bytes", "body", (reader) => readAnyValue(reader)),
  6: { wire: "bytes", read: (reader, record) => void record.attributes.push(readKeyValue(reader)) },
  9: put("bytes", "traceId", (reader) => toHex(reader.bytes())),
  10: put("bytes", "spanId", (reader) => toHex(reader.bytes())),
  11: put("fixed64", "observed", (reader) => BigInt(reader.fixed64())),
  12: put("bytes", "eventName", (reader) => reader.string()),
}
const SCOPE: ProtoFields<Scope> = {
  1: put("bytes", "name", (reader) => reader.string()),
  2: put("bytes", "version", (reader) => reader.string()),
  3: { wire: "bytes", read: (reader, scope) => void scope.attributes.push(readKeyValue(reader)) },
}
const SCOPE_LOGS: ProtoFields<ScopeLogs> = {
  1: { wire: "bytes", read: (reader, { scope }) => void readProto(reader.bytes(), SCOPE, scope) },
  2: {
    wire: "bytes",
    read(reader, { records, room }) {
      room.take()
      records.push(reader.bytes())
    },
  },
}
const RESOURCE: ProtoFields<Resource> = {
  1: { wire: "bytes", read: (reader, { attributes }) => void attributes.push(readKeyValue(reader)) },
}
const RESOURCE_LOGS: ProtoFields<Resource> = {
  1: { wire: "bytes", read: (reader, resource) => void readProto(reader.bytes(), RESOURCE, resource) },
  2: {
    wire: "bytes",
    read(reader, { scopes, room }) {
      room.take()
      const scope: Scope = { name: "", version: "", attributes: [] }
      scopes.push(readProto(reader.bytes(), SCOPE_LOGS, { scope, records: [], room }))
    },
  },
}
const REQUEST: ProtoFields<{ resources: Resource[]; readonly room: Room }> = {
  1: {
    wire: "bytes",
    read(reader, { resources, room }) {
      room.take()
      resources.push(readProto(reader.bytes(), RESOURCE_LOGS, { attributes: [], scopes: [], room }))
    },
  },
}

function parseRecord(value: Readonly<Record<string, unknown>>): LogRecord {
  return {
    nanos: nanosOf(value.timeUnixNano),
    observed: nanosOf(value.observedTimeUnixNano),
    severityNumber: typeof value.severityNumber === "number" ? value.severityNumber : 0,
    severityText: textOf(value.severityText),
    body: parseAnyValue(value.body),
    attributes: parsePairs(value.attributes),
    traceId: textOf(value.traceId),
    spanId: textOf(value.spanId),
    eventName: textOf(value.eventName),
  }
}

function parseScope(scope: unknown): Scope {
  const { name, version, attributes } = isObject(scope) ? scope : {}
  return {
    name: textOf(name),
    version: textOf(version),
    attributes: attempt(() => parsePairs(attributes)) ?? [],
  }
}

/** 64-bit integers are text in OTLP/JSON; some senders write numbers. */
function nanosOf(value: unknown): bigint {
  const text = typeof value === "number" ? String(value) : value
  return typeof text === "string" && /^\d{1,20}$/.test(text) ? BigInt(text) : 0n
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : ""
}

/** The object that is kept of a log record. Where two parts of it have one name, the later has its part's name before it. */
function toEntry(resource: readonly OtlpPair[], scope: Scope, record: LogRecord): Entry {
  const nanos = record.nanos === 0n ? record.observed : record.nanos
  const time = nanosToMicros(nanos)
  const fields: Record<string, unknown> = Object.create(null)
  const put = (part: string, name: string, value: unknown): string => {
    const own = name in fields ? `${part}.${name}` : name
    if (value !== "" && value !== null && value !== 0) fields[own] = value
    return own
  }
  if (time !== undefined) fields._time = nanosText(nanos)
  const isText = typeof record.body !== "object"
  put("body", isText ? "_msg" : "body", record.body)
  put("record", "severity", record.severityText)
  put("record", "severity_number", record.severityNumber)
  put("record", "event_name", record.eventName)
  put("record", "trace_id", record.traceId)
  put("record", "span_id", record.spanId)
  const labels = resource.map(([name, value]) => put("resource", name, value))
  for (const [name, value] of record.attributes) put("attribute", name, value)
  put("scope", "scope.name", scope.name)
  put("scope", "scope.version", scope.version)
  for (const [name, value] of scope.attributes) put("scope", name, value)
  return { fields, time, labels: labels.filter((name) => name in fields), message: record.body }
}
