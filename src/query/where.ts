import type { Columns } from "./column.ts"
import { foldFilters } from "./fold.ts"
import { andSql, notSql, orSql, type Sql, TRUE } from "./sql.ts"
import type { Filter, Scene } from "./tree.ts"

/** The filter as a condition on one record. NULL counts as false, also under NOT. */
export function whereFilter(filter: Filter, columns: Columns, scene: Scene): Sql {
  switch (filter.kind) {
    case "all":
      return TRUE
    case "leaf":
      return filter.where(columns, scene)
    case "not":
      return notSql(whereFilter(filter.filter, columns, scene))
    case "and":
      return andSql(foldFilters("and", filter.filters).map((part) => whereFilter(part, columns, scene)))
    case "or":
      return orSql(foldFilters("or", filter.filters).map((part) => whereFilter(part, columns, scene)))
  }
}
