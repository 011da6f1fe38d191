import { Refusal } from "../base/refusal.ts"
import type { Row } from "../query/row.ts"
import { csvLine, csvRow } from "../search/csv.ts"
import { type Answer, collect } from "./answer.ts"
import type { Option, Options, World } from "./command.ts"
import { wordOf } from "./field-words.ts"
import { columnsOf, resultTable, wideTable } from "./result-table.ts"
import { escapeText, jsonLine } from "./terminal.ts"

export const FORMATS = ["table", "wide", "json", "csv", "raw"] as const
export type Format = (typeof FORMATS)[number]

/** CSV and tables know their columns when they have seen all rows. */
const ROWS_HELD_MAX = 200_000
/** For terminals that do not say how wide they are. */
const COLUMNS_DEFAULT = 100

export const OUTPUT_FLAG: Option = {
  flags: "-o, --output <format>",
  description:
    "table, wide (nothing cut), json (a line per row), csv, raw (the events as they were received)",
  values: FORMATS,
}

/** Rows do not hold the event's text unless it is asked for. */
export const RAW_PIPE = " | fields raw"

/** What was asked for, or `byDefault`. */
export function readFormat({ json, output }: Options, byDefault: Format): Format {
  if (output === undefined) return json === true ? "json" : byDefault
  const format = FORMATS.find((known) => known === output)
  if (format === undefined) {
    throw new Refusal("usage", `expected --output ${FORMATS.join(", ")}, saw ${JSON.stringify(output)}`)
  }
  if (json === true && format !== "json") throw new Refusal("usage", `--json goes without --output ${format}`)
  return format
}

/** Columns of what tables are written to; what is no terminal has no edge. */
export function widthFor({ stdout }: World): number {
  if (!stdout.isTTY) return Number.POSITIVE_INFINITY
  return stdout.columns > 0 ? stdout.columns : COLUMNS_DEFAULT
}

export type Wanted = {
  readonly format: Format
  /** So many rows, and whether somebody asked for that number. */
  readonly rows: number
  readonly limited: boolean
  /** Titles in people's words instead of names of fields. */
  readonly words?: boolean
}

/** Prints an answer; what came of it that nobody sees is returned: why it is partial, or undefined. */
export async function showAnswer(answer: Answer, wanted: Wanted, world: World): Promise<string | undefined> {
  const { format, rows, limited } = wanted
  if (format === "json" || format === "raw") return await showLines(answer, wanted, world)
  const held = Math.min(rows, ROWS_HELD_MAX)
  const { rows: shown, more, partial } = await collect(answer, held)
  showRows(shown, format, world, wanted.words)
  if (!more || partial !== undefined) return partial
  if (held < rows || format === "csv") return limited && held === rows ? undefined : `more than ${held} rows`
  if (!limited) world.stderr.write(`the first ${rows} rows; --limit shows more\n`)
  return undefined
}

/** Rows that are all there. */
export function showRows(rows: readonly Row[], format: Format, world: World, words = false): void {
  if (format === "csv") {
    const columns = columnsOf(rows)
    if (columns.length > 0) world.stdout.write(csvLine(columns))
    for (const row of rows) world.stdout.write(csvRow(row, columns))
  } else if (format === "json" || format === "raw") {
    for (const row of rows) world.stdout.write(lineOf(row, format, world))
  } else if (rows.length === 0) {
    world.stderr.write("no rows\n")
  } else {
    const titles = words ? wordOf : undefined
    world.stdout.write(
      format === "wide" ? wideTable(rows, world, titles) : resultTable(rows, widthFor(world), world, titles),
    )
  }
}

async function showLines(
  answer: Answer,
  { format, rows, limited }: Wanted,
  world: World,
): Promise<string | undefined> {
  let count = 0
  for await (const row of answer) {
    if (row._partial !== undefined) return row._partial
    if (count++ >= rows) continue
    if (!world.stdout.write(lineOf(row, format, world))) await world.stdout.drained()
  }
  return count > rows && !limited ? `more than ${rows} rows` : undefined
}

/** One row as a line. Refuses `usage` where the exact text of rows was wanted and they are no records any more. */
export function lineOf(row: Row, format: Format, world: World): string {
  if (format !== "raw") return jsonLine(row)
  if (row.raw === undefined) {
    throw new Refusal(
      "usage",
      "--output raw shows whole records; leave out pipes that make something else of them",
    )
  }
  return `${world.stdout.isTTY ? escapeText(row.raw) : row.raw}\n`
}
