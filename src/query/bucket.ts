import type { Micros } from "../base/time.ts"
import type { Column } from "./column.ts"
import { formatDuration, formatNanos } from "./nanos.ts"
import { formatIpv4, formatNumber, parseDuration, parseIpv4, parseNumber, parseSize } from "./number.ts"
import { instantNanos, instantOf } from "./quantity.ts"
import { type Sql, sql } from "./sql.ts"

/** What stands behind a field in `by (…)`: `_time:1h offset 30m`, `code:100`, `ip:/24`. */
export type Bucket = {
  readonly text: string
  /** The bucket of a value; values that are no numbers or times stay as they are. */
  of(value: string): string
  /** How much time a bucket of times is. */
  readonly seconds?: number
  /** The bucket's number over a column, where SQL can say it: its start would be two more operations for each record. */
  sql?(column: Column): Sql | undefined
  /** The start of the bucket of this number. */
  startOf?(number: number): Micros
}

const HOUR = 3_600_000_000
const NAMED: Readonly<Record<string, number>> = {
  nanosecond: 0.001,
  microsecond: 1,
  millisecond: 1_000,
  second: 1_000_000,
  minute: 60_000_000,
  hour: HOUR,
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
}
/** The word week begins on Monday; 1970-01-01 was a Thursday, with which 1w and 7d begin. */
const WEEK_OFFSET = -3 * 24 * HOUR

/** How far bounds are moved: a duration, or a number where numbers are grouped. */
export type BucketOffset = { readonly text: string; readonly nanos: number }

/** Reads a number or duration; undefined where it is neither. */
export function parseBucketOffset(text: string): BucketOffset | undefined {
  const nanos = parseDuration(text) ?? parseSize(text) ?? parseNumber(text)
  return Number.isFinite(nanos) ? { text: `offset ${text}`, nanos } : undefined
}

/** Reads what stands behind the colon; undefined where it is no size of a bucket. */
export function parseBucket(size: string, offset?: BucketOffset): Bucket | undefined {
  const text = size + (offset === undefined ? "" : ` ${offset.text}`)
  const mask = /^\/([0-9]{1,2})$/.exec(size)
  if (mask !== null) return Number(mask[1]) <= 32 ? stepBucket(text, maskStep(Number(mask[1]))) : undefined
  const word = size.toLowerCase()
  // An offset moves the bounds back, as VictoriaLogs has it: with 20s, minutes begin at :40.
  const shift = -Math.round((offset?.nanos ?? 0) / 1000)
  if (word === "month" || word === "year") return calendarBucket(text, word, shift)
  const named = Object.hasOwn(NAMED, word) ? NAMED[word] : undefined
  const duration = parseDuration(size)
  const micros = named ?? (duration === undefined ? undefined : duration / 1000)
  const number = parseSize(size) ?? parseNumber(size)
  const step = micros === undefined ? number : micros * 1000
  if (!(step > 0)) return undefined
  const start = shift + (word === "week" ? WEEK_OFFSET : 0)
  return stepBucket(text, { step, micros, offset: start, numberOffset: -(offset?.nanos ?? 0) })
}

type Step = {
  /** Of numbers; nanoseconds where the size is a duration. */
  readonly step: number
  readonly micros: number | undefined
  /** Where buckets of times begin, in microseconds, and those of numbers. */
  readonly offset: number
  readonly numberOffset: number
}

function stepBucket(text: string, { step, micros, offset, numberOffset }: Step): Bucket {
  const whole = micros !== undefined && Number.isInteger(micros) ? micros : undefined
  return {
    text,
    ...(micros === undefined ? {} : { seconds: micros / 1e6 }),
    of: (value) => {
      if (micros === undefined || micros < 1) {
        const nanos = instantNanos(value)
        if (nanos !== undefined) return formatNanos(startOfNanos(nanos, step, numberOffset))
      } else {
        const moment = instantOf(value)
        if (moment !== undefined) return formatTime(Math.floor((moment - offset) / micros) * micros + offset)
      }
      const startOf = (number: number) => Math.floor((number - numberOffset) / step) * step + numberOffset
      if (PLAIN_NUMBER.test(value)) return formatNumber(startOf(parseNumber(value)) + 0)
      const address = parseIpv4(value)
      if (address !== undefined) return formatIpv4(Math.max(0, startOf(address)))
      const duration = parseDuration(value)
      return duration === undefined ? value : formatDuration(BigInt(Math.round(startOf(duration))))
    },
    sql: (column) => {
      if (column.kind !== "time" || whole === undefined) return undefined
      // Remainders of SQL keep the sign of what is divided; events are later than 1970.
      const at = sql`epoch_us(${column.column})`
      const shifted = offset === 0 ? at : sql`(${at} - ${BigInt(offset)})`
      return sql`${shifted} // ${BigInt(whole)}`
    },
    startOf: (number) => number * (whole ?? 0) + offset,
  }
}

/** The addresses that the first bits of one leave; numbers and nanoseconds as many, as VictoriaLogs has it. */
function maskStep(bits: number): Step {
  return { step: 2 ** (32 - bits), micros: undefined, offset: 0, numberOffset: 0 }
}

function startOfNanos(nanos: bigint, step: number, offset: number): bigint {
  const [size, shift] = [BigInt(Math.max(1, Math.floor(step))), BigInt(Math.round(offset))]
  const behind = (nanos - shift) % size
  return nanos - (behind < 0n ? behind + size : behind)
}

/** Sizes, codes like `007` and numbers in other notations are texts here, as in VictoriaLogs. */
const PLAIN_NUMBER = /^-?(0|[1-9][0-9]*(_[0-9]+)*)(\.[0-9]+)?$/

function calendarBucket(text: string, unit: "month" | "year", offset: number): Bucket {
  return {
    text,
    of: (value) => {
      const moment = instantOf(value)
      if (moment === undefined) return value
      const date = new Date(Math.floor((moment - offset) / 1000))
      const start = Date.UTC(date.getUTCFullYear(), unit === "month" ? date.getUTCMonth() : 0, 1)
      return formatTime(start * 1000 + offset)
    },
  }
}

/** As VictoriaLogs writes times: no more fraction digits than there are. */
export function formatTime(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const seconds = new Date(millis).toISOString().slice(0, 19)
  const fraction = String(micros - Math.floor(micros / 1_000_000) * 1_000_000)
    .padStart(6, "0")
    .replace(/0+$/, "")
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}Z`
}
