import type { Choose } from "./choose.ts"
import type { Filters } from "./filters.ts"
import type { Writing } from "./names.ts"
import type { StatsTexts } from "./stats.ts"

type Parts = {
  readonly choose: Choose
  readonly write: Writing
  readonly filters: Filters
  readonly stats: StatsTexts
  readonly query: () => string
}

/** Every pipe of the language, with its options and its `if (…)`. */
export function openPipes({ choose, write, filters, stats, query }: Parts): () => string {
  const { one, maybe, below, some } = choose
  const { field, pattern, list, quoted, count, word, number, value, duration } = write
  const when = () => maybe(() => `${word("if")} (${filters.condition()}) `)
  const from = () => maybe(() => ` ${word("from")} ${field()}`, 2)
  const at = () => maybe(() => ` ${word("at")} ${field()}`, 2)
  const as = () => maybe(() => ` ${one(["as ", "as ", ""])}${field()}`, 2)
  const keep = () => one(["", "", "", " keep_original_fields", " skip_empty_results"])
  const limit = () => maybe(() => ` ${word("limit")} ${count()}`)
  const rank = () => maybe(() => ` rank${one(["", " as r", " r", ` as ${field()}`])}`)
  const prefix = () => maybe(() => ` result_prefix ${one(["p_", '"x y"', "p.", "''"])}`)
  const some_ = () => one([() => list(field), () => `(${list(field)})`])()
  const patterns = () => one([() => list(pattern), () => list(field), () => `(${list(pattern)})`])()
  const order = () => `${field()}${one(["", "", " desc", " asc"])}`
  const by = () =>
    one([
      () => ` ${word("by")} (${list(order)})`,
      () => ` (${list(order)})`,
      () => "",
      () => ` by (${order()})`,
    ])()
  const partition = () => maybe(() => ` partition by (${list(field)})`)
  const pair = () =>
    `${one([pattern, field, field])()}${one([" as ", " as ", " "])}${one([pattern, field, field])()}`

  const operand = (depth: number): string =>
    one([
      field,
      field,
      number,
      () => quoted(number()),
      () => `-${field()}`,
      () => `(${formula(Math.max(0, depth - 1))})`,
      () => `${one(["abs", "ceil", "floor", "exp", "ln"])}(${formula(0)})`,
      () => `${one(["max", "min"])}(${list(() => formula(0))})`,
      () => `round(${formula(0)}${maybe(() => `, ${one(["0.1", "10", "5m", "0"])}`)})`,
      () => one(["now()", "rand()"]),
    ])()
  const formula = (depth: number): string =>
    depth === 0
      ? operand(0)
      : `${formula(depth - 1)} ${one(["+", "-", "*", "/", "%", "^", "&", "or", "xor", "default"])} ${operand(depth)}`

  return () =>
    one([
      () => `${one(["fields", "keep"])} ${list(pattern)}`,
      () => `${one(["delete", "del", "rm", "drop"])} ${list(pattern)}`,
      () => `${one(["copy", "cp"])} ${list(pair)}`,
      () => `${one(["rename", "mv"])} ${list(pair)}`,
      () => `${one(["filter", "where", ""])} ${filters.filter(2)}`,
      () =>
        `${one(["sort", "order"])}${by()}${one(["", "", " desc", " asc"])}${partition()}${maybe(() => ` offset ${count()}`)}${limit()}${rank()}`,
      () => `${one(["first", "last"])}${maybe(() => ` ${count()}`, 2)}${by()}${partition()}${rank()}`,
      () => `${one(["limit", "head"])} ${maybe(count, 1)}`,
      () => `${one(["offset", "skip"])} ${count()}`,
      () =>
        `top ${one(["", "3 ", "10 ", "0 "])}${one(["by ", ""])}(${list(field)})${maybe(() => ` hits as ${field()}`)}${rank()}`,
      () =>
        `uniq ${one(["by ", "by ", ""])}${some_()}${maybe(() => one([" with hits", " hits"]))}${maybe(() => ` filter ${value()}`, 6)}${limit()}`,
      () => `stats ${stats.by()}${stats.calls(3)}`,
      () => `${stats.by()}${stats.calls(2)}`,
      () =>
        `${one(["running_stats", "total_stats"])} ${maybe(() => `by (${list(field)}) `)}${stats.running(2)}`,
      () => `${one(["math", "eval"])} ${some(2, () => `${formula(below(3))}${as()}`).join(", ")}`,
      () => `format ${when()}${quoted(one(FORMATS))}${as()}${keep()}`,
      () => `extract ${when()}${quoted(one(EXTRACTS))}${from()}${keep()}`,
      () => `extract_regexp ${when()}${quoted(one(CAPTURES))}${from()}${keep()}`,
      () => `replace ${when()}(${value()}, ${value()})${at()}${limit()}`,
      () =>
        `replace_regexp ${when()}(${quoted(one(CAPTURES))}, ${quoted(one(["$1", "-", `$\{a}x`, "$$", ""]))})${at()}${limit()}`,
      () => `collapse_nums ${when()}${at()}${maybe(() => " prettify")}`,
      () => `decolorize${one([() => "", () => ` ${field()}`, () => ` at ${field()}`])()}`,
      () =>
        `unpack_json ${when()}${from()}${maybe(() => ` preserve_keys (${list(field)})`, 6)}${maybe(() => ` fields (${list(pattern)})`)}${prefix()}${keep()}`,
      () =>
        `unpack_logfmt ${when()}${from()}${maybe(() => ` fields (${list(pattern)})`)}${prefix()}${keep()}`,
      () =>
        `unpack_syslog ${when()}${maybe(() => ` offset ${duration()}`, 6)}${from()}${prefix()}${maybe(() => " keep_original_fields")}`,
      () => `unpack_words ${when()}${one(["", " "])}${from()}${as()}${maybe(() => " drop_duplicates")}`,
      () => `unroll ${when()}${one(["by ", ""])}${some_()}`,
      () => `pack_json${maybe(() => ` fields (${list(pattern)})`)}${as()}`,
      () => `pack_logfmt${maybe(() => ` fields (${list(pattern)})`)}${as()}`,
      () => `len(${field()})${as()}`,
      () => `hash(${field()})${as()}`,
      () => `json_array_len(${field()})${as()}`,
      () => `json_array_concat${maybe(() => ` ${quoted(one([",", "; ", ""]))}`, 2)}${from()}${as()}`,
      () =>
        `coalesce(${list(pattern)})${maybe(() => ` default ${value()}`)}${maybe(() => ` as ${field()}`, 2)}`,
      () => `split ${quoted(one([",", "/", " ", ""]))}${from()}${as()}`,
      () =>
        `join ${one(["by ", "on ", ""])}(${list(field)}) (${query()})${one(["", "", " inner"])}${maybe(() => ` prefix ${one(["p.", '"x "'])}`)}`,
      () => `join by (${list(field)}) rows({a="x",n=1},{"a":"foo"})`,
      () => `union ${one([() => `(${query()})`, () => `rows({a=x, "b c"='d'},{})`])()}`,
      () =>
        `facets${maybe(() => ` ${count()}`)}${maybe(() => ` max_values_per_field ${count()}`)}${maybe(() => ` max_value_len ${count()}`)}${maybe(() => " keep_const_fields")}`,
      () => `field_names${one(["", "", " as x", " x", ` as ${field()}`, " filter x"])}`,
      () => `field_values ${field()}${maybe(() => ` filter ${value()}`)}${limit()}`,
      () => `sample ${count()}`,
      () => `generate_sequence ${count()}`,
      () => `time_add ${duration()}${at()}`,
      () => `set_stream_fields ${when()}${patterns()}`,
      () =>
        `stream_context ${one(["before 1", "after 2", "before 1 after 2", "after 2 before 1", "", "before 1 time_window 5m"])}`,
      () => one(["drop_empty_fields", "blocks_count", "block_stats", "query_stats", "blocks_count as x"]),
    ])()
}

