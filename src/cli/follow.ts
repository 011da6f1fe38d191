import { Refusal } from "../base/refusal.ts"
import { formatQuery } from "../query/print.ts"
import type { Row } from "../query/row.ts"
import type { Query } from "../query/tree.ts"
import { viewQuery } from "../query/view.ts"
import { type Answer, exitFor, whomToAsk } from "./answer.ts"
import type { ExitCode, Options, World } from "./command.ts"
import { paintOutcome } from "./outcome.ts"
import { type Format, lineOf, RAW_PIPE, readFormat, widthFor } from "./output.ts"
import { tailRemote } from "./remote.ts"
import { shortTime } from "./result-table.ts"
import { tailLocal } from "./tail-local.ts"
import { escapeText, fit } from "./terminal.ts"
import { readSince } from "./time-flags.ts"

/** What was there before is shown, so that one sees that it works; the same as the server's. */
const BACK_MICROS = 5_000_000

/**
 * Rows as they are received, until Ctrl-C, which is the good end of it: exit 0. One that could not be whole ends with 2.
 */
export async function follow(query: Query, options: Options, world: World): Promise<ExitCode> {
  if (options.from !== undefined || options.to !== undefined || options.limit !== undefined) {
    throw new Refusal("usage", "what is followed has no end: only --since goes with it")
  }
  const format = readFormat(options, world.stdout.isTTY ? "table" : "json")
  if (format === "csv")
    throw new Refusal("usage", "the columns of csv are known when all rows are there; follow with -o json")
  const asked = {
    query: formatQuery(viewQuery(query, [], { kind: "tail" }).query) + (format === "raw" ? RAW_PIPE : ""),
    backMicros: typeof options.since === "string" ? readSince(options.since) : BACK_MICROS,
  }
  const whom = await whomToAsk(options, world)
  const rows = whom.kind === "dir" ? tailLocal(whom.dir, asked, world) : tailRemote(whom.remote, asked)
  return exitFor(await print(rows, format, world), world)
}

/** Until the rows end; returns why they are not whole. */
async function print(rows: Answer, format: Format, world: World): Promise<string | undefined> {
  let partial: string | undefined
  try {
    for await (const row of rows) {
      if (row._partial !== undefined) {
        partial = row._partial
        continue
      }
      if (!world.stdout.write(printed(row, format, world))) await world.stdout.drained()
    }
  } catch (error) {
    if (!world.stop.aborted) throw error
  }
  return partial
}

function printed(row: Row, format: Format, world: World): string {
  if (format === "json" || format === "raw") return lineOf(row, format, world)
  const { _time: time, _msg: message, "responseStatus.code": code } = row
  const line =
    message === undefined
      ? Object.entries(row)
          .map(([name, value]) => `${name}=${value}`)
          .join(" ")
      : [shortTime(time ?? ""), (code ?? "").padStart(3), message].join("  ")
  const width = format === "wide" ? Number.POSITIVE_INFINITY : widthFor(world)
  return `${paintOutcome(world)(row, fit(escapeText(line), width))}\n`
}
