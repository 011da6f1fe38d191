import { toBase64 } from "../../base/bytes.ts"
import { isObject } from "../../base/is-object.ts"
import { type ProtoFields, type ProtoReader, put, readProto } from "./protobuf.ts"

/**
 * Values of OpenTelemetry attributes and bodies as plain JSON: strings, numbers, booleans, lists, objects; bytes as base64;
 * integers beyond 2^53 as text, so that no digit is lost.
 */
export type OtlpValue =
  | string
  | number
  | boolean
  | null
  | readonly OtlpValue[]
  | { readonly [key: string]: OtlpValue }
export type OtlpPair = readonly [key: string, value: OtlpValue]

/** An attribute within an attribute, and so on: SDKs have a handful. */
const DEPTH_MAX = 64

/** Throws a RangeError for one that is nested deeper than is read. */
export function readAnyValue(reader: ProtoReader, depth = 0): OtlpValue {
  if (depth > DEPTH_MAX) throw new RangeError(`a value is nested more than ${DEPTH_MAX} deep`)
  return readProto(reader.bytes(), ANY, { value: null as OtlpValue, depth }).value
}

type Holder = { value: OtlpValue; readonly depth: number }

const ANY: ProtoFields<Holder> = {
  1: put("bytes", "value", (reader) => reader.string()),
  2: put("varint", "value", (reader) => reader.bool()),
  3: put("varint", "value", (reader) => integer(reader.int64())),
  4: put("fixed64", "value", (reader) => float(reader.double())),
  5: {
    wire: "bytes",
    read(reader, holder) {
      holder.value = readProto(reader.bytes(), LIST, {
        values: [] as OtlpValue[],
        depth: holder.depth + 1,
      }).values
    },
  },
  6: {
    wire: "bytes",
    read(reader, holder) {
      const { pairs } = readProto(reader.bytes(), MAP, { pairs: [] as OtlpPair[], depth: holder.depth + 1 })
      holder.value = Object.fromEntries(pairs)
    },
  },
  7: put("bytes", "value", (reader) => toBase64(reader.bytes())),
}
const LIST: ProtoFields<{ values: OtlpValue[]; readonly depth: number }> = {
  1: { wire: "bytes", read: (reader, { values, depth }) => void values.push(readAnyValue(reader, depth)) },
}
const MAP: ProtoFields<{ pairs: OtlpPair[]; readonly depth: number }> = {
  1: { wire: "bytes", read: (reader, { pairs, depth }) => void pairs.push(readKeyValue(reader, depth)) },
}

/** One KeyValue. */
export function readKeyValue(reader: ProtoReader, depth = 0): OtlpPair {
  const pair = { key: "", value: null as OtlpValue }
  readProto(reader.bytes(), KEY_VALUE, { pair, depth })
  return [pair.key, pair.value]
}

type Building = { readonly pair: { key: string; value: OtlpValue }; readonly depth: number }

const KEY_VALUE: ProtoFields<Building> = {
  1: {
    wire: "bytes",
    read(reader, { pair }) {
      pair.key = reader.string()
    },
  },
  2: {
    wire: "bytes",
    read(reader, { pair, depth }) {
      pair.value = readAnyValue(reader, depth)
    },
  },
}

/** The same from OTLP/JSON (`{"stringValue":"x"}`). Throws a RangeError as {@link readAnyValue} does. */
export function parseAnyValue(tagged: unknown, depth = 0): OtlpValue {
  if (depth > DEPTH_MAX) throw new RangeError(`a value is nested more than ${DEPTH_MAX} deep`)
  if (!isObject(tagged)) return null
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = tagged
  if (typeof stringValue === "string") return stringValue
  if (typeof boolValue === "boolean") return boolValue
  if (typeof intValue === "string" || typeof intValue === "number") return integer(intValue)
  if (typeof doubleValue === "string" || typeof doubleValue === "number") return float(Number(doubleValue))
  if (isObject(arrayValue)) return listOf(arrayValue.values).map((value) => parseAnyValue(value, depth + 1))
  if (isObject(kvlistValue)) return Object.fromEntries(parsePairs(kvlistValue.values, depth + 1))
  return typeof bytesValue === "string" ? bytesValue : null
}

export function parsePairs(pairs: unknown, depth = 0): OtlpPair[] {
  return listOf(pairs).flatMap((pair) => {
    if (!isObject(pair) || typeof pair.key !== "string") return []
    return [[pair.key, parseAnyValue(pair.value, depth)] as const]
  })
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function integer(value: bigint | string | number): OtlpValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

/** JSON has no word for these. */
function float(value: number): OtlpValue {
  return Number.isFinite(value) ? value : String(value)
}
