import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { FIELDS } from "../event/fields.ts"
import { coarseFilter, isOnlyInMemory } from "./coarse.ts"
import { type Columns, isOfEvent, textSql } from "./column.ts"
import { ALL_FIELDS, fieldsOf, hasField } from "./fieldset.ts"
import { within } from "./filters/time.ts"
import { countConditions } from "./fold.ts"
import { QUERY_LIMITS } from "./limits.ts"
import { filterPipe } from "./pipes/filter.ts"
import { countsRequests } from "./requests.ts"
import { andSql, type Sql, TRUE } from "./sql.ts"
import { MICROS_LAST, type Span } from "./time.ts"
import type { FieldSet, Filter, Grouping, Pipe, Query, Scene, SortKey } from "./tree.ts"
import { whereFilter } from "./where.ts"
import { NOT_WORD } from "./words.ts"

/** What comes with a query: the clock's time, bounds on `_time` besides its own, and how many rows are wanted. */
export type PlanRequest = {
  readonly now: Micros
  readonly start?: Micros
  readonly end?: Micros
  readonly limit?: number
  readonly offset?: number
}

/** How to answer a query from records; search/run.ts does it. */
export type Plan = {
  /** `_time` of every row that counts lies in here: which segments to open. Empty when `first` is after `last`. */
  readonly bounds: Span
  readonly scene: Scene
  /** Every row that counts has one of these as `auditID`: what to ask bloom filters. */
  readonly needles: readonly string[] | undefined
  /** Condition on a record, bounds included. */
  readonly where: Sql
  /** The same for records whose `_time` is known to lie within `bounds`. */
  readonly whereInside: Sql
  /**
   * Whether two deliveries of one event always both match or both do not. Then a delivery is hidden when the one it repeats
   * is there; else only when that one matches too. See search/duplicates.ts.
   */
  readonly sameForDuplicates: boolean
  /** Whether an event is left out where one of a later stage of the same request matches: see requests.ts. */
  readonly countsRequests: boolean
  readonly read: RowsRead | GroupsRead
  /** What remains to be done in memory, in order. */
  readonly pipes: readonly Pipe[]
  /** Rows at most, after the pipes; the rest is cut without a mark, since it was asked for. */
  readonly limit: number | undefined
  readonly offset: number
}

export type RowsRead = {
  readonly kind: "rows"
  readonly fields: FieldSet
  /** How many rows the pipes can use, and in which order of `_time` they want them; all of them, if undefined. */
  readonly top: { readonly rows: number; readonly descending: boolean } | undefined
  /** Rows are only needed in this order, and no more than `rows`: keys can be read before the rest. */
  readonly sorted: { readonly rows: number; readonly by: readonly SortKey[] } | undefined
}

/** Groups are counted in SQL, batch by batch, and joined in memory; `pipes` are those after it. */
export type GroupsRead = { readonly kind: "groups"; readonly grouping: Grouping }

/** Decides how to answer. Refuses `query.unsupported` what can be read but not run. */
export function planQuery(query: Query, request: PlanRequest, columns: Columns): Plan {
  checkCost(
    "conditions that have to be looked at one by one",
    countConditions(query.filter),
    QUERY_LIMITS.conditionsMax,
  )

  const asked: Span = { first: request.start ?? -MICROS_LAST, last: request.end ?? MICROS_LAST }
  const bounds = intersect(asked, boundsOf(query.filter, { now: request.now }))
  const rangeSeconds = secondsIn(bounds)
  const scene: Scene = { now: request.now, ...(rangeSeconds === undefined ? {} : { rangeSeconds }) }
  const bounded = request.start !== undefined || request.end !== undefined
  const inMemory = isOnlyInMemory(query.filter)
  const counts = countsRequests(query)
  if (inMemory && counts) {
    throw new Refusal(
      "query.unsupported",
      "with a filter on any field, requests cannot be counted; name the field stage to count events, as in stage:=ResponseComplete",
    )
  }
  const filter = whereFilter(coarseFilter(query.filter), columns, scene)
  const wordRegexps = filter.values.filter(
    (value) => typeof value === "string" && value.includes(NOT_WORD),
  ).length
  checkCost(
    "words or phrases that have to be looked for one by one",
    wordRegexps,
    QUERY_LIMITS.wordRegexpsMax,
  )
  checkCost("characters of SQL for one filter", filter.text.length, QUERY_LIMITS.sqlCharsMax)
  const time = columns.find("_time")
  const isAsked = bounded && time.kind === "time" ? within(time.column, asked) : TRUE

  const steps = inMemory ? [filterPipe(query.filter), ...query.pipes] : query.pipes
  const { read, pipes } = planRead(steps, request, columns, scene)
  return {
    bounds,
    scene,
    needles: needlesOf(query.filter),
    where: andSql([isAsked, filter]),
    whereInside: whereFilter(withoutBounds(coarseFilter(query.filter)), columns, scene),
    countsRequests: counts,
    sameForDuplicates: fieldsOf(coarseFilter(query.filter)).every(isOfEvent),
    read,
    pipes,
    limit: request.limit,
    offset: request.offset ?? 0,
  }
}

/** What a statement costs before its first row, which no time limit can cut. */
function checkCost(what: string, seen: number, most: number): void {
  if (seen <= most) return
  throw new Refusal(
    "query.tooLarge",
    `more than ${most} ${what}; values and words of one field can stand in one in(…) or contains_any(…)`,
  )
}

