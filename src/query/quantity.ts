import type { Micros } from "../base/time.ts"
import { DECIMAL_RE2, parseIpv4, parseNumber } from "./number.ts"
import { type Sql, sql, trusted } from "./sql.ts"
import { isInReach, parseNanos } from "./nanos.ts"
import { compareTexts } from "./words.ts"

/**
 * The number that a value is compared as, in JavaScript and in SQL alike: a number with or without a unit (sizes in bytes,
 * durations in nanoseconds), an IPv4 address, or a time as nanoseconds since 1970. NaN for every other text.
 */
export function parseQuantity(text: string): number {
  if (text.length === 0 || text.length > LENGTH_MAX) return Number.NaN
  if (/^[+-]?inf$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^0[xbo]/i.test(text)) return WHOLE_PREFIXED.test(text) ? Number(text) : Number.NaN
  // VictoriaLogs reads `µs` in values, and `us` only in queries.
  if (/[0-9]us/.test(text)) return Number.NaN
  const number = parseNumber(text)
  if (!Number.isNaN(number)) return Number.isFinite(number) ? number : Number.NaN
  const address = parseIpv4(text)
  if (address !== undefined) return address
  const instant = instantOf(text)
  return instant === undefined ? Number.NaN : instant * 1000
}

/** Order of two values: by size where both are numbers, else as bytes of UTF-8. */
export function compareQuantities(a: string, b: string): number {
  const [x, y] = [parseQuantity(a), parseQuantity(b)]
  if (Number.isNaN(x) || Number.isNaN(y)) return compareTexts(a, b)
  return x === y ? 0 : x - y
}

/** Whether the text says that it is no number. */
export function isNan(text: string): boolean {
  return /^nan$/i.test(text)
}

const LENGTH_MAX = 64
/** Those that a double holds exactly. */
const WHOLE_PREFIXED = /^0([xX][0-9A-Fa-f]{1,13}|[bB][01]{1,52}|[oO][0-7]{1,17})$/

const ZONE_RE2 = "(Z|[+-][0-9]{2}:?[0-9]{2})"
const HOURS_RE2 = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
const INSTANT_RE2 = `[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]${HOURS_RE2}(\\.[0-9]{1,9})?${ZONE_RE2}?`
const INSTANT = new RegExp(`^${INSTANT_RE2}$`)

/**
 * Nanoseconds since 1970 of an RFC 3339 time, also with a space before the hour; one without a zone is of UTC. As in VictoriaLogs,
 * what people write for no time (year 1) and for never (year 9999) is none.
 */
export function instantNanos(text: string): bigint | undefined {
  const nanos = (text[10] === "T" || text[10] === " ") && INSTANT.test(text) ? parseNanos(text) : undefined
  return nanos !== undefined && isInReach(nanos) ? nanos : undefined
}

/** The same in microseconds. */
export function instantOf(text: string): Micros | undefined {
  const nanos = instantNanos(text)
  if (nanos === undefined) return undefined
  const micros = nanos / 1000n // towards 1970
  return Number(micros * 1000n > nanos ? micros - 1n : micros)
}

/** Without a zone DuckDB would take the machine's. NULL where {@link isInReach} is not true. */
function instantSql(text: Sql): Sql {
  const zoned = sql`CASE WHEN regexp_matches(${text}, ${`${ZONE_RE2}$`}) THEN ${text} ELSE concat(${text}, 'Z') END`
  const nanos = sql`CAST(epoch_us(TRY_CAST(${zoned} AS TIMESTAMPTZ)) AS HUGEINT) * 1000`
  return sql`CAST(TRY_CAST(${nanos} AS BIGINT) AS DOUBLE)`
}

const PART_RE2 = "(?:[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)"
const UNITS = (units: string) => `[+-]?(?:${PART_RE2}(?:${units}))+`
const SIZE_RE2 = UNITS("[KMGT]i?B?|B")
const DURATION_RE2 = UNITS("ns|µs|ms|[smhdwy]")

