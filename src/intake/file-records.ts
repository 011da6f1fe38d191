import { asBuffer } from "../base/buffer.ts"
import type { Line } from "./file-lines.ts"
import { parseCollectorTime } from "./insert/moment.ts"
import { timeWord } from "./insert/log-words.ts"
import { type Batch, type Reception, toBatchOrLog, toLogRecord, toRecord } from "./receive.ts"

/**
 * What one line of a log becomes: one record, or those of an EventList that stands on the line. Nothing is left out: what
 * cannot be understood is quarantined. Blank lines have no record, and neither has a rest that {@link isTornRest} names.
 */
export function receiveLine(whole: Pick<Line, "bytes" | "isRest">, reception: Reception): Batch {
  const line = whole.bytes
  const first = firstByte(line)
  if (first === undefined || isTornRest(whole)) return { records: [], events: [] }
  if (first !== OBJECT && first !== ARRAY) return receiveText(line, reception)
  const batch = toBatchOrLog(line, reception)
  if (batch.events.length > 0 || batch.records.length !== 1) return batch
  return splitGlued(line, reception) ?? batch
}

/**
 * The rest of a line whose beginning was taken as cut off: it may begin in the middle of a secret, where no rule of
 * redaction can know it. It is told as a loss instead of kept.
 */
export function isTornRest({ bytes, isRest }: Pick<Line, "bytes" | "isRest">): boolean {
  if (isRest !== true) return false
  const first = firstByte(bytes)
  return first !== undefined && first !== OBJECT && !isLegacyLine(bytes)
}

const OBJECT = 0x7b
const ARRAY = 0x5b
const SPACE = 0x20

/** The first byte that is neither white space nor of a byte order mark. */
function firstByte(line: Uint8Array): number | undefined {
  for (let at = 0; at < line.length; at++) {
    const byte = line[at] as number
    if (byte === 0xef && line[at + 1] === 0xbb && line[at + 2] === 0xbf) at += 2
    else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return byte
  }
  return undefined
}

/** What every line of the log back end begins with; items of a webhook's list do not. */
const EVENT_START = Buffer.from('{"kind":"Event","apiVersion":"audit.k8s.io/v1",')

/**
 * A server that dies while writing leaves a line without newline, and the next one appends to it: two events, the first
 * cut off, on one line. The second is whole and must not suffer. Only a rest that is exactly one good event is taken: an
 * object that merely stands inside another (a client can send one) is followed by the braces around it.
 */
function splitGlued(line: Uint8Array, reception: Reception): Batch | undefined {
  const bytes = asBuffer(line)
  const at = bytes.lastIndexOf(EVENT_START)
  if (at <= 0) return undefined
  const rest = toBatchOrLog(line.subarray(at), reception)
  if (rest.records.length !== 1 || rest.events.length !== 1) return undefined
  const start = toBatchOrLog(line.subarray(0, at), reception)
  return { records: [...start.records, ...rest.records], events: rest.events }
}

/** --audit-log-format=legacy: the time, then AUDIT: and Go-quoted values (spec: kubernetes pkg/apis/audit/util). */
const LEGACY_LINE = /^\d{4}-\d\d-\d\dT[0-9:.]+Z AUDIT: id="/

export function isLegacyLine(line: Uint8Array): boolean {
  return LEGACY_LINE.test(
    Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 64)).toString("latin1"),
  )
}

/** A legacy line is understood as far as it goes, and keeps its own time; any other text is quarantined. */
function receiveText(line: Uint8Array, reception: Reception): Batch {
  if (!isLegacyLine(line)) return { records: [toLogRecord(line, reception)], events: [] }
  const time = parseCollectorTime(legacyTime(line))
  const words = [
    ...(reception.words ?? []),
    ...(time === undefined ? [] : [["time", timeWord(time)] as const]),
  ]
  return { records: [toRecord(line, "log", {}, { ...reception, words })], events: [] }
}

function legacyTime(line: Uint8Array): string {
  return asBuffer(line).toString("latin1", 0, line.indexOf(SPACE))
}
