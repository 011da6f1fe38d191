import { Refusal } from "./refusal.ts"

/** Microseconds since 1970-01-01T00:00:00Z, UTC without leap seconds. A safe integer until the year 2255. */
export type Micros = number

/** Reads a clock. Passed in; only `cli/serve.ts` and commands name the real one. */
export type Clock = () => Micros

/** No time of the ledger's is this late, or later: the first microsecond of 2255. */
export const MICROS_MAX = Date.UTC(2255, 0, 1) * 1000

/**
 * A clock that tells only times which {@link parseMicros} reads: one that is set to before 1970 or past 2254 tells the
 * nearest. Records with a time that nobody can read would be lost.
 */
export function possibleClock(clock: Clock): Clock {
  return () => Math.min(Math.max(0, clock()), MICROS_MAX - 1)
}

/** The last second that was printed: neighbours share it, and making a Date of each took five times as long. */
let printed = { second: Number.NaN, text: "" }

/** RFC 3339 in UTC with exactly six fraction digits: `2026-11-20T18:24:18.139716Z`. */
export function formatMicros(at: Micros): string {
  const second = Math.floor(at / 1_000_000)
  if (second !== printed.second) {
    const text = new Date(second * 1000).toISOString().slice(0, -FRACTION_AND_ZONE)
    printed = { second, text }
  }
  return `${printed.text}.${String(at - second * 1_000_000).padStart(6, "0")}Z`
}

/** `.000Z` */
const FRACTION_AND_ZONE = 5

/** Inverse of {@link formatMicros}: refuses any text it would not have written. */
export function parseMicros(text: string): Micros {
  const millis = Date.parse(`${text.slice(0, 23)}Z`)
  const at = millis * 1000 + Number(text.slice(23, 26))
  if (!Number.isSafeInteger(at) || at < 0 || at >= MICROS_MAX || formatMicros(at) !== text) {
    throw new Refusal(
      "time.malformed",
      `expected a time like 2026-01-02T03:04:05.000006Z, saw ${JSON.stringify(text.slice(0, 60))}`,
    )
  }
  return at
}
