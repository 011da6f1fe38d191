import { fieldsOf, NO_FIELDS } from "./fieldset.ts"
import type { Query } from "./tree.ts"

/** Pipes that count rows. Lists of names and values (`field_values`, `facets`) tell what is in events. */
const COUNTING: ReadonlySet<string> = new Set(["stats", "top", "uniq", "running_stats", "total_stats"])

/**
 * Whether the query counts requests. A request is up to four events, one for each stage, and who counts wants it once: an
 * event is not counted when one of a later stage of the same request is in the result. A query that names the field `stage`
 * has its own mind about stages: it counts events. Rows that are shown are events always.
 */
export function countsRequests({ filter, pipes }: Query): boolean {
  if (!pipes.some(({ word }) => COUNTING.has(word))) return false
  const filters = [filter, ...pipes.flatMap((pipe) => pipe.filters ?? [])]
  if (filters.flatMap(fieldsOf).includes("stage")) return false
  return !pipes.some((pipe) => {
    const needed = pipe.needs(NO_FIELDS)
    return needed.kind === "some" && needed.names.has("stage")
  })
}
