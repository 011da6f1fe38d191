import type { Micros } from "../base/time.ts"
import { formatTime } from "../query/bucket.ts"
import { microsOf } from "../query/filters/time.ts"
import type { Row } from "../query/row.ts"
import { hitsField } from "../query/view.ts"
import { stepOf } from "./whole-steps.ts"

/** Hits of one group of rows, in steps without gaps between its answer's first and last. */
export type Series = {
  readonly fields: Readonly<Record<string, string>>
  readonly timestamps: readonly string[]
  readonly values: readonly number[]
  readonly total: number
}

export type HitsRequest = {
  readonly fields: readonly string[]
  /** So many groups with most hits by name, the rest together; 0: all. */
  readonly fieldsLimit: number
  readonly step: Micros
  readonly offset: Micros
  /** First and last microsecond that was asked for. */
  readonly start: Micros | undefined
  readonly end: Micros | undefined
}

/** Points of all series: 25 bytes each; a graph has a thousand. */
const POINTS_MAX = 500_000

type Group = {
  readonly fields: Readonly<Record<string, string>>
  readonly hits: Map<Micros, number>
  total: number
}

/**
 * Rows of the view `hits` as VictoriaLogs answers them: groups by name, those beyond the limit together at the end, each
 * with all steps from the first (or `start`) to the last (or `end`). More points than anybody draws are cut: first the
 * groups with fewest hits go together, then the empty steps at the ends are left out; that is told.
 */
export function shapeHits(
  rows: readonly Row[],
  request: HitsRequest,
): { readonly hits: readonly Series[]; readonly partial?: string } {
  const groups = groupsOf(rows, request.fields)
  if (groups.length === 0) return { hits: [] }
  const found = stepsOf(groups)
  const wanted = {
    first: placed(request.start, request) ?? found.first,
    last: placed(request.end, request) ?? found.last,
  }
  const whole = { first: Math.min(wanted.first, found.first), last: Math.max(wanted.last, found.last) }
  const fits = countSteps(whole, request.step) <= POINTS_MAX
  const steps = fits ? whole : found
  const room = Math.max(1, Math.floor(POINTS_MAX / countSteps(steps, request.step)))
  const limit = request.fieldsLimit === 0 ? groups.length : request.fieldsLimit
  const shown = together(groups, Math.min(limit, room))
  const hits = shown.map((group) => seriesOf(group, steps, request.step))
  const crowded =
    room < Math.min(limit, groups.length) ? [`groups: only ${room} of them have a line of their own`] : []
  const empty = fits ? [] : ["points: empty steps at the ends are left out, ask for a longer step"]
  const reasons = [...crowded, ...empty]
  return reasons.length === 0 ? { hits } : { hits, partial: reasons.join("; ") }
}

function groupsOf(rows: readonly Row[], fields: readonly string[]): readonly Group[] {
  const groups = new Map<string, Group>()
  const counted = hitsField(fields)
  for (const row of rows) {
    const time = microsOf(row._time ?? "")
    if (time === undefined) continue
    const values = Object.fromEntries(fields.map((field) => [field, row[field] ?? ""]))
    const key = JSON.stringify(values)
    const group = groups.get(key) ?? { fields: values, hits: new Map(), total: 0 }
    groups.set(key, group)
    const count = Number(row[counted])
    group.hits.set(time, (group.hits.get(time) ?? 0) + count)
    group.total += count
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, group]) => group)
}

type Steps = { readonly first: Micros; readonly last: Micros }

function stepsOf(groups: readonly Group[]): Steps {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { hits } of groups) {
    for (const time of hits.keys()) {
      first = Math.min(first, time)
      last = Math.max(last, time)
    }
  }
  return { first, last }
}

function placed(at: Micros | undefined, request: HitsRequest): Micros | undefined {
  return at === undefined ? undefined : stepOf(at, request)
}

function countSteps({ first, last }: Steps, step: Micros): number {
  return Math.floor((last - first) / step) + 1
}

/** The groups with most hits, in their order, and behind them the others as one. */
function together(groups: readonly Group[], limit: number): readonly Group[] {
  if (groups.length <= limit) return groups
  const most = new Set(groups.toSorted((a, b) => b.total - a.total).slice(0, limit))
  const rest: Group = { fields: {}, hits: new Map(), total: 0 }
  for (const { hits, total } of groups.filter((group) => !most.has(group))) {
    rest.total += total
    for (const [time, count] of hits) rest.hits.set(time, (rest.hits.get(time) ?? 0) + count)
  }
  return [...groups.filter((group) => most.has(group)), rest]
}

function seriesOf({ fields, hits, total }: Group, { first, last }: Steps, step: Micros): Series {
  const timestamps: string[] = []
  const values: number[] = []
  for (let at = first; at <= last; at += step) {
    timestamps.push(formatTime(at))
    values.push(hits.get(at) ?? 0)
  }
  return { fields, timestamps, values, total }
}
