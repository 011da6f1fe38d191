import { Refusal } from "../../base/refusal.ts"
import { parseFilter } from "../../query/parse.ts"
import { printField } from "../../query/quote.ts"
import { newRow, type Row } from "../../query/row.ts"
import { andFilters } from "../../query/simplify.ts"
import type { Query } from "../../query/tree.ts"
import { ANSWER_FLAGS, ask, collect, exitFor, whomToAsk } from "../answer.ts"
import type { Command, ExitCode, Options, World } from "../command.ts"
import { FIELD_WORDS, fieldsOf, wordOf } from "../field-words.ts"
import { type Format, OUTPUT_FLAG, readFormat, showRows, widthFor } from "../output.ts"
import { COMPAT_FLAG, EVENTS, readQuery, withFlags } from "../read-query.ts"
import { titleOf, trustNote } from "../result-table.ts"
import { withFieldHint } from "../strange-fields.ts"
import { paintFor, table } from "../terminal.ts"
import { RULE_FIELDS } from "../rule-costs.ts"
import { TIME_FLAGS } from "../time-flags.ts"
import { topRules } from "../top-rules.ts"
import { readLimit } from "./query.ts"

const GROUPS_SHOWN = 20
/** Groups that are summed up: all of them, so that shares and totals are of everything. */
const GROUPS_MAX = 200_000
/** A query that names `stage` counts events; this one leaves none out. What makes volume is events, of every stage. */
const ALL_STAGES = parseFilter('stage:* or stage:""')
type Counted = "events" | "requests"
const BY_DEFAULT = "user,verb,resource"

export const top: Command = {
  name: "top",
  summary: "Who and what makes the most events, with counts, bytes and shares.",
  arguments: [{ name: "text", description: "LogsQL, in quotes (default: all audit events)", optional: true }],
  options: [
    {
      flags: "--by <fields>",
      description: `what to group by: ${Object.keys(FIELD_WORDS).join(", ")}, or fields; or rule, alone: what each rule of the audit policy costs (default: ${BY_DEFAULT})`,
    },
    {
      flags: "--policy <file>",
      description: "with --by rule: decide by this policy (default: those recorded as in force)",
    },
    { flags: "--sort <by>", description: "count or bytes (default: count)", values: ["count", "bytes"] },
    {
      flags: "--requests",
      description:
        "count requests, each once, with the bytes of its last event (default: all events of all stages)",
    },
    { flags: "-n, --limit <n>", description: `so many groups (default: ${GROUPS_SHOWN})` },
    ...ANSWER_FLAGS,
    ...TIME_FLAGS,
    OUTPUT_FLAG,
    COMPAT_FLAG,
  ],
  examples: [
    "tallystick top --since 1h",
    "tallystick top --by user,code 'responseStatus.code:>=400'",
    "tallystick top --by namespace,resource,verb --sort bytes -n 50 -o csv",
    "tallystick top --by level,stage --dir ./data",
    "tallystick top --by rule --since 1d --sort bytes",
  ],
  async run([text = EVENTS], options, world) {
    const parsed = readQuery(text, options, world)
    const format = readFormat(options, "table")
    const sort = readSort(options)
    if (options.by === BY_RULE) return await showRules({ parsed, format, sort }, options, world)
    if (options.policy !== undefined) throw new Refusal("usage", "--policy goes with --by rule")
    const fields = fieldsOf(typeof options.by === "string" ? options.by : BY_DEFAULT)
    const counted = options.requests === true ? "requests" : "events"
    const filter = counted === "events" ? andFilters([ALL_STAGES, parsed.filter]) : parsed.filter
    const limit = readLimit(options.limit) ?? GROUPS_SHOWN
    const asked = withFlags(
      { ...parsed, filter },
      groupingOf(fields, counted, sort === "bytes" ? "bytes" : counted),
      options,
      world,
    )
    const answer = withFieldHint(ask(await whomToAsk(options, world), asked, world), parsed, world)
    const { rows, more, partial } = await collect(answer, GROUPS_MAX)
    show({ rows, fields, counted, limit }, format, world)
    return exitFor(more ? `more than ${GROUPS_MAX} groups` : partial, world)
  },
}

function readSort({ sort = "count" }: Options): "count" | "bytes" {
  if (sort === "count" || sort === "bytes") return sort
  throw new Refusal("usage", `expected --sort count or bytes, saw ${JSON.stringify(sort)}`)
}

/** Not a field: which rule made an event stands in no event. */
const BY_RULE = "rule"

type Shown = { readonly parsed: Query; readonly format: Format; readonly sort: "count" | "bytes" }

async function showRules({ parsed, format, sort }: Shown, options: Options, world: World): Promise<ExitCode> {
  if (options.requests === true) throw new Refusal("usage", "--by rule counts events: go without --requests")
  const limit = readLimit(options.limit) ?? GROUPS_SHOWN
  const { rows, partial } = await topRules(parsed, await whomToAsk(options, world), options, world)
  const key = sort === "bytes" ? "bytes" : "events"
  const sorted = rows.toSorted((a, b) => Number(b[key]) - Number(a[key]))
  show({ rows: sorted, fields: RULE_FIELDS, counted: "events", limit }, format, world)
  return exitFor(partial, world)
}

/** Bytes are those of the events as they were received. */
function groupingOf(fields: readonly string[], counted: Counted, sort: string): string {
  const keys = fields.map(printField).join(", ")
  const order = [`${sort} desc`, ...fields.map(printField)].join(", ")
  return `stats by (${keys}) count() ${counted}, sum_len(raw) bytes | sort by (${order})`
}

type Groups = {
  readonly rows: readonly Row[]
  readonly fields: readonly string[]
  readonly counted: Counted
  readonly limit: number
}

function show({ rows, fields, counted, limit }: Groups, format: Format, world: World): void {
  const shown = rows.slice(0, limit)
  if ((format !== "table" && format !== "wide") || rows.length === 0) {
    showRows(shown, format, world)
    return
  }
  const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name] ?? 0), 0)
  const [count, bytes] = [sum(counted), sum("bytes")]
  const lines = shown.map((row) => {
    const line = newRow(row)
    line["%"] = share(Number(row[counted]), count)
    for (const field of fields) line[field] ??= "-"
    return line
  })
  const counts = [counted, "%", "bytes"].map((name) => ({ name, align: "right" as const, whole: true }))
  const columns = [...counts, ...fields.map((name) => ({ name, title: titleOf(name, wordOf(name)) }))]
  world.stdout.write(table(lines, columns, format === "wide" ? Number.POSITIVE_INFINITY : widthFor(world)))
  const { dim } = paintFor(world.stdout, world.env)
  const part = shown.length < rows.length ? `${shown.length} of ${rows.length}` : `${rows.length}`
  world.stdout.write(
    `${dim(`${part} groups; ${count} ${counted} and ${bytes} bytes in all`)}\n${trustNote(fields)}`,
  )
}

function share(part: number, whole: number): string {
  return whole === 0 ? "" : ((100 * part) / whole).toFixed(1)
}
