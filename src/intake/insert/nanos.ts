import { formatMicros, MICROS_MAX, type Micros } from "../../base/time.ts"

/** Nanoseconds since 1970 as the ledger keeps times; undefined for 0, which means none, and beyond 2254. */
export function nanosToMicros(nanos: bigint): Micros | undefined {
  const micros = nanos / 1000n
  return micros > 0n && micros < BigInt(MICROS_MAX) ? Number(micros) : undefined
}

/** All nine digits, as RFC 3339. */
export function nanosText(nanos: bigint): string {
  const text = formatMicros(Number(nanos / 1000n))
  return `${text.slice(0, -1)}${String(nanos % 1000n).padStart(3, "0")}Z`
}
