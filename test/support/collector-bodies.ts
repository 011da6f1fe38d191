import { BinaryWriter } from "@bufbuild/protobuf/wire"
import { encode, ExtData } from "@msgpack/msgpack"
import { snappyCompress } from "hysnappy"

/** Bodies as collectors write them, byte for byte as far as formats go: what intake is tested with. */

export const TIME_NANOS = 1_767_323_045_123_456_789n
export const TIME = "2026-01-02T03:04:05.123456Z"

export type Labels = Readonly<Record<string, string>>

/** logproto.PushRequest as Promtail and Alloy send it: snappy, no Content-Encoding. */
export function lokiProto(labels: string, lines: readonly string[], metadata: Labels = {}): Buffer {
  const push = new BinaryWriter().tag(1, 2).fork().tag(1, 2).string(labels)
  for (const line of lines) {
    push.tag(2, 2).fork()
    push
      .tag(1, 2)
      .fork()
      .tag(1, 0)
      .int64(TIME_NANOS / 1_000_000_000n)
    push
      .tag(2, 0)
      .int32(Number(TIME_NANOS % 1_000_000_000n))
      .join()
    push.tag(2, 2).string(line)
    for (const [name, value] of Object.entries(metadata)) {
      push.tag(3, 2).fork().tag(1, 2).string(name).tag(2, 2).string(value).join()
    }
    push.join()
  }
  return Buffer.from(snappyCompress(push.join().finish()))
}

export function lokiJson(labels: Labels, lines: readonly string[], metadata?: Labels): string {
  const values = lines.map((line) => [
    String(TIME_NANOS),
    line,
    ...(metadata === undefined ? [] : [metadata]),
  ])
  return JSON.stringify({ streams: [{ stream: labels, values }] })
}

export type AnyValue = string | number | boolean | readonly AnyValue[] | { readonly [key: string]: AnyValue }

/** ExportLogsServiceRequest with one resource and one scope, as the collector's otlphttp exporter writes it. */
export function otlpProto(resource: Labels, bodies: readonly AnyValue[], attributes: Labels = {}): Buffer {
  const request = new BinaryWriter().tag(1, 2).fork()
  request.tag(1, 2).fork()
  for (const [key, value] of Object.entries(resource)) keyValue(request.tag(1, 2), key, value)
  request.join().tag(2, 2).fork()
  request.tag(1, 2).fork().tag(1, 2).string("filelog").tag(2, 2).string("1.0").join()
  for (const body of bodies) {
    request.tag(2, 2).fork().tag(1, 1).fixed64(TIME_NANOS).tag(2, 0).int32(9).tag(3, 2).string("INFO")
    anyValue(request.tag(5, 2), body)
    for (const [key, value] of Object.entries(attributes)) keyValue(request.tag(6, 2), key, value)
    request.tag(9, 2).bytes(Buffer.alloc(16, 0xab)).tag(10, 2).bytes(Buffer.alloc(8, 0xcd)).join()
  }
  return Buffer.from(request.join().join().finish())
}

/** The same as OTLP/JSON. */
export function otlpJson(resource: Labels, bodies: readonly AnyValue[], attributes: Labels = {}): string {
  const logRecords = bodies.map((body) => ({
    timeUnixNano: String(TIME_NANOS),
    severityNumber: 9,
    severityText: "INFO",
    body: anyJson(body),
    attributes: pairs(attributes),
    traceId: "ab".repeat(16),
    spanId: "cd".repeat(8),
  }))
  const scope = { name: "filelog", version: "1.0" }
  return JSON.stringify({
    resourceLogs: [{ resource: { attributes: pairs(resource) }, scopeLogs: [{ scope, logRecords }] }],
  })
}

function keyValue(writer: BinaryWriter, key: string, value: AnyValue): void {
  writer.fork().tag(1, 2).string(key)
  anyValue(writer.tag(2, 2), value)
  writer.join()
}

function anyValue(writer: BinaryWriter, value: AnyValue): void {
  writer.fork()
  if (typeof value === "string") writer.tag(1, 2).string(value)
  else if (typeof value === "boolean") writer.tag(2, 0).bool(value)
  else if (typeof value === "number" && Number.isInteger(value)) writer.tag(3, 0).int64(value)
  else if (typeof value === "number") writer.tag(4, 1).double(value)
  else if (Array.isArray(value)) {
    writer.tag(5, 2).fork()
    for (const inner of value) anyValue(writer.tag(1, 2), inner)
    writer.join()
  } else {
    writer.tag(6, 2).fork()
    for (const [key, inner] of Object.entries(value)) keyValue(writer.tag(1, 2), key, inner)
    writer.join()
  }
  writer.join()
}

function anyJson(value: AnyValue): object {
  if (typeof value === "string") return { stringValue: value }
  if (typeof value === "boolean") return { boolValue: value }
  if (typeof value === "number")
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyJson) } }
  return { kvlistValue: { values: pairs(value as Readonly<Record<string, AnyValue>>) } }
}

function pairs(values: Readonly<Record<string, AnyValue>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyJson(value) }))
}

/** `[EventTime, record]` one after the other, as Fluent Bit's http output with `format msgpack`. */
export function fluentMsgpack(records: readonly object[]): Buffer {
  const time = Buffer.alloc(8)
  time.writeUInt32BE(Number(TIME_NANOS / 1_000_000_000n), 0)
  time.writeUInt32BE(Number(TIME_NANOS % 1_000_000_000n), 4)
  return Buffer.concat(records.map((record) => encode([[new ExtData(0, time), {}], record])))
}
