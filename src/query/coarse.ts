import type { Filter } from "./tree.ts"

/** Whether SQL cannot say some part of the filter. */
export function isOnlyInMemory(filter: Filter): boolean {
  switch (filter.kind) {
    case "all":
      return false
    case "leaf":
      return filter.onlyInMemory === true
    case "not":
      return isOnlyInMemory(filter.filter)
    default:
      return filter.filters.some(isOnlyInMemory)
  }
}

/** What of the filter SQL can say: everything that matches matches this too, and perhaps more does. */
export function coarseFilter(filter: Filter): Filter {
  if (!isOnlyInMemory(filter)) return filter
  if (filter.kind === "and") return { kind: "and", filters: filter.filters.map(coarseFilter) }
  return { kind: "all" }
}
