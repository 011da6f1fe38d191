import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { isSegmentName, type SegmentMade, type SegmentOrder } from "./segment-name.ts"

/** A segment and what lies in it, as the catalogue keeps it. */
export type CatalogueEntry = SegmentMade & {
  readonly rows: number
  readonly order: SegmentOrder
  /** Smallest and largest `_time`. */
  readonly timeMin: Micros
  readonly timeMax: Micros
  readonly receivedMin: Micros
  readonly receivedMax: Micros
}

/** One line: JSON with its members in this order and no space. */
export function formatEntry(entry: CatalogueEntry): string {
  const { name, first, last, bytes, sha256, replaces, rows, order } = entry
  const { timeMin, timeMax, receivedMin, receivedMax } = entry
  const made = { name, first, last, bytes, sha256, replaces }
  return `${JSON.stringify({ ...made, rows, order, timeMin, timeMax, receivedMin, receivedMax })}\n`
}

/** Inverse of {@link formatEntry}: refuses any text it would not have written. */
export function parseEntry(line: string): CatalogueEntry {
  try {
    const json: unknown = JSON.parse(line)
    if (isEntry(json) && formatEntry(json) === line) return json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Refusal("catalogue.malformed", `not a line of a catalogue: ${JSON.stringify(line.slice(0, 80))}`)
}

function isEntry(json: unknown): json is CatalogueEntry {
  if (typeof json !== "object" || json === null) return false
  const entry: Partial<Record<keyof CatalogueEntry, unknown>> = json
  const counts = [entry.first, entry.last, entry.bytes, entry.rows]
  const times = [entry.timeMin, entry.timeMax, entry.receivedMin, entry.receivedMax]
  return (
    [...counts, ...times].every((value) => Number.isSafeInteger(value) && Number(value) >= 0) &&
    typeof entry.name === "string" &&
    isSegmentName(entry.name) &&
    typeof entry.sha256 === "string" &&
    (entry.order === "alike" || entry.order === "key" || entry.order === "record") &&
    Array.isArray(entry.replaces) &&
    entry.replaces.every((name) => typeof name === "string" && isSegmentName(name))
  )
}

/** Whether an entry is of the segment that a `segment.made` speaks of. */
export function sameMade(entry: CatalogueEntry, made: SegmentMade): boolean {
  const { name, first, last, bytes, sha256 } = made
  return (
    entry.name === name &&
    entry.first === first &&
    entry.last === last &&
    entry.bytes === bytes &&
    entry.sha256 === sha256 &&
    entry.replaces.join() === made.replaces.join()
  )
}
