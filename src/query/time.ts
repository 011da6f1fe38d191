import type { Micros } from "../base/time.ts"
import { parseDuration } from "./number.ts"

/** The first and last microsecond a text stands for: `2026-01` is a month, `2026-01-02T03:04:05.000006Z` one microsecond. */
export type Span = { readonly first: Micros; readonly last: Micros }

/** An instant in a query, not yet placed on the clock: absolute, or so many microseconds before `now`. */
export type Moment =
  | { readonly kind: "span"; readonly span: Span }
  | { readonly kind: "ago"; readonly micros: number }

const DATE =
  /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,9})?)?)?)?)?)?$/
const ZONE = /(Z|z|([+-])([0-9]{2}):([0-9]{2}))$/
const SECOND = 1_000_000
const DAY = 86_400 * SECOND
/** The years a clock of ours can show. */
export const MICROS_LAST: Micros = Date.UTC(2255, 0, 1) * 1000 - 1

/**
 * Reads an instant: `now`, `now-5m`, `-1h`, Unix seconds (10 digits, also with a fraction), milliseconds (13), microseconds (16) or nanoseconds
 * (19), or a date of any precision with an optional zone; without one it is UTC. Undefined where it is none of these.
 */
export function parseMoment(text: string): Moment | undefined {
  if (text.toLowerCase() === "now") return { kind: "ago", micros: 0 }
  const relative = /^(?:now)?([+-].+)$/i.exec(text)
  if (relative !== null) {
    const nanos = parseDuration(relative[1] ?? "")
    return nanos === undefined ? undefined : { kind: "ago", micros: Math.round(-nanos / 1000) }
  }
  const span = /^[0-9]{5,19}(\.[0-9]+)?$/.test(text) ? parseUnix(text) : parseDate(text)
  return span === undefined ? undefined : { kind: "span", span }
}

function parseUnix(text: string): Span | undefined {
  const [digits = "", fraction] = text.split(".")
  if (fraction !== undefined && digits.length > 10) return undefined
  if (fraction !== undefined) {
    const first = Math.floor(Number(text) * SECOND)
    return within({ first, last: first })
  }
  if (digits.length > 16) {
    const first = Math.floor(Number(digits.slice(0, -3)))
    return within({ first, last: first })
  }
  const unit = digits.length <= 10 ? SECOND : digits.length <= 13 ? 1000 : 1
  const first = Number(digits) * unit
  return within({ first, last: first + unit - 1 })
}

function parseDate(text: string): Span | undefined {
  const zone = ZONE.exec(text)
  // In `2024-01-02` the last three characters only look like a zone's beginning; a zone has a colon.
  const date = DATE.exec(zone === null ? text : text.slice(0, -zone[0].length))
  if (date === null) return undefined
  const [, year = "", month, day, hour, minute, second, fraction] = date
  if (fraction !== undefined && zone === null) return undefined
  const parts = [month, day, hour, minute, second].map((part) =>
    part === undefined ? undefined : Number(part),
  )
  const [m = 1, d = 1, h = 0, min = 0, s = 0] = parts
  const at = Date.UTC(Number(year), m - 1, d, h, min, s)
  const back = new Date(at)
  if (back.getUTCMonth() !== m - 1 || back.getUTCDate() !== d || h > 23 || min > 59 || s > 60)
    return undefined
  const offset = zoneMicros(zone)
  if (offset === undefined) return undefined
  const micros = at * 1000 + (fraction === undefined ? 0 : Math.floor(Number(`0${fraction}`) * SECOND + 1e-4))
  const first = micros - offset
  return within({ first, last: first + width(back, [year, ...date.slice(2)]) - 1 })
}

function zoneMicros(zone: RegExpExecArray | null): number | undefined {
  if (zone === null || zone[2] === undefined) return 0
  const [hours, minutes] = [Number(zone[3]), Number(zone[4])]
  if (hours > 23 || minutes > 59) return undefined
  return (zone[2] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60 * SECOND
}

/** Microseconds in what the date names: a year, a month, … a second, or the last digit of its fraction. */
function width(from: Date, parts: readonly (string | undefined)[]): number {
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth()]
  const until = (y: number, m: number) => (Date.UTC(y, m, 1) - Date.UTC(year, month, 1)) * 1000
  const known = parts.filter((part) => part !== undefined).length
  if (known === 1) return until(year + 1, 0)
  if (known === 2) return until(year, month + 1)
  if (known <= 6) return [DAY, 3600 * SECOND, 60 * SECOND, SECOND][known - 3] ?? SECOND
  const digits = (parts[6] ?? ".").length - 1
  return 10 ** Math.max(0, 6 - digits)
}

function within(span: Span): Span | undefined {
  return span.first >= -MICROS_LAST && span.last <= MICROS_LAST ? span : undefined
}

export function placeMoment(moment: Moment, now: Micros): Span {
  if (moment.kind === "span") return moment.span
  return { first: now - moment.micros, last: now - moment.micros }
}

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

/** 0 for Sunday … 6 for Saturday. */
export function parseWeekday(text: string): number | undefined {
  const index = DAYS.findIndex((day) => text.toLowerCase() === day || text.toLowerCase() === day.slice(0, 3))
  return index < 0 ? undefined : index
}

/** Microseconds since midnight of `08:00`; 24:00 is the last microsecond of the day. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = /^([0-9]{2}):([0-9]{2})$/.exec(text)
  const [hours, minutes] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null || hours > 24 || minutes > 59) return undefined
  return Math.min((hours * 60 + minutes) * 60 * SECOND, DAY - 1)
}