/** What of `_time` the filter allows. Under `not` nothing is known. */
export function boundsOf(filter: Filter, scene: Scene): Span {
  if (filter.kind === "leaf" && filter.bounds !== undefined) return filter.bounds(scene)
  if (filter.kind === "and") return filter.filters.map((part) => boundsOf(part, scene)).reduce(intersect)
  if (filter.kind === "or") {
    const spans = filter.filters
      .map((part) => boundsOf(part, scene))
      .filter(({ first, last }) => first <= last)
    if (spans.length === 0) return { first: 0, last: -1 }
    return {
      first: Math.min(...spans.map((span) => span.first)),
      last: Math.max(...spans.map((span) => span.last)),
    }
  }
  return { first: -MICROS_LAST, last: MICROS_LAST }
}

/** The filter without the times that {@link boundsOf} has taken in whole: what is within the bounds is within them. */
function withoutBounds(filter: Filter): Filter {
  if (filter.kind === "leaf" && filter.bounds !== undefined) return { kind: "all" }
  return filter.kind === "and" ? { kind: "and", filters: filter.filters.map(withoutBounds) } : filter
}

/** Undefined where the query leaves one end open. */
function secondsIn({ first, last }: Span): number | undefined {
  return first === -MICROS_LAST || last === MICROS_LAST || last < first ? undefined : (last + 1 - first) / 1e6
}

function intersect(a: Span, b: Span): Span {
  return { first: Math.max(a.first, b.first), last: Math.min(a.last, b.last) }
}

/** The auditIDs one of which every matching row has. */
export function needlesOf(filter: Filter): readonly string[] | undefined {
  if (filter.kind === "leaf") {
    const about = filter.fields.length === 1 && filter.fields[0] === "auditID"
    return about && filter.exactly !== undefined && !filter.exactly.includes("") ? filter.exactly : undefined
  }
  if (filter.kind === "and") return filter.filters.map(needlesOf).find((needles) => needles !== undefined)
  if (filter.kind !== "or") return undefined
  const needles = filter.filters.map(needlesOf)
  return needles.every((some) => some !== undefined) ? needles.flat() : undefined
}

function planRead(
  pipes: readonly Pipe[],
  request: PlanRequest,
  columns: Columns,
  scene: Scene,
): { readonly read: RowsRead | GroupsRead; readonly pipes: readonly Pipe[] } {
  const [firstPipe, ...rest] = pipes
  if (firstPipe?.shape?.kind === "group") {
    const grouping = firstPipe.shape.group(columns, scene)
    if (grouping !== undefined) return { read: { kind: "groups", grouping }, pipes: rest }
  }
  const fields = pipes.reduceRight((after, pipe) => pipe.needs(after), ALL_FIELDS)
  return { read: { kind: "rows", fields, ...orderOf(pipes, request) }, pipes }
}

/** Walks the pipes while each row stays one row, to see which rows they can use at most. */
function orderOf(pipes: readonly Pipe[], request: PlanRequest): Pick<RowsRead, "top" | "sorted"> {
  const written = new Set<string>()
  let skipped = 0
  for (const { shape } of pipes) {
    if (shape?.kind === "offset") skipped += shape.rows
    else if (shape?.kind === "limit")
      return { top: { rows: skipped + shape.rows, descending: true }, sorted: undefined }
    else if (shape?.kind === "sort" && skipped === 0) return sortOf(shape, written)
    else if (shape?.kind === "each" && shape.keepsRows && shape.writes !== "any") {
      for (const field of shape.writes) written.add(field)
    } else return { top: undefined, sorted: undefined }
  }
  const wanted = request.limit === undefined ? undefined : skipped + (request.offset ?? 0) + request.limit
  return { top: wanted === undefined ? undefined : { rows: wanted, descending: true }, sorted: undefined }
}

function sortOf(
  sort: { readonly by: readonly SortKey[]; readonly offset: number; readonly limit?: number },
  written: ReadonlySet<string>,
): Pick<RowsRead, "top" | "sorted"> {
  const none = { top: undefined, sorted: undefined }
  if (sort.limit === undefined || sort.limit === 0 || sort.by.some((key) => written.has(key.field)))
    return none
  const rows = sort.offset + sort.limit
  const [key] = sort.by
  if (sort.by.length === 1 && key?.field === "_time")
    return { top: { rows, descending: key.descending }, sorted: undefined }
  return { top: undefined, sorted: { rows, by: sort.by } }
}

/** What to select for a row: columns under their names and, where fields inside bodies may be wanted, the body. */
export type Selection = {
  readonly columns: readonly { readonly name: string; readonly text: Sql }[]
  readonly body: boolean
}

export function selectFields(fields: FieldSet, columns: Columns): Selection {
  if (fields.kind === "some" && fields.prefixes.length === 0) {
    const names = [...fields.names]
    return { columns: names.map((name) => ({ name, text: textSql(columns.find(name)) })), body: false }
  }
  const ready = FIELDS.filter(
    (field) => field.type !== "map" && field.type !== "listMap" && hasField(fields, field.name),
  )
  const named =
    fields.kind === "some"
      ? [...fields.names].filter((name) => !ready.some((field) => field.name === name))
      : []
  const streamId = fields.kind === "all" && hasField(fields, "_stream_id") ? ["_stream_id"] : []
  const names = [...ready.map((field) => field.name), ...streamId, ...named]
  return { columns: names.map((name) => ({ name, text: textSql(columns.find(name)) })), body: true }
}

/** Whether reading the fields for every row that matches is cheap. */
export function areLight(fields: FieldSet, columns: Columns): boolean {
  if (fields.kind === "all" || fields.prefixes.length > 0) return false
  return [...fields.names].every((name) => {
    const column = columns.find(name)
    return column.kind !== "json" && !(column.kind === "text" && column.heavy)
  })
}
