import type { Filter, Leaf, Query } from "./tree.ts"

/** The conditions of a query's filter that hold a query of their own: `in(… | fields x)`. */
export function subqueriesOf(filter: Filter): readonly Leaf[] {
  switch (filter.kind) {
    case "all":
      return []
    case "leaf":
      return filter.subquery === undefined ? [] : [filter]
    case "not":
      return subqueriesOf(filter.filter)
    default:
      return filter.filters.flatMap(subqueriesOf)
  }
}

/** The query with the values that were found in place of the queries inside its filter. */
export function withAnswers(query: Query, answers: ReadonlyMap<Leaf, readonly string[]>): Query {
  return { ...query, filter: answered(query.filter, answers) }
}

function answered(filter: Filter, answers: ReadonlyMap<Leaf, readonly string[]>): Filter {
  switch (filter.kind) {
    case "all":
      return filter
    case "leaf": {
      const values = answers.get(filter)
      return values === undefined || filter.subquery === undefined ? filter : filter.subquery.answered(values)
    }
    case "not":
      return { kind: "not", filter: answered(filter.filter, answers) }
    default:
      return { kind: filter.kind, filters: filter.filters.map((part) => answered(part, answers)) }
  }
}
