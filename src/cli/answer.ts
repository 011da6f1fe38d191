import { resolve } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Row } from "../query/row.ts"
import { SERVER_VARIABLE } from "./client-variables.ts"
import { EXIT, type ExitCode, type Option, type Options, type World } from "./command.ts"
import { loadConfig } from "./config-load.ts"
import { serverUrlOf } from "./config-paths.ts"
import { queryLocal } from "./query-local.ts"
import { fieldNamesRemote, openRemote, queryRemote, REMOTE_FLAGS, type Remote } from "./remote.ts"
import { escapeText, paintFor } from "./terminal.ts"

/** Rows held or printed of one answer; more is told as partial. */
export const ROWS_MAX = 1_000_000

/** Whom to ask. */
export const ANSWER_FLAGS: readonly Option[] = [
  {
    flags: "--server <url>",
    description: `server to ask (default: ${SERVER_VARIABLE}, or the one that the configuration describes)`,
  },
  ...REMOTE_FLAGS,
  {
    flags: "-c, --config <file>",
    description: "configuration of the server to ask (default: ./tallystick.yaml where there is one)",
  },
  {
    flags: "--dir <dir>",
    description: "read this ledger's directory instead of asking a server; one may be running on it",
  },
]

/** Rows; one with `_partial` says that limits cut the answer, and why. */
export type Answer = AsyncIterable<Row>

/** Where the answer comes from: a directory or a server give the same. */
export type Asked =
  | { readonly kind: "dir"; readonly dir: string }
  | { readonly kind: "remote"; readonly remote: Remote }

export async function whomToAsk(options: Options, world: World): Promise<Asked> {
  if (typeof options.dir === "string") {
    if (options.server !== undefined) throw new Refusal("usage", "--dir goes without --server")
    return { kind: "dir", dir: resolve(world.cwd, options.dir) }
  }
  const { config } = options
  const configured = async () => serverUrlOf((await loadConfig({ config }, world)).config).href
  const server = options.server ?? world.env[SERVER_VARIABLE]
  const url = typeof server === "string" ? server : await configured()
  return { kind: "remote", remote: await openRemote(url, options, world) }
}

export function ask(asked: Asked, text: string, world: World): Answer {
  return asked.kind === "dir"
    ? queryLocal(asked.dir, text, world, ROWS_MAX + 1)
    : queryRemote(asked.remote, text)
}

/**
 * Names of the fields that rows of a query have: columns are counted, bodies looked into for the newest rows only, and that is
 * told as partial. `| field_names` reads every body: with 100,000 events that takes a minute instead of half a second.
 */
export function askFieldNames(asked: Asked, text: string, world: World): Answer {
  return asked.kind === "dir"
    ? queryLocal(asked.dir, text, world, ROWS_MAX + 1, { kind: "fieldNames" })
    : fieldNamesRemote(asked.remote, text)
}

export type Collected = {
  readonly rows: readonly Row[]
  /** There are more than were collected. */
  readonly more: boolean
  readonly partial: string | undefined
}

/** Rows of an answer, `rowsMax` at most. It is read to its end: there it says whether it is whole. */
export async function collect(answer: Answer, rowsMax: number): Promise<Collected> {
  const rows: Row[] = []
  let more = false
  for await (const row of answer) {
    if (row._partial !== undefined) return { rows, more, partial: row._partial }
    if (rows.length < rowsMax) rows.push(row)
    else more = true
  }
  return { rows, more, partial: undefined }
}

/** Says on standard error that an answer is partial. An answer nobody can rely on is not a success: exit 2. */
export function exitFor(partial: string | undefined, world: World): ExitCode {
  if (partial === undefined) return EXIT.fine
  const paint = paintFor(world.stderr, world.env)
  world.stderr.write(`${paint.yellow("tallystick:")} this answer is partial: ${escapeText(partial)}\n`)
  return EXIT.unable
}
