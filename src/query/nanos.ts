/** Times to the nanosecond, which a number of JavaScript cannot hold: values of other people's fields have nine digits. */

const TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,9})[0-9]*)?(Z|[+-][0-9]{2}:?[0-9]{2})?$/i
const SECOND = 1_000_000_000n
const LAST = 2n ** 63n - 1n

/** Nanoseconds since 1970 of an RFC 3339 time; undefined where it is none. */
export function parseNanos(text: string): bigint | undefined {
  const match = text.length < 64 ? TIME.exec(text) : null
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  // Date.UTC takes years below 100 for those of its own century.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59)
    return undefined
  const seconds = date.getTime() / 1000 + (hour * 60 + minute) * 60 + second
  const fraction = BigInt((match[7] ?? "").padEnd(9, "0"))
  return (BigInt(seconds) - zoneSeconds(match[8] ?? "Z")) * SECOND + fraction
}

/** What 64 bits hold of nanoseconds: the years 1678 to 2261. */
export function isInReach(nanos: bigint): boolean {
  return nanos >= -LAST && nanos <= LAST
}

function zoneSeconds(zone: string): bigint {
  const match = /^([+-])([0-9]{2}):?([0-9]{2})$/.exec(zone)
  if (match === null) return 0n
  const seconds = BigInt(Number(match[2]) * 3600 + Number(match[3]) * 60)
  return match[1] === "-" ? -seconds : seconds
}

/** As RFC 3339 in UTC, with no more fraction digits than there are. Beyond the years 0–9999 nothing can be said. */
export function formatNanos(nanos: bigint): string {
  const fraction = ((nanos % SECOND) + SECOND) % SECOND
  const seconds = Number((nanos - fraction) / SECOND)
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return ""
  const digits = fraction.toString().padStart(9, "0").replace(/0+$/, "")
  return `${date.toISOString().slice(0, 19)}${digits === "" ? "" : `.${digits}`}Z`
}

/** The largest numbers that are seconds, milliseconds and microseconds since 1970; beyond the last, nanoseconds. */
const UNITS: readonly (readonly [nanos: bigint, last: bigint])[] = [
  [1_000_000_000n, LAST / 1_000_000_000n],
  [1_000_000n, LAST / 1_000_000n],
  [1_000n, LAST / 1_000n],
  [1n, LAST],
]

/** Nanoseconds of a Unix time in whichever unit it is in; undefined where it is no decimal number. */
export function parseUnixTime(text: string): bigint | undefined {
  const match = /^(-?)([0-9]{1,19})(?:\.([0-9]{1,18}))?$/.exec(text)
  if (match === null) return undefined
  const whole = BigInt(match[2] ?? "")
  const unit = UNITS.find(([, last]) => whole <= last)
  if (unit === undefined) return undefined
  const fraction = (BigInt((match[3] ?? "").padEnd(18, "0")) * unit[0]) / 10n ** 18n
  const nanos = whole * unit[0] + fraction
  return match[1] === "-" ? -nanos : nanos
}

const PARTS: readonly (readonly [unit: string, nanos: bigint])[] = [
  ["w", 604_800n * SECOND],
  ["d", 86_400n * SECOND],
  ["h", 3_600n * SECOND],
  ["m", 60n * SECOND],
]
const SMALL_PARTS: readonly (readonly [unit: string, nanos: bigint])[] = [
  ["ms", 1_000_000n],
  ["µs", 1_000n],
  ["ns", 1n],
]

/** Nanoseconds as a duration: `1h5m3.5s`; below a second `1ms500µs`. */
export function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return "0"
  let rest = nanos < 0n ? -nanos : nanos
  let text = nanos < 0n ? "-" : ""
  const take = ([unit, size]: readonly [string, bigint]) => {
    if (rest >= size) text += `${rest / size}${unit}`
    rest %= size
  }
  if (rest < SECOND) {
    SMALL_PARTS.forEach(take)
    return text
  }
  PARTS.forEach(take)
  if (rest === 0n) return text
  const fraction = (rest % SECOND).toString().padStart(9, "0").replace(/0+$/, "")
  return `${text}${rest / SECOND}${fraction === "" ? "" : `.${fraction}`}s`
}
