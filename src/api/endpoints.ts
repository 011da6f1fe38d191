/** Where queries come in: last part of the path, label of metrics, and word in the records of what was asked. */
export const QUERY_ENDPOINTS = [
  "query",
  "tail",
  "hits",
  "facets",
  "stats_query",
  "stats_query_range",
  "field_names",
  "field_values",
  "streams",
  "stream_ids",
  "stream_field_names",
  "stream_field_values",
] as const
export type QueryEndpoint = (typeof QUERY_ENDPOINTS)[number]

/** What became of a query. `left`: whoever asked did not wait for the end. */
export const QUERY_OUTCOMES = ["whole", "partial", "refused", "left"] as const
export type QueryOutcome = (typeof QUERY_OUTCOMES)[number]
