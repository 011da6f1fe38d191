import type { Rows } from "./victoria-logs.ts"

/** Makes queries: the same ones for the same seed and rows. */
export type Generator = { query(): string }

/** All rows. VictoriaLogs counts rows; a query that names the stage counts rows here too, instead of requests. */
export const AUDIT_ROWS = "kind:=k8s.audit stage:*"

/** Fields of audit events with few and many values, numbers, texts, addresses, and one that no event has. */
const FIELDS = [
  ...[
    "verb",
    "user.username",
    "objectRef.resource",
    "objectRef.namespace",
    "objectRef.name",
    "stage",
    "level",
  ],
  ...[
    "responseStatus.code",
    "responseStatus.status",
    "requestURI",
    "userAgent",
    "cluster",
    "actor.kind",
    "nothing",
  ],
  ...["requestObject.kind", "requestObject.metadata.name", "requestObject.spec.replicas", "_msg"],
]
const NUMBERS = ["responseStatus.code", "requestObject.spec.replicas", "bytes"]

export function openGenerator(rows: Rows, seed: number): Generator {
  const random = numbersFrom(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  const one = <T>(items: readonly T[]): T => items[below(items.length)] as T
  const field = () => one(FIELDS)
  const some = (most: number) => [...new Set(Array.from({ length: 1 + below(most) }, field))].map(name)
  const someValue = (of: string) => one(rows.filter((row) => (row[of] ?? "") !== ""))?.[of] ?? "none"
  const short = (of: string) => [...someValue(of)].slice(0, 40).join("")
  const word = (of: string) => one(someValue(of).match(/[\p{L}\p{N}_]+/gu) ?? ["none"])

  function atom(): string {
    const of = field()
    const put = (text: string) => `${name(of)}:${text}`
    return one([
      () => put(`=${quoted(someValue(of))}`),
      () => put(quoted(word(of))),
      () => put(`${quoted(word(of).slice(0, 3))}*`),
      () => put(`=${quoted(short(of).slice(0, 6))}*`),
      () => put(`in(${[someValue(of), someValue(of), "x"].map(quoted).join(",")})`),
      () => put(`~${quoted(`${word(of).slice(0, 4)}.*[a-z]$`)}`),
      () => put(`i(${quoted(word(of).toUpperCase())})`),
      () => put(`contains_any(${quoted(word(of))},${quoted(word(of))})`),
      () => put(`contains_all(${quoted(word(of))},${quoted(word(of))})`),
      () => put(`seq(${quoted(word(of).slice(0, 3))},${quoted(word(of).slice(-1))})`),
      () => put(`len_range(${below(8)},${8 + below(30)})`),
      () => put(`string_range(${quoted(short(of).slice(0, 2))},${quoted("z")})`),
      () => put("*"),
      () => put(`""`),
      () => `responseStatus.code:${one([">", ">=", "<", "<="])}${one([200, 201, 404, 409])}`,
      () => `responseStatus.code:range(200,${300 + below(200)}]`,
      () => `${name(of)}:eq_field(${name(field())})`,
      () => `{cluster=${quoted(someValue("cluster"))}}`,
    ])()
  }

  function filter(depth: number): string {
    if (depth === 0) return atom()
    return one([
      () => atom(),
      () => atom(),
      () => `${filter(depth - 1)} ${filter(depth - 1)}`,
      () => `(${filter(depth - 1)} or ${filter(depth - 1)})`,
      () => `!(${filter(depth - 1)})`,
    ])()
  }

  const call = () => {
    const number = name(one(NUMBERS))
    return one([
      ...["count()", `count(${field_()})`, `count_empty(${field_()})`, `count_uniq(${some(2).join(",")})`],
      ...[`sum(${number})`, `avg(${number})`, `min(${field_()})`, `max(${field_()})`, `median(${number})`],
      ...[`quantile(0.${below(10)}, ${number})`, `sum_len(${some(2).join(",")})`, `uniq_values(${field_()})`],
      ...[
        `count_uniq_hash(${field_()})`,
        `stddev(${number})`,
        `histogram(${number})`,
        "rate()",
        `rate_sum(${number})`,
      ],
      ...[`row_min(record, record, verb)`, `field_max(record, ${field_()})`],
    ])
  }
  const field_ = () => name(field())
  const stats = () => {
    const by = one([
      "",
      `by (${some(2).join(", ")})`,
      `by (_time:${one(["1m", "30s", "1h", "1d", "1w"])})`,
      `by (_time:5m offset ${one(["1m", "-90s"])})`,
      `by (responseStatus.code:${one(["10", "100", "7.5"])}, verb)`,
    ])
    const when = one(["", "", ` if (${atom()})`])
    return `stats ${by} ${call()}${when} a, ${call()} b`
  }

  /** A pipe whose rows go on to be changed. */
  const step = () =>
    one([
      () => `fields ${["record", ...some(3)].join(", ")}`,
      () => `fields record, ${one(["objectRef", "user", "requestObject.m", "res"])}*`,
      () => `delete ${some(3).join(", ")}`,
      () => `copy ${field_()} as x, ${field_()} as ${field_()}`,
      () => `rename ${field_()} as x, objectRef.* as o.*`,
      () => `filter ${filter(1)}`,
      () => `len(${field_()}) as bytes`,
      () => `hash(${field_()}) as h`,
      () => `format "<${field()}>/<uc:${field()}>-<q:${field()}>" as f`,
      () => `format if (${atom()}) "<urlencode:${field()}>" as f keep_original_fields`,
      () => `extract "/<a>/<b>/" from ${one(["requestURI", "userAgent"])}`,
      () => `extract if (${atom()}) "<agent>/<version> " from userAgent skip_empty_results`,
      () => `extract_regexp "/(?P<last>[^/]+)$" from requestURI`,
      () => `replace (${quoted(one(["/", "system:", "e", "a"]))}, "_") at ${field_()} limit ${below(3)}`,
      () => `replace_regexp ("([a-z]+)/([a-z]+)", "$2.$1") at ${field_()}`,
      () =>
        `collapse_nums at ${one(["requestURI", "_msg", "userAgent", "auditID"])} ${one(["", "prettify"])}`,
      () =>
        `math ${name(one(NUMBERS))} * ${1 + below(9)} + ${below(5)} as m, round(m / 7, 0.01) as r, m % 5 as q`,
      () => `math responseStatus.code default ${below(9)} as m, max(m, 300) - min(m, 200, 404) as r`,
      () => `pack_json fields (${some(3).join(", ")}) as p`,
      () => `pack_logfmt fields (${some(3).join(", ")}) as p | unpack_logfmt from p result_prefix l_`,
      () => `pack_json fields (user.*, verb) as p | unpack_json from p fields (user.*) result_prefix j_`,
      () => `unpack_words from ${field_()} as w drop_duplicates`,
      () => `split "/" from requestURI as parts | json_array_len(parts) as n`,
      () => `unroll by (user.groups)`,
      () => `time_add ${one(["1h", "-90s", "1d"])}`,
      () => `drop_empty_fields`,
      () => `sort by (record${one(["", " desc"])}) limit ${1 + below(20)} ${one(["", "rank as place"])}`,
      () => `sort by (record, user.groups) partition by (verb) limit ${1 + below(3)}`,
      () => `set_stream_fields verb, objectRef.resource`,
      () => `total_stats by (verb) count() as n, sum(responseStatus.code) as m`,
    ])()
  /** A pipe that ends in something else than the rows. */
  const end = () =>
    one([
      stats,
      stats,
      stats,
      () => `uniq by (${some(2).join(", ")}) with hits`,
      () => `top 1000 by (${some(2).join(", ")})`,
      () => `field_values ${field_()}`,
      () => `facets 1000`,
      () => `first 3 by (record, user.groups)`,
      () => `last 3 by (record, user.groups) partition by (verb)`,
      () => `stats by (${field_()}) count() n | join by (verb) (${AUDIT_ROWS} | stats by (verb) count() all)`,
      () => `stats count() n | union (${AUDIT_ROWS} ${filter(1)} | stats count() n)`,
      () => `filter user.username:in(${AUDIT_ROWS} ${filter(1)} | fields user.username) | fields auditID`,
    ])()

  return {
    query: () => {
      const pipes = Array.from({ length: below(3) }, step)
      if (below(3) > 0) pipes.push(end())
      if (pipes.length === 0) pipes.push("fields record, verb, _time, _msg, responseStatus.code")
      return [filter(2), ...pipes].join(" | ")
    },
  }
}

function name(field: string): string {
  return /^[\w.]+$/.test(field) ? field : quoted(field)
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

/** Park and Miller's minimal standard. */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
