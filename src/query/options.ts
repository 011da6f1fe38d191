import type { Micros } from "../base/time.ts"
import type { Columns } from "./column.ts"
import { formatNanos, parseNanos } from "./nanos.ts"
import { parseDuration } from "./number.ts"
import { parsePipes } from "./parse.ts"
import { fieldValue, type Row, withField } from "./row.ts"
import { andFilters } from "./simplify.ts"
import { sql } from "./sql.ts"
import type { Filter, Leaf, Query } from "./tree.ts"

/** What a request says of `_time` besides its query. */
type Bounds = { readonly start?: Micros; readonly end?: Micros }

/**
 * The query and the bounds of its request with what `options(…)` says of them:
 * `global_filter=(…)` holds besides its own, `ignore_global_time_filter=true` takes the request's bounds away, and
 * `time_offset=7d` shows everything a week later than it was: filters, bounds, steps and rows all see that time.
 */
export function applyOptions<B extends Bounds>(query: Query, given: B): { query: Query; bounds: B } {
  const options = new Map(query.options.map((option) => [option.name, option]))
  const global = options.get("global_filter")?.filter
  const filter = global === undefined ? query.filter : andFilters([global, query.filter])
  const bounds = options.get("ignore_global_time_filter")?.value === "true" ? unbounded(given) : given
  const offset = options.get("time_offset")?.value
  const micros = Math.round((parseDuration(offset ?? "") ?? 0) / 1000)
  if (offset === undefined || micros === 0) return { query: { ...query, filter }, bounds }
  const shift = parsePipes(`time_add ${offset}`)
  return {
    query: { ...query, filter: later(filter, micros), pipes: [...shift, ...query.pipes] },
    bounds: earlier(bounds, micros),
  }
}

/** Whether an answer that limits cut is to be refused. */
export function wantsWhole({ options }: Query): boolean {
  return options.some(({ name, value }) => name === "allow_partial_response" && value === "false")
}

function unbounded<B extends Bounds>(bounds: B): B {
  const { start: _start, end: _end, ...others } = bounds
  return others as B
}

function earlier<B extends Bounds>(bounds: B, micros: number): B {
  const { start, end } = bounds
  return {
    ...bounds,
    ...(start === undefined ? {} : { start: start - micros }),
    ...(end === undefined ? {} : { end: end - micros }),
  }
}

/** The filter where `_time` is so much later. */
function later(filter: Filter, micros: number): Filter {
  switch (filter.kind) {
    case "all":
      return filter
    case "not":
      return { kind: "not", filter: later(filter.filter, micros) }
    case "leaf":
      return filter.fields.some((field) => field === "_time" || field === "*")
        ? laterLeaf(filter, micros)
        : filter
    default:
      return { kind: filter.kind, filters: filter.filters.map((part) => later(part, micros)) }
  }
}

function laterLeaf(leaf: Leaf, micros: number): Leaf {
  const { bounds, subquery } = leaf
  return {
    ...leaf,
    print: () => leaf.print(),
    matches: (row, scene) => leaf.matches(laterRow(row, micros), scene),
    where: (columns, scene) => leaf.where(laterColumns(columns, micros), scene),
    ...(bounds === undefined
      ? {}
      : {
          bounds: (scene) => {
            const { first, last } = bounds.call(leaf, scene)
            return { first: first - micros, last: last - micros }
          },
        }),
    ...(subquery === undefined
      ? {}
      : { subquery: { ...subquery, answered: (values) => later(subquery.answered(values), micros) } }),
  }
}

function laterRow(row: Row, micros: number): Row {
  const time = parseNanos(fieldValue(row, "_time"))
  return time === undefined ? row : withField(row, "_time", formatNanos(time + BigInt(micros) * 1000n))
}

function laterColumns(columns: Columns, micros: number): Columns {
  return {
    find: (field) => {
      const column = columns.find(field)
      return field === "_time" && column.kind === "time"
        ? { ...column, column: sql`(${column.column} + to_microseconds(${BigInt(micros)}))` }
        : column
    },
  }
}
