import { join } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"

/** What the ledger records of a segment file (`segment.made`): from then on the file is part of history. */
export type SegmentMade = {
  /** `date=2026-11-20/<first>-<last>-<hash16>.parquet`, under `segments/`. */
  readonly name: string
  /** First and last record number in it. */
  readonly first: number
  readonly last: number
  readonly bytes: number
  /** Of the file, in lower-case hex. Its first 16 digits are in the name. */
  readonly sha256: string
  /** Names of segments whose records it holds in their place. */
  readonly replaces: readonly string[]
}

/**
 * How the records of a segment stand.
 *
 * - `alike`: those that resemble each other together, in runs of neighbours (alike.ts). Fresh ones.
 * - `key`: by resource, verb, user and name, for days that are over.
 * - `record`: by record number. Fresh ones of format v1; no longer written.
 */
export type SegmentOrder = "record" | "alike" | "key"

const DIGITS = 16
const NAME = /^date=\d{4}-\d{2}-\d{2}\/(\d{16})-(\d{16})-[0-9a-f]{16}\.parquet$/

/**
 * The day is that of the first record's receivedAt, in UTC. A segment that reaches over midnight stands
 * under the day it begins in, so a day's folder may hold some records of the next; queries go by the
 * catalogue's times, never by folders.
 */
export function segmentName(segment: {
  readonly first: number
  readonly last: number
  readonly receivedAt: Micros
  readonly sha256: string
}): string {
  const { first, last, receivedAt, sha256 } = segment
  const day = new Date(Math.floor(receivedAt / 1000)).toISOString().slice(0, 10)
  const number = (n: number) => String(n).padStart(DIGITS, "0")
  return `date=${day}/${number(first)}-${number(last)}-${sha256.slice(0, 16)}.parquet`
}

export function isSegmentName(text: string): boolean {
  const [, first, last] = NAME.exec(text) ?? []
  return first !== undefined && last !== undefined && first <= last
}

/** The numbers of the first and the last record that a segment's name speaks of. */
export function rangeOfSegment(name: string): { readonly first: number; readonly last: number } {
  const [, first, last] = NAME.exec(name) ?? []
  if (first === undefined || last === undefined) throw notAName(name)
  return { first: Number(first), last: Number(last) }
}

/** The day a segment's name speaks of: `2026-11-20`. */
export function segmentDay(name: string): string {
  if (!isSegmentName(name)) throw notAName(name)
  return name.slice("date=".length, "date=YYYY-MM-DD".length)
}

function notAName(text: string): Refusal {
  return new Refusal("segment.malformed", `not the name of a segment: ${JSON.stringify(text.slice(0, 80))}`)
}

export function segmentsDir(dir: string): string {
  return join(dir, "segments")
}

/** Path of a segment in a ledger's directory. */
export function segmentPath(dir: string, name: string): string {
  segmentDay(name)
  return join(segmentsDir(dir), name)
}

/** Path of its Bloom filter. */
export function bloomPath(dir: string, name: string): string {
  return `${segmentPath(dir, name).slice(0, -".parquet".length)}.bloom`
}
