import { Type } from "typebox"
import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import type { Compat } from "../query/habits/index.ts"
import { parseDuration } from "../query/number.ts"
import { parseMoment, placeMoment, type Span } from "../query/time.ts"
import type { QueryRequest } from "../search/message.ts"

const text = (description: string) => Type.Optional(Type.String({ description }))

/** Arguments of `/select/logsql/query`, in the query string or a form. The names are VictoriaLogs'. */
export const QueryArguments = Type.Object({
  query: Type.String({ description: "LogsQL" }),
  start: text("Oldest _time: 2026-01-02T03:04:05Z and less precise, Unix seconds to nanoseconds, or 5m ago"),
  end: text("Newest _time, included; as start. A date stands for all of itself."),
  limit: text("So many newest rows"),
  offset: text("Newest rows left out before those"),
  compat: text(
    "logql: what is written as LogQL, Splunk, KQL or SQL has it is corrected and asked; else it is refused",
  ),
  timeout: text("Longest run: 30s, or seconds. What it cuts is marked partial."),
})

/**
 * Arguments that would change the answer and are not understood. Ignoring them would show more than was asked for;
 * others (of dashboards, for caches) mean nothing here and are ignored as VictoriaLogs ignores them.
 */
const REFUSED = ["extra_filters", "extra_stream_filters", "hidden_fields_filters", "time"]

const NANOS_PER_MS = 1_000_000
const NUMBER = /^[0-9]{1,15}$/

export type QueryBounds = { readonly now: Micros; readonly rowsMax: number; readonly timeoutMs: number }

/** Refuses `http.parameters`, naming the argument. */
export function parseQueryRequest(
  given: Readonly<Record<string, string>>,
  { now, rowsMax, timeoutMs }: QueryBounds,
): QueryRequest {
  for (const name of REFUSED) {
    if (given[name]) throw refused(name, given[name], "no such argument: it is not supported here")
  }
  if (!given.query) throw refused("query", given.query, "LogsQL")
  const start = bound("start", given.start, now)?.first
  const end = bound("end", given.end, now)?.last
  const limit = count("limit", given.limit)
  const offset = count("offset", given.offset)
  const compat = dialect(given.compat)
  return {
    text: given.query,
    ...(compat === undefined ? {} : { compat }),
    now,
    rowsMax,
    timeoutMs: Math.min(timeoutMs, timeout(given.timeout) ?? timeoutMs),
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    // 0 means no limit there, and here.
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...(offset === undefined ? {} : { offset }),
  }
}

function bound(name: string, given: string | undefined, now: Micros): Span | undefined {
  if (!given) return undefined
  // `start=5m` is five minutes ago, as is -5m; a fraction of Unix seconds is Grafana's.
  const seconds = /^[0-9]{9,11}\.[0-9]+$/.test(given) ? Math.round(Number(given) * 1_000_000) : undefined
  const moment = seconds === undefined ? (parseMoment(given) ?? parseMoment(`-${given}`)) : undefined
  if (seconds !== undefined) return { first: seconds, last: seconds }
  if (moment === undefined)
    throw refused(name, given, "a time like 2026-01-02T03:04:05Z, Unix seconds, or 5m")
  return placeMoment(moment, now)
}

function dialect(given: string | undefined): Compat | undefined {
  if (!given) return undefined
  if (given !== "logql" && given !== "strict") throw refused("compat", given, "strict or logql")
  return given
}

function count(name: string, given: string | undefined): number | undefined {
  if (!given) return undefined
  if (!NUMBER.test(given)) throw refused(name, given, "a number of rows")
  return Number(given)
}

function timeout(given: string | undefined): number | undefined {
  if (!given) return undefined
  const ms = /^[0-9]+(\.[0-9]+)?$/.test(given)
    ? Number(given) * 1000
    : (parseDuration(given) ?? 0) / NANOS_PER_MS
  if (!(ms > 0)) throw refused("timeout", given, "a duration like 30s")
  return Math.ceil(ms)
}

function refused(name: string, seen: string | undefined, expected: string): Refusal {
  const shown = seen === undefined ? "nothing" : JSON.stringify(seen.slice(0, 80))
  return new Refusal("http.parameters", `${name}: expected ${expected}, saw ${shown}`, { argument: name })
}
