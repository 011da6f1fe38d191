import type { Row } from "./row.ts"
import type { Filter, Leaf, Pipe, Query } from "./tree.ts"

/** The conditions of a query's filters, those in its pipes too, that hold a query of their own: `in(… | fields x)`. */
export function subqueriesOf({ filter, pipes }: Query): readonly Leaf[] {
  return [filter, ...pipes.flatMap((pipe) => pipe.filters ?? [])].flatMap(subqueriesIn)
}

function subqueriesIn(filter: Filter): readonly Leaf[] {
  switch (filter.kind) {
    case "all":
      return []
    case "leaf":
      return filter.subquery === undefined ? [] : [filter]
    case "not":
      return subqueriesIn(filter.filter)
    default:
      return filter.filters.flatMap(subqueriesIn)
  }
}

/** What the queries inside a query found: values for conditions, rows for pipes (`join`, `union`). */
export type Answers = {
  readonly values: ReadonlyMap<Leaf, readonly string[]>
  readonly rows: ReadonlyMap<Pipe, readonly Row[]>
}

/** The query with what was found in place of the queries inside it. */
export function withAnswers(query: Query, answers: Answers): Query {
  const pipes = query.pipes.map((pipe) => {
    const rows = answers.rows.get(pipe)
    if (rows !== undefined) return pipe.withRows?.(rows) ?? pipe
    const hasQuery = (pipe.filters ?? []).some((filter) => subqueriesIn(filter).length > 0)
    return hasQuery ? (pipe.withFilters?.((pipe.filters ?? []).map(answeredFilter)) ?? pipe) : pipe
  })
  return { ...query, filter: answeredFilter(query.filter), pipes }

  function answeredFilter(filter: Filter): Filter {
    switch (filter.kind) {
      case "all":
        return filter
      case "leaf": {
        const values = answers.values.get(filter)
        return values === undefined || filter.subquery === undefined
          ? filter
          : filter.subquery.answered(values)
      }
      case "not":
        return { kind: "not", filter: answeredFilter(filter.filter) }
      default:
        return { kind: filter.kind, filters: filter.filters.map(answeredFilter) }
    }
  }
}
