import type { Micros } from "../base/time.ts"
import { formatNanos } from "./nanos.ts"
import { MICROS_LAST, type Span } from "./time.ts"
import type { Filter, Query, Scene } from "./tree.ts"

/** The ends of the time that nanoseconds in 64 bits can say: what VictoriaLogs calls open. */
const FIRST_NANOS = -(2n ** 63n)
const LAST_NANOS = 2n ** 63n - 1n

export type TimeRange = {
  /** RFC 3339, as exact as needed. */
  readonly start: string
  readonly end: string
  /** Whether the query itself says when. */
  readonly hasTimeFilter: boolean
}

/** From when to when a query looks: what its filters on `_time` and its request's bounds (`end` not included) allow together. */
export function timeRangeOf(
  { filter }: Query,
  { now, start, end }: { readonly now: Micros; readonly start?: Micros; readonly end?: Micros },
): TimeRange {
  const own = spansOf(filter, { now })
  const first = Math.max(start ?? -MICROS_LAST, ...own.map((span) => span.first))
  const last = Math.min(MICROS_LAST, ...own.map((span) => span.last))
  const isBound = end !== undefined && end <= last
  return {
    start: formatNanos(first === -MICROS_LAST ? FIRST_NANOS : BigInt(first) * 1000n),
    end: formatNanos(endOf(isBound ? end : last, isBound)),
    hasTimeFilter: own.length > 0,
  }
}

/** A bound is named as it was given; the last moment of a filter is the last nanosecond that it takes in. */
function endOf(micros: Micros, isBound: boolean): bigint {
  if (isBound) return BigInt(micros) * 1000n
  return micros === MICROS_LAST ? LAST_NANOS : BigInt(micros) * 1000n + 999n
}

/** What stands beside other filters, not under `or` and `not`: that says when for the whole query. */
function spansOf(filter: Filter, scene: Scene): readonly Span[] {
  if (filter.kind === "and") return filter.filters.flatMap((part) => spansOf(part, scene))
  return filter.kind === "leaf" && filter.bounds !== undefined ? [filter.bounds(scene)] : []
}
