import { assert } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"
import { type Bucket, parseBucket } from "./bucket.ts"
import { hasField } from "./fieldset.ts"
import { pipeThatWaits } from "./live.ts"
import { parseDuration } from "./number.ts"
import { parseFilter, parsePipes } from "./parse.ts"
import { hitsName } from "./pipes/uniq.ts"
import { formatQuery } from "./print.ts"
import { printField } from "./quote.ts"
import { andFilters } from "./simplify.ts"
import type { FieldSet, Pipe, Query } from "./tree.ts"

/** What an answer shows of a query's rows. Durations are LogsQL's: `1m`, `30s`. */
export type View =
  | { readonly kind: "rows" }
  /** The rows as they come, piece by piece. */
  | { readonly kind: "tail" }
  /** What these pipes make of them, in LogsQL. */
  | { readonly kind: "pipes"; readonly pipes: string }
  /** Names of their fields, and how many have each. */
  | { readonly kind: "fieldNames" }
  /** The most frequent values of each of their fields. */
  | ({ readonly kind: "facets" } & FacetLimits)
  /** How many there are in each step of time, by the values of fields. */
  | {
      readonly kind: "hits"
      readonly step: string
      readonly offset?: string
      readonly fields: readonly string[]
    }
  /** Results of `| stats`, to be drawn as numbers. */
  | { readonly kind: "stats" }
  /** The same for each step of time. */
  | { readonly kind: "statsPerStep"; readonly step: string; readonly offset?: string }

export type FacetLimits = {
  /** Values of a field that are shown. */
  readonly most: number
  /** Fields with more values than this, or a longer one (bytes), are left out. */
  readonly valuesMax: number
  readonly bytesMax: number
  /** Whether a field with one value in all rows is shown. */
  readonly constant: boolean
}

/** The pipe `| facets` with these limits. */
export function facetsText({ most, valuesMax, bytesMax, constant }: FacetLimits): string {
  const keep = constant ? " keep_const_fields" : ""
  return `facets ${most} max_values_per_field ${valuesMax} max_value_len ${bytesMax}${keep}`
}

/** A query as it has to be run for a view. */
export type Viewed = {
  readonly query: Query
  /** For stats: the fields that hold results; others are names of what was counted. */
  readonly measures: readonly string[]
}

/**
 * Adds what a request asks for besides its query: more filters, and the pipes of the view. Refuses `query.malformed` where
 * a filter cannot be read, and `query.view` where the view cannot be had of this query.
 */
export function viewQuery(query: Query, filters: readonly string[], view: View): Viewed {
  const filter = andFilters([...filters.map(parseFilter), query.filter])
  const asked = { ...query, filter }
  switch (view.kind) {
    case "rows":
      return { query: asked, measures: [] }
    case "tail":
      return { query: tailed(asked), measures: [] }
    case "pipes":
      return { query: { ...asked, pipes: [...query.pipes, ...parsePipes(view.pipes)] }, measures: [] }
    case "fieldNames":
    case "facets":
      return { query: surveyed(asked, view), measures: [] }
    case "hits":
      return {
        query: { ...asked, pipes: [...countable(query.pipes, view.fields), hitsPipe(view)] },
        measures: [],
      }
    default:
      return viewStats(asked, view)
  }
}

/** Records as they are can be surveyed without reading them all (search/survey.ts); what pipes made of them cannot. */
function surveyed(query: Query, view: Extract<View, { kind: "fieldNames" | "facets" }>): Query {
  if (query.pipes.length === 0) return query
  const text = view.kind === "facets" ? facetsText(view) : "field_names"
  return { ...query, pipes: [...query.pipes, ...parsePipes(text)] }
}

function tailed(query: Query): Query {
  const waiting = pipeThatWaits(query)
  if (waiting === undefined) return query
  throw new Refusal("query.view", `| ${waiting.print()} has to see all rows first; a live tail has no end`)
}

/** The name of the count in rows of the view `hits`. */
export function hitsField(fields: readonly string[]): string {
  return hitsName(fields)
}

function hitsPipe(view: Extract<View, { kind: "hits" }>): Pipe {
  const { fields } = view
  const keys = fields.length === 0 ? "" : `by (${fields.map(printField).join(", ")}) `
  const [pipe] = parsePipes(`stats ${keys}count() ${hitsField(fields)}`)
  assert(pipe?.perStep !== undefined, "stats can be had per step")
  return pipe.perStep(bucketOf(view))
}

function bucketOf({ step, offset }: { readonly step: string; readonly offset?: string }): Bucket {
  const micros = offset === undefined ? undefined : Math.round((parseDuration(offset) ?? 0) / 1000)
  const bucket = parseBucket(
    step,
    micros === undefined ? undefined : { text: `offset ${offset}`, nanos: micros * 1000 },
  )
  if (bucket === undefined)
    throw new Refusal("query.view", `expected a step like 1h, saw ${JSON.stringify(step)}`)
  return bucket
}

/**
 * Pipes that leave a row its `_time` count for hits: `| extract … | filter …` chooses among rows. From the first one that
 * does not (stats, limit, fields without `_time`) they say how rows are shown, and hits are counted before it.
 */
function countable(pipes: readonly Pipe[], fields: readonly string[]): readonly Pipe[] {
  const wanted: FieldSet = { kind: "some", names: new Set(["_time", ...fields]), prefixes: [] }
  const end = pipes.findIndex(({ shape, needs }) => {
    if (shape?.kind !== "each") return true
    if (shape.writes === "any" || shape.writes.includes("_time")) return true
    return !hasField(needs(wanted), "_time")
  })
  return end < 0 ? pipes : pipes.slice(0, end)
}

/** Pipes after `| stats` that leave it clear which results belong to which names. */
const AFTER_STATS = new Set([
  ...[
    "stats",
    "filter",
    "sort",
    "limit",
    "offset",
    "first",
    "last",
    "math",
    "fields",
    "delete",
    "rename",
    "copy",
  ],
  ...["format", "drop_empty_fields", "running_stats", "total_stats", "len", "hash", "time_add"],
])
/** Those that cut rows of all steps together, where each step was meant. */
const NOT_PER_STEP = new Set(["limit", "offset"])

function viewStats(query: Query, view: Extract<View, { kind: "stats" | "statsPerStep" }>): Viewed {
  const start = query.pipes.findIndex((pipe) => pipe.word === "stats")
  if (start < 0) throw new Refusal("query.view", `expected | stats … in the query, saw ${shown(query)}`)
  const after = query.pipes.slice(start)
  const stranger = after.find((pipe) => !AFTER_STATS.has(pipe.word))
  if (stranger !== undefined) {
    throw new Refusal(
      "query.view",
      `| ${stranger.print()} cannot stand behind | stats here, in ${shown(query)}`,
    )
  }
  const pipes = view.kind === "stats" ? after : perStep(after, bucketOf(view))
  let measures: ReadonlySet<string> = new Set()
  for (const pipe of after) measures = pipe.measures?.(measures) ?? measures
  return { query: { ...query, pipes: [...query.pipes.slice(0, start), ...pipes] }, measures: [...measures] }
}

function perStep(pipes: readonly Pipe[], bucket: Bucket): readonly Pipe[] {
  return pipes.map((pipe) => {
    if (NOT_PER_STEP.has(pipe.word)) {
      throw new Refusal(
        "query.view",
        `| ${pipe.print()} would cut the steps together; sort by (…) limit cuts each`,
      )
    }
    return pipe.perStep?.(bucket) ?? pipe
  })
}

function shown(query: Query): string {
  return JSON.stringify(formatQuery(query).slice(0, 200))
}
