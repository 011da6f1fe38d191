import { resolve } from "node:path"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import { formatMicros, type Micros } from "../../base/time.ts"
import { understandQuery } from "../../query/habits/index.ts"
import { parseDuration } from "../../query/number.ts"
import { parseQuery } from "../../query/parse.ts"
import { formatQuery } from "../../query/print.ts"
import type { Row } from "../../query/row.ts"
import { andFilters } from "../../query/simplify.ts"
import { parseMoment, placeMoment } from "../../query/time.ts"
import type { Query } from "../../query/tree.ts"
import { openLocalSearch } from "../../search/local.ts"
import { type Command, EXIT, type ExitCode, type Options, type World } from "../command.ts"
import { loadConfig } from "../config-load.ts"
import { serverUrlOf } from "../config-paths.ts"
import { openRemote, queryRemote, REMOTE_FLAGS } from "../remote.ts"
import { resultTable } from "../result-table.ts"
import { escapeText, paintFor, widthOf } from "../terminal.ts"

/** Rows shown on a terminal without `--limit`; when there are more, it says so. */
const ROWS_SHOWN = 100
const ROWS_MAX = 1_000_000
/** For terminals that do not say how wide they are. */
const COLUMNS_DEFAULT = 100
const TIMEOUT_MS = 60_000

export const query: Command = {
  name: "query",
  summary: "Ask a question in LogsQL: of a running server, or of a ledger's directory.",
  arguments: [{ name: "text", description: "LogsQL, in quotes" }],
  options: [
    {
      flags: "--server <url>",
      description: "server to ask (default: the one that the configuration describes)",
    },
    ...REMOTE_FLAGS,
    {
      flags: "--dir <dir>",
      description: "read this ledger's directory instead of asking a server; one may be running on it",
    },
    {
      flags: "--limit <n>",
      description: `so many rows, newest first (default: ${ROWS_SHOWN} on a terminal, else all)`,
    },
    {
      flags: "--compat <language>",
      description: "logql: correct what is written as LogQL, Splunk, KQL or SQL has it, and ask that",
    },
    { flags: "--since <duration>", description: "only the last 2h, 7d, …" },
    { flags: "--from <time>", description: "only from then on: 2026-01-02T03:04:05Z, 2026-01-02, now-1d" },
    { flags: "--to <time>", description: "only until then; a date stands for all of itself" },
  ],
  examples: [
    "tallystick query 'verb:=delete objectRef.resource:=secrets' --since 24h",
    "tallystick query 'responseStatus.code:in(401,403) | stats by (user.username) count() refused' --json",
    `tallystick query --compat logql '{stream="audit"} | json | verb="delete" | last 24h'`,
    "tallystick query --dir ./data 'user.username:=alice | sort by (_time desc) limit 5'",
  ],
  async run([text = ""], options, world) {
    const asked = readQuestion(text, options, world)
    const answer = await openAnswer(asked.text, options, world)
    const show = options.json === true || !world.stdout.isTTY ? showLines : showTable
    const shown = await show(answer, asked, world)
    return shown.partial === undefined ? EXIT.fine : tellPartial(shown.partial, world)
  },
}

/** The query with the bounds and the limit of the command line in it, and how many rows are wanted. */
type Question = { readonly text: string; readonly rows: number; readonly limited: boolean }

function readQuestion(text: string, options: Options, world: World): Question {
  const parsed = parseOrPoint(text, options.compat, world)
  const bounds = readBounds(options, world.clock())
  const table = options.json !== true && world.stdout.isTTY
  const limit = readLimit(options.limit)
  const rows = limit ?? (table ? ROWS_SHOWN : ROWS_MAX)
  return { text: withBounds(parsed, bounds, rows + 1), rows, limited: limit !== undefined }
}

/** One more row than is shown, so that it can be said whether there are more. */
function withBounds({ filter, pipes, options }: Query, time: string | undefined, rows: number): string {
  const limit = parseQuery(`* | limit ${rows}`).pipes
  const bounds = time === undefined ? [] : [parseQuery(time).filter]
  return formatQuery({ filter: andFilters([...bounds, filter]), pipes: [...pipes, ...limit], options })
}

function readBounds(options: Options, now: Micros): string | undefined {
  const { since, from, to } = options
  if (since !== undefined && (from !== undefined || to !== undefined)) {
    throw new Refusal("usage", "--since goes without --from and --to")
  }
  if (typeof since === "string") {
    const nanos = parseDuration(since)
    if (nanos === undefined || nanos <= 0)
      throw new Refusal("usage", `expected --since like 2h, saw ${JSON.stringify(since)}`)
    return `_time:[${formatMicros(now - Math.round(nanos / 1000))},${formatMicros(now)}]`
  }
  if (typeof from !== "string" && typeof to !== "string") return undefined
  const first = typeof from === "string" ? readMoment("--from", from, now).first : undefined
  const last = typeof to === "string" ? readMoment("--to", to, now).last : undefined
  if (first === undefined) return `_time:<=${formatMicros(last ?? now)}`
  return last === undefined
    ? `_time:>=${formatMicros(first)}`
    : `_time:[${formatMicros(first)},${formatMicros(last)}]`
}

