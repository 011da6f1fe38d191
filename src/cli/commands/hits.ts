import { assert } from "../../base/assert.ts"
import { Refusal } from "../../base/refusal.ts"
import type { Micros } from "../../base/time.ts"
import { microsOf } from "../../query/filters/time.ts"
import { parseDuration } from "../../query/number.ts"
import { countsRequests } from "../../query/requests.ts"
import type { Row } from "../../query/row.ts"
import type { Query } from "../../query/tree.ts"
import { viewQuery } from "../../query/view.ts"
import { ANSWER_FLAGS, type Asked, ask, collect, exitFor, whomToAsk } from "../answer.ts"
import type { Command, Options, World } from "../command.ts"
import { fillGaps, histogram, isUnicode, type Step, stepFor } from "../histogram.ts"
import { hitsByValue } from "../hits-by-value.ts"
import { fieldsOf } from "../field-words.ts"
import { readLimit } from "./query.ts"
import { OUTPUT_FLAG, readFormat, showRows, widthFor } from "../output.ts"
import { COMPAT_FLAG, EVENTS, readQuery, withFlags } from "../read-query.ts"
import { hintAtFields, withFieldHint } from "../strange-fields.ts"
import { paintFor } from "../terminal.ts"
import { readTimeFlags, TIME_FLAGS } from "../time-flags.ts"

/** Longer is no picture any more, and every bar is a group in memory. */
const BARS_MAX = 10_000
/** Steps of all values together, as many as groups of `top`. */
const CELLS_MAX = 200_000
const LINES_SHOWN = 10
/** Where the output is no terminal, bars are as wide as on a common one. */
const COLUMNS_MAX = 100

export const hits: Command = {
  name: "hits",
  summary: "A histogram over time: how many requests in each step.",
  arguments: [{ name: "text", description: "LogsQL, in quotes (default: all audit events)", optional: true }],
  options: [
    { flags: "--step <duration>", description: "1m, 1h, 1d, … (default: so that it fits one screen)" },
    {
      flags: "--by <fields>",
      description: "a line for each value of fields like user or verb,code, the most frequent first",
    },
    {
      flags: "-n, --limit <n>",
      description: `with --by: so many lines (default: ${LINES_SHOWN}); the others are summed up`,
    },
    ...ANSWER_FLAGS,
    ...TIME_FLAGS,
    OUTPUT_FLAG,
    COMPAT_FLAG,
  ],
  examples: [
    "tallystick hits --since 24h",
    "tallystick hits 'responseStatus.code:in(401,403)' --since 7d --step 1h",
    "tallystick hits --by user --since 24h",
    "tallystick hits 'verb:=delete' --from 2026-01-01 --to 2026-01-31 -o csv",
  ],
  async run([text = EVENTS], options, world) {
    const parsed = readQuery(text, options, world)
    const format = readFormat(options, "table")
    const whom = await whomToAsk(options, world)
    const step = readStep(options) ?? (await fittingStep(parsed, whom, options, world))
    if (step === undefined) {
      showRows([], format, world)
      hintAtFields(parsed, world)
      return exitFor(undefined, world)
    }
    const fields = typeof options.by === "string" ? fieldsOf(options.by) : []
    const limit = readLimit(options.limit) ?? LINES_SHOWN
    const { query } = viewQuery(parsed, [], { kind: "hits", step: step.text, fields })
    const asked = withFlags(query, "sort by (_time)", options, world)
    const most = fields.length === 0 ? BARS_MAX : CELLS_MAX
    const { rows, more, partial } = await collect(withFieldHint(ask(whom, asked, world), parsed, world), most)
    const drawn = { step, fields, limit, counted: countsRequests(query) ? "requests" : "events" }
    if (format !== "table" && format !== "wide") showRows(rows, format, world)
    else if (rows.length > 0 && fields.length > 0) world.stdout.write(hitsByValue(rows, drawn, world))
    else draw(rows, drawn, world)
    return exitFor(more ? `more than ${most} steps; take a longer --step` : partial, world)
  },
}

function readStep({ step }: Options): Step | undefined {
  if (typeof step !== "string") return undefined
  const nanos = parseDuration(step)
  if (nanos === undefined || !(nanos >= 1_000_000)) {
    throw new Refusal("usage", `expected --step like 1h, saw ${JSON.stringify(step)}`)
  }
  return { text: step, micros: Math.round(nanos / 1000) }
}

/** By the flags or, where they leave an end open, by the first and the last record there is. */
async function fittingStep(
  query: Query,
  whom: Asked,
  options: Options,
  world: World,
): Promise<Step | undefined> {
  const { first, last } = readTimeFlags(options, world.clock())
  if (first !== undefined && last !== undefined) return stepFor(first, last)
  // The same rows as will be counted: pipes that only say how rows are shown are left out.
  const { query: counted } = viewQuery(query, [], { kind: "hits", step: "365d", fields: [] })
  const rows = { ...counted, pipes: counted.pipes.slice(0, -1) }
  const asked = withFlags(rows, "stats min(_time) first, max(_time) last", options, world)
  const [ends] = (await collect(ask(whom, asked, world), 1)).rows
  return ends?.first === undefined || ends.last === undefined
    ? undefined
    : stepFor(first ?? timeOf(ends.first), last ?? timeOf(ends.last))
}

type Drawn = Pick<Parameters<typeof hitsByValue>[1], "step" | "counted">

function draw(rows: readonly Row[], { step, counted }: Drawn, world: World): void {
  if (rows.length === 0) {
    showRows([], "table", world)
    return
  }
  const bars = rows.map((row) => ({ at: timeOf(row._time), hits: Number(row.hits) }))
  const filled = fillGaps(bars, step.micros)
  const shown = filled.length > BARS_MAX ? bars : filled
  const width = Math.min(widthFor(world), world.stdout.isTTY ? Number.POSITIVE_INFINITY : COLUMNS_MAX)
  world.stdout.write(histogram(shown, width, isUnicode(world.env)))
  const total = bars.reduce((sum, bar) => sum + bar.hits, 0)
  const { dim } = paintFor(world.stdout, world.env)
  world.stdout.write(`${dim(`${total} ${counted}, ${step.text} a line, UTC`)}\n`)
}

function timeOf(text: string | undefined): Micros {
  const at = microsOf(text ?? "")
  assert(at !== undefined, "_time of a group is a time")
  return at
}
