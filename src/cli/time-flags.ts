import { Refusal } from "../base/refusal.ts"
import { formatMicros, type Micros } from "../base/time.ts"
import { parseDuration } from "../query/number.ts"
import { parseFilter } from "../query/parse.ts"
import { parseMoment, placeMoment } from "../query/time.ts"
import type { Filter } from "../query/tree.ts"
import type { Option, Options } from "./command.ts"

export const SINCE_FLAG: Option = { flags: "--since <duration>", description: "only the last 2h, 7d, …" }
export const TIME_FLAGS: readonly Option[] = [
  SINCE_FLAG,
  { flags: "--from <time>", description: "only from then on: 2026-01-02T03:04:05Z, 2026-01-02, now-1d" },
  { flags: "--to <time>", description: "only until then; a date stands for all of itself" },
]

/** Ends of a range of `_time`, both in it. */
export type TimeRange = { readonly first?: Micros; readonly last?: Micros }

export function readTimeFlags(options: Options, now: Micros): TimeRange {
  const { since, from, to } = options
  if (since !== undefined && (from !== undefined || to !== undefined)) {
    throw new Refusal("usage", "--since goes without --from and --to")
  }
  if (typeof since === "string") return { first: now - readSince(since), last: now }
  const first = typeof from === "string" ? readMoment("--from", from, now).first : undefined
  const last = typeof to === "string" ? readMoment("--to", to, now).last : undefined
  if (first !== undefined && last !== undefined && first > last) {
    throw new Refusal("usage", `expected --from before --to, saw ${String(from)} and ${String(to)}`)
  }
  return { ...(first === undefined ? {} : { first }), ...(last === undefined ? {} : { last }) }
}

/** Microseconds of `2h`. */
export function readSince(text: string): number {
  const nanos = parseDuration(text)
  if (nanos === undefined || nanos <= 0)
    throw new Refusal("usage", `expected --since like 2h, saw ${JSON.stringify(text)}`)
  return Math.round(nanos / 1000)
}

function readMoment(option: string, text: string, now: Micros) {
  const moment = parseMoment(text)
  if (moment === undefined) {
    throw new Refusal(
      "usage",
      `expected ${option} like 2026-01-02T03:04:05Z or now-1d, saw ${JSON.stringify(text)}`,
    )
  }
  return placeMoment(moment, now)
}

/** The range as a filter: in the query itself, so that a directory and a server are asked the same. */
export function timeFilter({ first, last }: TimeRange): Filter {
  if (first === undefined && last === undefined) return { kind: "all" }
  if (first === undefined) return parseFilter(`_time:<=${formatMicros(last ?? 0)}`)
  if (last === undefined) return parseFilter(`_time:>=${formatMicros(first)}`)
  return parseFilter(`_time:[${formatMicros(first)},${formatMicros(last)}]`)
}