const FORMATS = [
  ...[
    "<a>",
    "x<a>y<b>",
    "<time:t>",
    "<duration:n>",
    "<duration_seconds:n>",
    "<ipv4:n>",
    "<uc:a>",
    "<lc:a>",
    "<q:a>",
    "<urlencode:a>",
  ],
  ...[
    "<urldecode:a>",
    "<hexencode:a>",
    "<hexdecode:a>",
    "<base64encode:a>",
    "<base64decode:a>",
    "<hexnumencode:n>",
    "<hexnumdecode:a>",
  ],
  ...[
    "",
    "plain",
    "&lt;<a>&gt;",
    "<_msg>",
    "<x y>",
    "<other:a>",
    "<",
    "<a",
    "a>b",
    "<a><b>",
    "<q:_msg> <_time>",
    "<:a>",
    "<a:>",
  ],
]
const EXTRACTS = [
  "<a> <b>",
  "foo<a>",
  "<a>",
  "<_>=<a> ",
  "a=<plain:x>,",
  "<a><b>",
  "",
  "x",
  "[<q:x>]",
  "<*>-<c>",
  "&lt;<a>&gt;",
  "<a:b>c",
  "<",
]
const CAPTURES = [
  "(?P<a>fo+)",
  "(?P<x>[a-z]+)-(?P<y>[a-z]+)",
  "(foo)(bar)?",
  "foo",
  "(?P<a>.)(?P<b>.)",
  "^",
  "(",
  "(?P<_msg>.*)",
  "\\d",
]