function readMoment(option: string, text: string, now: Micros) {
  const moment = parseMoment(text)
  if (moment === undefined) {
    throw new Refusal(
      "usage",
      `expected ${option} like 2026-01-02T03:04:05Z or now-1d, saw ${JSON.stringify(text)}`,
    )
  }
  return placeMoment(moment, now)
}

function readLimit(limit: Options[string]): number | undefined {
  if (limit === undefined) return undefined
  const rows = Number(limit)
  if (!Number.isInteger(rows) || rows < 1 || rows > ROWS_MAX) {
    throw new Refusal("usage", `expected --limit from 1 to ${ROWS_MAX}`)
  }
  return rows
}

/** Reads the query here, so that a mistake is shown in its place before anybody is asked. */
function parseOrPoint(text: string, compat: Options[string], world: World): Query {
  if (compat !== undefined && compat !== "logql") {
    throw new Refusal("usage", `expected --compat logql, saw ${JSON.stringify(compat)}`)
  }
  try {
    return understandQuery(text, compat ?? "strict")
  } catch (error) {
    if (isRefusal(error)) point(text, error, world)
    throw error
  }
}

/** The line of the query with a caret under the word. */
function point(text: string, { facts }: Refusal, world: World): void {
  const { position, length } = facts
  if (typeof position !== "number" || typeof length !== "number") return
  const start = text.lastIndexOf("\n", position - 1) + 1
  const end = text.indexOf("\n", position)
  const line = text.slice(start, end < 0 ? text.length : end)
  const before = widthOf(escapeText(line.slice(0, position - start)))
  const under = widthOf(escapeText(line.slice(position - start, position - start + length)))
  const paint = paintFor(world.stderr, world.env)
  world.stderr.write(
    `  ${escapeText(line)}\n  ${" ".repeat(before)}${paint.red("^".repeat(Math.max(1, under)))}\n`,
  )
}

/** Rows; one with `_partial` says that limits cut the answer, and why. */
type AnswerRows = AsyncIterable<Row>

async function openAnswer(text: string, options: Options, world: World): Promise<AnswerRows> {
  if (typeof options.dir === "string") {
    if (options.server !== undefined) throw new Refusal("usage", "--dir goes without --server")
    return askDirectory(resolve(world.cwd, options.dir), text, world)
  }
  const configured = async () => serverUrlOf((await loadConfig({}, world)).config).href
  const server = typeof options.server === "string" ? options.server : await configured()
  return queryRemote(await openRemote(server, options, world), text)
}

async function* askDirectory(dir: string, text: string, world: World): AsyncGenerator<Row> {
  const search = await openLocalSearch(dir)
  try {
    const request = { text, now: world.clock(), rowsMax: ROWS_MAX + 1, timeoutMs: TIMEOUT_MS }
    for await (const message of search.query(request, world.stop)) {
      if (message.kind === "rows") yield* message.rows
      else if (message.partial !== undefined) yield { _partial: message.partial }
    }
  } finally {
    await search.close()
  }
}

type Shown = { readonly partial: string | undefined }

async function showLines(answer: AnswerRows, { rows, limited }: Question, world: World): Promise<Shown> {
  let count = 0
  for await (const row of answer) {
    if (row._partial !== undefined) return { partial: row._partial }
    if (count++ >= rows) return { partial: limited ? undefined : `more than ${rows} rows` }
    if (!world.stdout.write(`${JSON.stringify(row)}\n`)) await world.stdout.drained()
  }
  return { partial: undefined }
}

async function showTable(answer: AnswerRows, { rows, limited }: Question, world: World): Promise<Shown> {
  const kept: Row[] = []
  let partial: string | undefined
  for await (const row of answer) {
    if (row._partial === undefined) kept.push(row)
    else partial = row._partial
  }
  const shown = kept.slice(0, rows)
  if (shown.length === 0) world.stderr.write("no rows\n")
  else
    world.stdout.write(resultTable(shown, world.stdout.columns > 0 ? world.stdout.columns : COLUMNS_DEFAULT))
  if (kept.length > rows && !limited) world.stderr.write(`the newest ${rows} rows; --limit shows more\n`)
  return { partial }
}

function tellPartial(partial: string, world: World): ExitCode {
  const paint = paintFor(world.stderr, world.env)
  world.stderr.write(`${paint.yellow("tallystick:")} this answer is partial: ${escapeText(partial)}\n`)
  return EXIT.unable
}
