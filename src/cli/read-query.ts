import { isRefusal, Refusal } from "../base/refusal.ts"
import { understandQuery } from "../query/habits/index.ts"
import { parsePipes } from "../query/parse.ts"
import { formatQuery } from "../query/print.ts"
import { andFilters } from "../query/simplify.ts"
import type { Query } from "../query/tree.ts"
import type { Option, Options, World } from "./command.ts"
import { escapeText, paintFor, widthOf } from "./terminal.ts"
import { readTimeFlags, timeFilter } from "./time-flags.ts"

/** What is asked about where nobody says what: the ledger's own records are left out. */
export const EVENTS = "kind:=k8s.audit"

export const COMPAT_FLAG: Option = {
  flags: "--compat <language>",
  description: "logql: correct what is written as LogQL, Splunk, KQL or SQL has it, and ask that",
  values: ["logql"],
}

/** Reads a query here, so that a mistake is shown in its place before anybody is asked. */
export function readQuery(text: string, { compat }: Options, world: World): Query {
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

/** The query with the bounds of the time flags before it and more pipes behind it: what is asked of a directory or a server. */
export function withFlags(query: Query, pipes: string, options: Options, world: World): string {
  return formatQuery({
    filter: andFilters([timeFilter(readTimeFlags(options, world.clock())), query.filter]),
    pipes: [...query.pipes, ...(pipes === "" ? [] : parsePipes(pipes))],
    options: query.options,
  })
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
