import { formatMicros, type Micros } from "../base/time.ts"

const QUOTES = 2
const [ZERO, NINE, DASH, COLON, DOT, PLUS] = [0x30, 0x39, 0x2d, 0x3a, 0x2e, 0x2b]
const [UPPER_T, UPPER_Z] = [0x54, 0x5a]
const [SECOND_MICROS, MINUTE_SECONDS, HOUR_SECONDS] = [1e6, 60, 3600]
/** `2026-11-20T18:24:18` */
const SECOND_BYTES = 19
const FRACTION_DIGITS = 6
const MICROS_MAX = Date.UTC(2255, 0, 1) * 1000

/** The day that was read last, and its seconds: neighbours share it. */
let known = { day: -1, seconds: 0 }

/**
 * A time of RFC 3339 in the JSON string `body[from, to)`, read without making a string of it; NaN where it is none. API servers
 * write six digits of a second, others none, three or nine.
 */
export function microsIn(body: Uint8Array, from: number, to: number): Micros {
  const at = from + 1
  const end = to - 1
  if (to - from < SECOND_BYTES + QUOTES + 1) return Number.NaN
  if (body[at + 4] !== DASH || body[at + 7] !== DASH || body[at + 10] !== UPPER_T) return Number.NaN
  if (body[at + 13] !== COLON || body[at + 16] !== COLON) return Number.NaN
  const day = digits(body, at, 4) * 10_000 + digits(body, at + 5, 2) * 100 + digits(body, at + 8, 2)
  const [hour, minute, second] = [
    digits(body, at + 11, 2),
    digits(body, at + 14, 2),
    digits(body, at + 17, 2),
  ]
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN
  let next = at + SECOND_BYTES
  let micros = 0
  if (body[next] === DOT) {
    const start = ++next
    while (next < end && isDigit(body[next] as number)) next++
    const count = Math.min(next - start, FRACTION_DIGITS)
    micros = digits(body, start, count) * 10 ** (FRACTION_DIGITS - count)
  }
  const seconds = daySeconds(day) + hour * HOUR_SECONDS + minute * MINUTE_SECONDS + second
  const result = (seconds - zoneSeconds(body, next, end)) * SECOND_MICROS + micros
  return result >= 0 && result < MICROS_MAX ? result : Number.NaN
}

/** As events have it; "" for no time. */
export function timeText(at: Micros): string {
  return Number.isFinite(at) ? formatMicros(at) : ""
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** NaN where a byte is no digit. */
function digits(body: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const byte = body[i] as number
    if (!isDigit(byte)) return Number.NaN
    value = value * 10 + byte - ZERO
  }
  return value
}

/** `Z`, or an offset like `+01:00`. */
function zoneSeconds(body: Uint8Array, at: number, end: number): number {
  if (body[at] === UPPER_Z && at + 1 === end) return 0
  const sign = body[at] === PLUS ? 1 : body[at] === DASH ? -1 : Number.NaN
  if (at + 6 !== end || body[at + 3] !== COLON) return Number.NaN
  return sign * (digits(body, at + 1, 2) * HOUR_SECONDS + digits(body, at + 4, 2) * MINUTE_SECONDS)
}

function daySeconds(day: number): number {
  if (day === known.day) return known.seconds
  const [year, month, date] = [Math.floor(day / 10_000), Math.floor(day / 100) % 100, day % 100]
  const at = Date.UTC(year, month - 1, date)
  const isDay = year >= 1970 && new Date(at).getUTCMonth() === month - 1 && date > 0
  if (!isDay) return Number.NaN
  known = { day, seconds: at / 1000 }
  return known.seconds
}
