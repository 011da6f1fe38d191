import type { Pipe, Query } from "./tree.ts"

/** Pipes that say something only when all rows have come, or that count rows from the first one on. */
const NEED_AN_END: ReadonlySet<string> = new Set([
  ...["block_stats", "blocks_count", "facets", "field_names", "field_values", "first", "generate_sequence"],
  ...["last", "limit", "offset", "query_stats", "running_stats", "sort", "stats", "stream_context", "top"],
  ...["total_stats", "union", "uniq"],
])

/** The first pipe that has to see all rows before it says anything; a live tail has no end. */
export function pipeThatWaits({ pipes }: Pick<Query, "pipes">): Pipe | undefined {
  return pipes.find(({ word }) => NEED_AN_END.has(word))
}

/** Whether the query can be asked of rows that never end: every row goes its own way through the pipes. */
export function canLiveTail(query: Pick<Query, "pipes">): boolean {
  return pipeThatWaits(query) === undefined
}
