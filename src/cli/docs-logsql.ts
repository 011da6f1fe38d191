import { FIELDS, type Field, type Trust } from "../event/fields.ts"
import { FUNCTION_FILTERS, SIGN_FILTERS } from "../query/filters/index.ts"
import { HABIT_EXAMPLES } from "../query/habits/catalogue.ts"
import { toLogsql } from "../query/habits/index.ts"
import { PIPES } from "../query/pipes/index.ts"
import { STATS } from "../query/stats/index.ts"

/** What is said without a function: a form, and what it finds. */
export const LOGSQL_BASICS: readonly (readonly [form: string, meaning: string])[] = [
  ["forbidden", "the word stands in `_msg`, the sentence of each record"],
  ['"was refused"', "the words, one after the other"],
  ["user.username:alice", "the word stands in a field"],
  ['user.username:="system:admin"', "the field is exactly this"],
  ["objectRef.name:=prod-*", "the field begins with this"],
  ["userAgent:kubectl*", "a word of the field begins with this"],
  ["userAgent:*ctl*", "the text stands in the field, also within a word"],
  ["responseStatus.code:>=400", "compared as numbers"],
  ['requestURI:~"/exec[?]"', "a regular expression (RE2, linear in time) is found"],
  ["objectRef.namespace:*", "the field has a value"],
  ['objectRef.namespace:""', "the field has none"],
  ["_time:1h", "the last hour; s, m, h, d, w, y"],
  ["_time:2026-01-02", "that day; also a month, an hour, a minute"],
  ["_time:[2026-01-02T08:00Z, 2026-01-02T12:00Z)", "from, to; `[` counts itself, `(` does not"],
  ["verb:delete user.username:alice", "both"],
  ["verb:delete or verb:deletecollection", "one of them"],
  ["verb:(create or update) -user.username:alice", "with parentheses; `-`, `!` or `not` is not"],
  ["*:forbidden", "some field of the event holds the word; every body is read"],
  ["requestObject.*:=nginx", "some field whose name begins so is exactly this"],
  ['{cluster="prod-1"} verb:delete', "a stream: cluster, source and kind"],
]

const TRUST: Readonly<Record<Trust, string>> = {
  server: "written by kube-apiserver",
  client: "**chosen by the client**, in whole or in part: never an identity, a key or markup",
  mixed: "written by kube-apiserver, but holds text of clients",
  ledger: "written by Tallystick",
}

/** docs/LOGSQL.md: everything that can be asked, from the tables that read it. */
export function logsqlPage(made: string): string {
  return [
    "# LogsQL",
    "",
    made,
    "",
    "The query language of [VictoriaLogs](https://docs.victoriametrics.com/victorialogs/logsql/), over the ledger's records: on the command line",
    "(`tallystick query`), over HTTP (`/select/logsql/query`), and in everything that selects records. What is not listed here is refused with its",
    "place, never ignored. A query is filters, then pipes:",
    "",
    "    objectRef.resource:=secrets verb:in(get, list) _time:24h | fields _time, _msg | limit 20",
    "",
    "## Filters",
    "",
    "| | finds records where |",
    "|---|---|",
    ...LOGSQL_BASICS.map(([form, meaning]) => `| ${cell(code(form))} | ${meaning} |`),
    "",
    "Behind a field's colon, signs and functions:",
    "",
    ...[...SIGN_FILTERS, ...FUNCTION_FILTERS].map(
      ({ word, example }) => `* ${code(word)}, as in ${code(example)}`,
    ),
    "",
    "## Pipes",
    "",
    ...PIPES.map(({ word, aliases = [], example }) => {
      const also = aliases.length === 0 ? "" : ` (also ${aliases.map(code).join(", ")})`
      return `* ${code(word)}${also}, as in ${code(example)}`
    }),
    "",
    "## Functions of `| stats`",
    "",
    ...STATS.map(({ word, example }) => `* ${code(word)}, as in ${code(example)}`),
    "",
    "## Requests and their stages",
    "",
    "A request is up to four events: RequestReceived, ResponseStarted (of watches and other long answers), ResponseComplete or Panic, all with one",
    "`auditID`. Rows are events. What counts (`stats`, `top`, `uniq`, the hits of a histogram) counts **requests**: an event is left out when one of a",
    "later stage of the same request matches too. A query that names the field `stage` counts events:",
    "",
    "    verb:=watch | stats count() requests",
    "    verb:=watch stage:* | stats count() events",
    "    verb:=watch | stats by (stage) count() events",
    "",
    "`field_values`, `field_names` and `facets` tell what is in events.",
    "",
    "## Options",
    "",
    "In front of a query, for it and every query inside it; one inside may have its own:",
    "",
    "    options(time_offset=7d) _time:1h | stats count() a_week_ago",
    "",
    "| | |",
    "|---|---|",
    "| `time_offset=7d` | everything is shown a week later than it was: filters, bounds, steps and rows see that time |",
    "| `ignore_global_time_filter=true` | bounds that come with a request (`start`, `end`) do not count |",
    "| `global_filter=(verb:get)` | a filter besides each query's own |",
    "| `allow_partial_response=false` | an answer that limits cut is refused (`search.partial`) |",
    "| `concurrency`, `parallel_readers` | are read, and change nothing |",
    "",
    "## Other languages",
    "",
    "What is written as LogQL, Splunk, KQL, SQL or a shell has it would be read as words to search for, and find nothing. It is refused",
    "(`query.foreign`, 400) with its place and with the query as LogsQL. `compat=logql` in a request, `--compat logql` on the command line, asks",
    "that query instead. It asks what is written: a regular expression of LogQL matches the whole value, `!=` wants the field to be there.",
    "",
    "| | written | asked as |",
    "|---|---|---|",
    ...HABIT_EXAMPLES.map(
      ([language, text]) => `| ${language} | ${cell(code(text))} | ${cell(code(toLogsql(text)))} |`,
    ),
    "",
    "## Fields",
    "",
    "Whoever sends a request to an API server decides part of what its audit event says. The last column says who wrote a value:",
    "",
    ...Object.entries(TRUST).map(([trust, meaning]) => `* *${trust}*: ${meaning}`),
    "",
    "Every other member of an event is a field too, under its dotted path: `requestObject.spec.replicas`. Made when they are asked for:",
    "`lateBy`, seconds from the event's own time to its receipt (`lateBy:>3600` finds what was held back or backdated; negative where the sender's",
    "clock is ahead), and `_stream_id`.",
    "",
    "| field | type | | written by |",
    "|---|---|---|---|",
    ...FIELDS.map(fieldRow),
    "",
  ].join("\n")
}

function fieldRow({ name, type, description, trust }: Field): string {
  return `| ${code(name)} | ${type} | ${cell(description)} | ${trust === "client" ? "**client**" : trust} |`
}

function code(text: string): string {
  return `\`${text}\``
}

/** In a table a bar would end the cell. */
export function cell(text: string): string {
  return text.replaceAll("|", "\\|")
}
