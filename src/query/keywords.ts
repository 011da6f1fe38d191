/**
 * Every word of the language, whether we can run it yet or not. A word listed here without a file in filters/, pipes/ or
 * stats/ is refused as unsupported; a word that is listed nowhere is a word to search for.
 */

export const FILTER_WORDS: readonly string[] = [
  "contains_all",
  "contains_any",
  "contains_common_case",
  "day_range",
  "eq_field",
  "equals_common_case",
  "exact",
  "i",
  "in",
  "ipv4_range",
  "ipv6_range",
  "json_array_contains_any",
  "le_field",
  "len_range",
  "lt_field",
  "pattern_match",
  "pattern_match_full",
  "pattern_match_prefix",
  "pattern_match_suffix",
  "range",
  "re",
  "seq",
  "string_range",
  "value_type",
  "week_range",
]

export const PIPE_WORDS: readonly string[] = [
  ...[
    "block_stats",
    "blocks_count",
    "coalesce",
    "collapse_nums",
    "copy",
    "cp",
    "decolorize",
    "delete",
    "del",
    "rm",
    "drop",
  ],
  ...[
    "drop_empty_fields",
    "extract",
    "extract_regexp",
    "facets",
    "field_names",
    "field_values",
    "fields",
    "keep",
  ],
  ...[
    "filter",
    "where",
    "first",
    "format",
    "generate_sequence",
    "hash",
    "join",
    "json_array_concat",
    "json_array_len",
    "last",
    "len",
  ],
  ...[
    "limit",
    "head",
    "math",
    "eval",
    "offset",
    "skip",
    "pack_json",
    "pack_logfmt",
    "query_stats",
    "rename",
    "mv",
  ],
  ...[
    "replace",
    "replace_regexp",
    "running_stats",
    "sample",
    "set_stream_fields",
    "sort",
    "order",
    "split",
    "stats",
  ],
  ...["stats_remote", "stream_context", "time_add", "top", "total_stats", "union", "uniq", "unpack_json"],
  ...["unpack_logfmt", "unpack_syslog", "unpack_words", "unroll"],
]

export const STATS_WORDS: readonly string[] = [
  ...[
    "any",
    "avg",
    "count",
    "count_empty",
    "count_uniq",
    "count_uniq_hash",
    "field_max",
    "field_min",
    "histogram",
  ],
  ...["json_values", "max", "median", "min", "quantile", "rate", "rate_sum", "row_any", "row_max", "row_min"],
  ...["stddev", "sum", "sum_len", "uniq_values", "values"],
]

const OPERATORS = ["and", "or", "not", "by", "offset", "now", "options", "if", "as"]

const RESERVED = new Set([...OPERATORS, ...FILTER_WORDS, ...PIPE_WORDS, ...STATS_WORDS])
/** A filter cannot begin with these unquoted: `| count() x` is stats, never a search for "count". */
const NOT_FIRST = new Set([...PIPE_WORDS, ...STATS_WORDS, "by"])

/** Words with a meaning of their own, which must be quoted to be searched for. */
export function isReserved(word: string): boolean {
  return RESERVED.has(word.toLowerCase())
}

export function cannotBeginFilter(word: string): boolean {
  return NOT_FIRST.has(word.toLowerCase())
}
