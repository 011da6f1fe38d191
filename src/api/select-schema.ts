import { Type } from "typebox"

/** Arguments and answers of the query endpoints, for /openapi.json. The names are VictoriaLogs'. */

const text = (description: string) => Type.Optional(Type.String({ description }))
const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))
const list = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))

/** What every query endpoint takes, also those that go by the clock. */
const ASKED = {
  query: Type.String({ description: "LogsQL" }),
  start: text("Oldest _time: 2026-01-02T03:04:05Z and less precise, Unix seconds to nanoseconds, or 5m ago"),
  end: text("As start; what is at or after it does not count"),
  compat: text(
    "logql: what is written as LogQL, Splunk, KQL or SQL has it is corrected and asked; else it is refused",
  ),
  timeout: text("Longest run: 30s, or seconds. What it cuts is marked partial."),
  ignore_pipes: text("1: only the filter of the query counts, as menus of dashboards need it"),
  extra_filters: list('More filters: LogsQL, or {"field":"value","other":["a","b"]}'),
  extra_stream_filters: list('The same by labels: {cluster="a"}, or {"cluster":"a"}'),
}
const COMMON = {
  ...ASKED,
  time: text("What filters like _time:5m count back from; end where it is not given, else the clock"),
}

/** Of `query_time_range`. */
export const QueryArguments = Type.Object(ASKED)
export const RowsArguments = Type.Object({
  ...COMMON,
  limit: count("So many newest rows"),
  offset: count("Newest rows left out before those"),
  cursor: text(
    "Pages that fit together while events come in: empty for the first, then what the page before gave as _cursor",
  ),
  progress: text('1: lines {"_progress":"3/24"} between the rows while there is nothing else to tell'),
  format: Type.Optional(
    Type.Enum(["ndjson", "json", "csv", "parquet"], { description: "Of the answer; JSON lines by default" }),
  ),
})

export const TailArguments = Type.Object({
  ...ASKED,
  start_offset: text("Begin with rows whose _time is so long ago; 5s"),
  refresh_interval: text("Look for new rows so often; 1s, at least 100ms"),
  offset: text("Nothing here: rows are followed by their numbers, and stragglers are not missed"),
})

const stepped = {
  step: Type.String({ description: "Time between two points: 1m, 1h, 1d" }),
  offset: text("Moves the bounds between steps back, for a time zone: with 2h, days begin at 22:00Z"),
}
export const HitsArguments = Type.Object({
  ...COMMON,
  ...stepped,
  field: list("Count by the values of this field too"),
  fields_limit: count("So many groups with most hits; the others are counted together"),
})
const whole = { allow_partial_response: text("0: an error instead of numbers that a limit made too small") }
export const StatsArguments = Type.Object({ ...COMMON, ...whole })
export const StatsRangeArguments = Type.Object({ ...COMMON, ...whole, ...stepped })
export const FacetsArguments = Type.Object({
  ...COMMON,
  limit: count("Most values of a field"),
  max_values_per_field: count("Fields with more values are left out"),
  max_value_len: count("Fields with a longer value are left out"),
  keep_const_fields: text("1: fields with one value in all rows, too"),
})
const narrowed = {
  filter: text("Only values that contain this"),
  limit: count("So many with most hits"),
}
export const NamesArguments = Type.Object({ ...COMMON, filter: narrowed.filter })
export const ListArguments = Type.Object({ ...COMMON, ...narrowed })
export const ValuesArguments = Type.Object({
  ...COMMON,
  ...narrowed,
  field: Type.String({ description: "Whose values" }),
})

const partial = Type.Optional(
  Type.String({ description: "Which limit cut this answer; not there when it is whole" }),
)
const strings = Type.Record(Type.String(), Type.String())

export const Values = Type.Object({
  values: Type.Array(Type.Object({ value: Type.String(), hits: Type.Integer() })),
  partial,
})
export const Hits = Type.Object({
  hits: Type.Array(
    Type.Object({
      fields: strings,
      timestamps: Type.Array(Type.String()),
      values: Type.Array(Type.Integer()),
      total: Type.Integer(),
    }),
  ),
  partial,
})
export const Facets = Type.Object({
  facets: Type.Array(
    Type.Object({
      field_name: Type.String(),
      values: Type.Array(Type.Object({ field_value: Type.String(), hits: Type.Integer() })),
    }),
  ),
  partial,
})

/** TypeBox's own tuples are those of an older JSON Schema than OpenAPI 3.1's. */
const point = Type.Unsafe<readonly [seconds: number, value: string]>({
  type: "array",
  prefixItems: [{ type: "number" }, { type: "string" }],
  minItems: 2,
  maxItems: 2,
})
const prometheus = (resultType: "vector" | "matrix", values: Parameters<typeof Type.Object>[0]) =>
  Type.Object({
    status: Type.Literal("success"),
    data: Type.Object({
      resultType: Type.Literal(resultType),
      result: Type.Array(Type.Object({ metric: strings, ...values })),
    }),
    isPartial: Type.Optional(Type.Literal(true)),
    warnings: Type.Optional(Type.Array(Type.String())),
    partial,
  })
export const Vector = prometheus("vector", { value: point })
export const Matrix = prometheus("matrix", { values: Type.Array(point) })
export const PrometheusError = Type.Object({
  status: Type.Literal("error"),
  errorType: Type.String(),
  error: Type.String(),
})