/** {@link parseQuantity} of a VARCHAR, as DOUBLE; NULL where it is no number. A lambda, so that the value is had once. */
export function quantitySql(value: Sql): Sql {
  const text = trusted("quantity")
  const parts = (unit: Sql) =>
    sql`list_sum(list_transform(regexp_extract_all(${text}, ${`${PART_RE2}[A-Za-zµ]+`}), lambda part:
      CAST(regexp_extract(part, '^[0-9.]+') AS DOUBLE) * ${unit})) * CASE WHEN starts_with(${text}, '-') THEN -1 ELSE 1 END`
  const number = sql`CASE
    WHEN length(${text}) > ${LENGTH_MAX} OR NOT regexp_matches(${text}, '^[+-]?[.0-9iI]') THEN NULL
    WHEN regexp_full_match(${text}, ${DECIMAL_RE2}) THEN ${finite(sql`TRY_CAST(${text} AS DOUBLE)`)}
    WHEN regexp_full_match(${text}, '[+-]?[0-9]+(_[0-9]+)+(\\.[0-9]+)?') THEN TRY_CAST(replace(${text}, '_', '') AS DOUBLE)
    WHEN regexp_full_match(${text}, '0[xX][0-9A-Fa-f]{1,13}|0[bB][01]{1,52}') THEN CAST(TRY_CAST(${text} AS BIGINT) AS DOUBLE)
    WHEN regexp_full_match(${text}, '0[oO][0-7]{1,17}') THEN ${octalSql(text)}
    WHEN regexp_full_match(${text}, '(?i)[+-]?inf') THEN CAST(CASE WHEN starts_with(${text}, '-') THEN '-inf' ELSE 'inf' END AS DOUBLE)
    WHEN regexp_full_match(${text}, ${SIZE_RE2}) THEN ${parts(SIZE_OF)}
    WHEN regexp_full_match(${text}, ${DURATION_RE2}) THEN ${parts(NANOS_OF)}
    WHEN regexp_full_match(${text}, ${INSTANT_RE2}) THEN ${instantSql(text)}
    ELSE ${addressSql(text)} END`
  return sql`list_transform([${value}], lambda quantity: ${number})[1]`
}

/** The number of a TIMESTAMP. */
export function timeQuantitySql(column: Sql): Sql {
  return sql`(epoch_us(${column}) * 1000.0)`
}

/** DuckDB knows no octal numbers. */
function octalSql(text: Sql): Sql {
  const digits = sql`regexp_extract_all(substr(${text}, 3), '[0-7]')`
  return sql`CAST(list_reduce(list_transform(${digits}, lambda digit: CAST(digit AS BIGINT)), lambda sum, digit: sum * 8 + digit) AS DOUBLE)`
}

function finite(number: Sql): Sql {
  return sql`CASE WHEN isfinite(${number}) THEN ${number} END`
}

/** The unit at the end of a part. */
const unitOf = (cases: string) => trusted(`CASE regexp_extract(part, '[A-Za-zµ]+$') ${cases} END`)
const SIZE_OF = unitOf(
  ["K", "M", "G", "T", ""]
    .map((letter, i) => {
      if (letter === "") return "ELSE 1"
      const [decimal, binary] = [1000 ** (i + 1), 1024 ** (i + 1)]
      const units = [`'${letter}' THEN ${decimal}`, `'${letter}B' THEN ${decimal}`]
      units.push(`'${letter}i' THEN ${binary}`, `'${letter}iB' THEN ${binary}`)
      return units.map((unit) => `WHEN ${unit}`).join(" ")
    })
    .join(" "),
)
const NANOS_OF = unitOf(
  "WHEN 'µs' THEN 1000 WHEN 'ms' THEN 1000000 WHEN 's' THEN 1000000000 WHEN 'm' THEN 60000000000 " +
    "WHEN 'h' THEN 3600000000000 WHEN 'd' THEN 86400000000000 WHEN 'w' THEN 604800000000000 WHEN 'y' THEN 31536000000000000 ELSE 1",
)

/** An IPv4 address as a number; NULL where the text is none. */
export function addressSql(value: Sql): Sql {
  const byte = "(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
  const pattern = [byte, byte, byte, byte].join("\\.")
  const part = (index: bigint, unit: bigint) =>
    sql`CAST(split_part(${value}, '.', ${index}) AS BIGINT) * ${unit}`
  const sum = sql`${part(1n, 16_777_216n)} + ${part(2n, 65_536n)} + ${part(3n, 256n)} + ${part(4n, 1n)}`
  return sql`CASE WHEN regexp_full_match(${value}, ${pattern}) THEN TRY(${sum}) END`
}
