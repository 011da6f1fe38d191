import { MICROS_MAX, type Micros } from "../../base/time.ts"

/** A day, a clock, up to nine fraction digits; "T" or a space; a zone, or none, which is UTC. */
const WRITTEN = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/
const NUMBER = /^\d{1,19}(\.\d+)?$/

/**
 * A moment as collectors write it: RFC 3339, `2026-01-02 03:04:05.123` (UTC), or a number since 1970 in seconds,
 * milliseconds, microseconds or nanoseconds, told apart by its size. Digits after the microsecond are cut off.
 * Undefined for anything else, for 0 and "-", and for days that do not exist.
 */
export function parseCollectorTime(value: unknown): Micros | undefined {
  if (typeof value === "number") return within(fromNumber(value))
  if (typeof value !== "string") return undefined
  if (NUMBER.test(value)) return within(fromDigits(value))
  const [, day = "", clock = "", fraction = "", zone = "Z"] = WRITTEN.exec(value) ?? []
  const second = Date.parse(`${day}T${clock}${zone}`)
  if (!isDay(day)) return undefined
  return within(second * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6)))
}

let dayBefore = ""

/** Date.parse takes 30 February for 2 March. Lines of one body are of one day: the last one is remembered. */
function isDay(day: string): boolean {
  if (day === dayBefore && day !== "") return true
  const millis = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(day)) return false
  dayBefore = day
  return true
}

function fromNumber(value: number): number {
  if (value < 1e11) return Math.round(value * 1e6)
  if (value < 1e14) return Math.round(value * 1e3)
  return value < 1e17 ? Math.floor(value) : Math.floor(value / 1e3)
}

/** Nanoseconds do not fit a number: their last three digits are cut off as text. */
function fromDigits(text: string): number {
  const [whole = ""] = text.split(".")
  return whole.length > 17 ? Number(whole.slice(0, -3)) : fromNumber(Number(text))
}

/** Times before 1970 and from 2255 on are no times of logs: a date's default, a counter, a mistake. */
function within(micros: number): Micros | undefined {
  return micros > 0 && micros < MICROS_MAX ? micros : undefined
}
