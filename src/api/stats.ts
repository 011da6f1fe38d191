import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { microsOf } from "../query/filters/time.ts"
import type { Row } from "../query/row.ts"

/** Names of one series: the result's own under `__name__`, and the fields it was counted by. */
type Metric = Readonly<Record<string, string>>
/** Unix seconds and a value, which is text. */
type Point = readonly [seconds: number, value: string]

export type Sample = { readonly metric: Metric; readonly value: Point }
export type Samples = { readonly metric: Metric; readonly values: readonly Point[] }

/**
 * Each result of each row at one time. An empty field is a label without a value, which Prometheus takes for none. A result
 * without a value (`max()` over nothing) is no sample: VictoriaLogs sends it as "", at which vmalert's rule fails.
 */
export function shapeVector(
  rows: readonly Row[],
  measures: readonly string[],
  at: Micros,
): readonly Sample[] {
  return rows.flatMap((row) =>
    resultsOf(row, measures).map(({ metric, value }) => ({ metric, value: [secondsOf(at), value] as const })),
  )
}

/**
 * Each result of rows that have a `_time`, by series; series in the order of the results and then of their labels, points
 * in that of time.
 */
export function shapeMatrix(rows: readonly Row[], measures: readonly string[]): readonly Samples[] {
  const series = new Map<string, { metric: Metric; place: number; values: Point[] }>()
  for (const row of rows) {
    const at = microsOf(row._time ?? "")
    if (at === undefined)
      throw new Refusal("query.view", "expected a _time in each row: leave it in the query's last pipes")
    const { _time, ...rest } = row
    for (const { measure, metric, value } of resultsOf(rest, measures)) {
      const name = nameOf(metric)
      const found = series.get(name) ?? { metric, place: measures.indexOf(measure), values: [] }
      series.set(name, found)
      found.values.push([secondsOf(at), value])
    }
  }
  return [...series]
    .sort(([a, left], [b, right]) => left.place - right.place || (a < b ? -1 : a > b ? 1 : 0))
    .map(([, { metric, values }]) => ({ metric, values: values.sort(([a], [b]) => a - b) }))
}

type Result = { readonly measure: string; readonly metric: Metric; readonly value: string }

function resultsOf(row: Row, measures: readonly string[]): readonly Result[] {
  const labels = Object.entries(row).filter(([name]) => !measures.includes(name))
  return measures
    .filter((name) => row[name] !== undefined && row[name] !== "")
    .flatMap((name) =>
      samplesOf(name, row[name] ?? "", labels).map((sample) => ({ measure: name, ...sample })),
    )
}

type Labels = readonly (readonly [name: string, value: string])[]

/** One sample, or one for each bucket of a `histogram()`, whose value is a list of them. */
function samplesOf(
  name: string,
  value: string,
  labels: Labels,
): readonly { metric: Metric; value: string }[] {
  if (!value.startsWith('[{"vmrange":')) {
    return [{ metric: Object.fromEntries([["__name__", name], ...labels]), value }]
  }
  const buckets: readonly { readonly vmrange: string; readonly hits: number }[] = JSON.parse(value)
  return buckets.map(({ vmrange, hits }) => ({
    metric: Object.fromEntries([["__name__", `${name}_bucket`], ...labels, ["vmrange", vmrange]]),
    value: String(hits),
  }))
}

/** `n{verb="get"}`, without labels that are empty: they say nothing. */
function nameOf({ __name__, ...labels }: Metric): string {
  const shown = Object.entries(labels).filter(([, value]) => value !== "")
  return `${__name__}{${shown.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}}`
}

function secondsOf(at: Micros): number {
  return at / 1_000_000
}
