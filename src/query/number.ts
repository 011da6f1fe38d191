/**
 * Numbers as LogsQL compares them: decimals, `0x1f`, `0b11`, `0o17`, sizes (`1.5KB`, `22.5GiB`) and durations (`1h5m`, in
 * nanoseconds). Everything else is text.
 */

const DECIMAL = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/
const GROUPED = /^[+-]?[0-9]+(_[0-9]+)+(\.[0-9]+)?$/
const PREFIXED = /^([+-]?)(0[xX][0-9A-Fa-f]+|0[bB][01]+|0[oO][0-7]+)$/
const IPV4 = /^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$/
const PART = /([0-9]+(?:\.[0-9]+)?|\.[0-9]+)([A-Za-zµ]+)/y

/** The same rule as {@link DECIMAL}, for RE2 in SQL. */
export const DECIMAL_RE2 = "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?"

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  K: 1e3,
  KB: 1e3,
  Ki: 1024,
  KiB: 1024,
  M: 1e6,
  MB: 1e6,
  Mi: 1024 ** 2,
  MiB: 1024 ** 2,
  G: 1e9,
  GB: 1e9,
  Gi: 1024 ** 3,
  GiB: 1024 ** 3,
  T: 1e12,
  TB: 1e12,
  Ti: 1024 ** 4,
  TiB: 1024 ** 4,
}
const NANOS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 7 * 86_400e9,
  y: 365 * 86_400e9,
}

/** The number a text stands for, or NaN. */
export function parseNumber(text: string): number {
  if (text.length === 0 || text.length > 64) return Number.NaN
  if (DECIMAL.test(text)) return finite(Number(text))
  if (GROUPED.test(text)) return Number(text.replaceAll("_", ""))
  const prefixed = PREFIXED.exec(text)
  if (prefixed !== null) return Number(prefixed[2]) * (prefixed[1] === "-" ? -1 : 1)
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text)
  if (infinite !== null) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return parseSize(text) ?? parseDuration(text) ?? Number.NaN
}

/** What is written as a number and is none that a double can hold. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN
}

/** Nanoseconds of `1h5m`, `-2.5h`, `34s5ms`; undefined where it is no duration. */
export function parseDuration(text: string): number | undefined {
  return sumOfParts(text, NANOS)
}

export function parseSize(text: string): number | undefined {
  return sumOfParts(text, SIZES)
}

function sumOfParts(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const negative = text.startsWith("-")
  let at = negative || text.startsWith("+") ? 1 : 0
  if (at === text.length) return undefined
  let sum = 0
  while (at < text.length) {
    PART.lastIndex = at
    const part = PART.exec(text)
    const unit = Object.hasOwn(units, part?.[2] ?? "") ? units[part?.[2] ?? ""] : undefined
    if (part === null || unit === undefined) return undefined
    sum += Number(part[1]) * unit
    at = PART.lastIndex
  }
  return negative ? -sum : sum
}

export function parseIpv4(text: string): number | undefined {
  const match = IPV4.exec(text)
  if (match === null) return undefined
  let address = 0
  for (const part of match.slice(1)) {
    const byte = Number(part)
    if (byte > 255) return undefined
    address = address * 256 + byte
  }
  return address
}

export function formatIpv4(address: number): string {
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256).join(".")
}

/** The number of a plain decimal, or NaN: what SQL takes for a number too. */
export function parseDecimal(text: string): number {
  return text.length <= 64 && DECIMAL.test(text) ? Number(text) : Number.NaN
}

/** A number as a value: whole numbers without exponent, others shortest. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN"
  if (value === Number.POSITIVE_INFINITY) return "+Inf"
  if (value === Number.NEGATIVE_INFINITY) return "-Inf"
  if (Object.is(value, -0)) return "-0"
  if (Number.isSafeInteger(value)) return String(value)
  return withoutExponent(String(value))
}

/** `1e-7` as `0.0000001`, `1e+21` as `1000000000000000000000`. */
function withoutExponent(text: string): string {
  const match = /^(-?)([0-9])(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text)
  if (match === null) return text
  const [, sign = "", first = "", rest = "", exponent = "0"] = match
  const digits = first + rest
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`
  return sign + digits.padEnd(point, "0")
}
