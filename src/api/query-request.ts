import type { Micros } from "../base/time.ts"
import type { Compat } from "../query/habits/index.ts"
import { parseDuration } from "../query/number.ts"
import type { View } from "../query/view.ts"
import type { QueryRequest } from "../search/message.ts"
import { moment, parseCountArgument, parseSwitch, refused } from "./arguments.ts"
import { parseExtraFilters } from "./extra-filters.ts"

/**
 * Arguments that would change the answer and are not understood. Ignoring them would show more than was asked for;
 * others (of dashboards, for caches) mean nothing here and are ignored as VictoriaLogs ignores them.
 */
const REFUSED = ["hidden_fields_filters"]

const NANOS_PER_MS = 1_000_000

export type QueryBounds = { readonly now: Micros; readonly rowsMax: number; readonly timeoutMs: number }

/**
 * What every query endpoint takes. Refuses `http.parameters`, naming the argument. Times in the query (`_time:5m`) count back from `time`
 * or else `end`, so that a dashboard of last week shows last week; `start=5m` counts from the clock, as in VictoriaLogs.
 */
export function parseQueryRequest(
  given: URLSearchParams,
  { now, rowsMax, timeoutMs }: QueryBounds,
  view: View = { kind: "rows" },
): QueryRequest {
  for (const name of REFUSED) {
    const value = given.get(name)
    if (value) throw refused(name, value, "no such argument: nothing here hides fields")
  }
  const text = given.get("query")
  if (!text) throw refused("query", text, "LogsQL")
  const start = moment(given, "start", now)
  const end = moment(given, "end", now)
  parseSwitch(given, "allow_partial_response") // read by those who heed it; refused everywhere where it is unclear
  const compat = dialect(given.get("compat"))
  const filters = parseExtraFilters(given)
  return {
    text,
    ...(compat === undefined ? {} : { compat }),
    now: moment(given, "time", now) ?? end ?? now,
    clock: now,
    rowsMax,
    timeoutMs: Math.min(timeoutMs, timeout(given.get("timeout")) ?? timeoutMs),
    ...(start === undefined ? {} : { start }),
    // Up to `end`, which is not part of it: steps of a dashboard meet without overlap.
    ...(end === undefined ? {} : { end: end - 1 }),
    ...(filters.length === 0 ? {} : { filters }),
    ...(parseSwitch(given, "ignore_pipes") ? { ignorePipes: true } : {}),
    ...(view.kind === "rows" ? {} : { view }),
  }
}

/** `limit` and `offset` of rows. 0 means no limit, in VictoriaLogs and here. */
export function parsePaging(given: URLSearchParams): Pick<QueryRequest, "limit" | "offset"> {
  const limit = parseCountArgument(given, "limit")
  const offset = parseCountArgument(given, "offset")
  return {
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...(offset === undefined ? {} : { offset }),
  }
}

/** Rows of one page where there is a cursor and no limit. */
const PAGE_ROWS = 1_000

/** `cursor`: empty for the first page, else as the page before gave it. Needs no offset. */
export function parseCursor(given: URLSearchParams): Pick<QueryRequest, "limit" | "walk"> {
  const cursor = given.get("cursor")
  if (cursor === null) return {}
  if (given.get("offset"))
    throw refused("offset", given.get("offset"), "none beside a cursor, which says where to go on")
  const { limit = PAGE_ROWS } = parsePaging(given)
  return { limit, walk: { kind: "page", ...(cursor === "" ? {} : { after: cursor }) } }
}

export const FORMATS = ["ndjson", "json", "csv", "parquet"] as const
export type Format = (typeof FORMATS)[number]

export function parseFormat(given: URLSearchParams): Format {
  const text = given.get("format") || "ndjson"
  const format = FORMATS.find((known) => known === text)
  if (format === undefined) throw refused("format", text, FORMATS.join(", "))
  return format
}

function dialect(given: string | null): Compat | undefined {
  if (!given) return undefined
  if (given !== "logql" && given !== "strict") throw refused("compat", given, "strict or logql")
  return given
}

/** 0 is no wish of one's own, as in VictoriaLogs: the server's limit holds. */
function timeout(given: string | null): number | undefined {
  if (!given || /^0(\.0+)?(ms|s|m|h)?$/.test(given)) return undefined
  const ms = /^[0-9]+(\.[0-9]+)?$/.test(given)
    ? Number(given) * 1000
    : (parseDuration(given) ?? 0) / NANOS_PER_MS
  if (!(ms > 0)) throw refused("timeout", given, "a duration like 30s")
  return Math.ceil(ms)
}
