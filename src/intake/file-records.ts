import type { NewRecord } from "../event/record.ts"
import { type Reception, toLogRecord, toRecordsOrLog } from "./receive.ts"

/**
 * The records of one line of a log: one, or those of an EventList that stands on the line. Nothing is left out: what
 * cannot be understood is quarantined. Blank lines have no record.
 */
export function recordsOfLine(line: Uint8Array, reception: Reception): readonly NewRecord[] {
  const first = firstByte(line)
  if (first === undefined) return []
  if (first !== OBJECT && first !== ARRAY) return [toLogLine(line, reception)]
  const records = toRecordsOrLog(line, reception)
  const [only] = records
  if (records.length === 1 && only?.words.some(([key]) => key === "quarantined")) {
    return splitGlued(line, reception) ?? records
  }
  return records
}

const OBJECT = 0x7b
const ARRAY = 0x5b

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
function splitGlued(line: Uint8Array, reception: Reception): readonly NewRecord[] | undefined {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength)
  const at = bytes.lastIndexOf(EVENT_START)
  if (at <= 0) return undefined
  const rest = toRecordsOrLog(line.subarray(at), reception)
  const whole = rest.length === 1 && rest[0]?.kind === "k8s.audit" && isUnderstood(rest[0])
  return whole ? [...toRecordsOrLog(line.subarray(0, at), reception), ...rest] : undefined
}

function isUnderstood(record: NewRecord): boolean {
  return !record.words.some(([key]) => key === "quarantined")
}

/** --audit-log-format=legacy: the time, then AUDIT: and Go-quoted values (spec: kubernetes pkg/apis/audit/util). */
const LEGACY_LINE = /^\d{4}-\d\d-\d\dT[0-9:.]+Z AUDIT: id="/

export function isLegacyLine(line: Uint8Array): boolean {
  return LEGACY_LINE.test(
    Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 64)).toString("latin1"),
  )
}

/** A legacy line is understood as far as it goes; any other text is quarantined. */
function toLogLine(line: Uint8Array, reception: Reception): NewRecord {
  const record = toLogRecord(line, reception)
  if (!isLegacyLine(line)) return record
  return { ...record, words: record.words.filter(([key]) => key !== "quarantined") }
}
