import { findField } from "../event/fields.ts"
import type { Row } from "../query/row.ts"
import type { World } from "./command.ts"
import { paintOutcome } from "./outcome.ts"
import { type Column, table } from "./terminal.ts"

/** Rows with more fields than this are shown as a few columns; `| fields …` chooses others. */
const COLUMNS_MAX = 12
const OVERVIEW = ["_time", "responseStatus.code", "actor.kind", "_msg"]
/** Narrower terminals need the room for the sentence. */
const ACTOR_COLUMNS_MIN = 100
const WIDE_OVERVIEW = [
  ...[
    "_time",
    "source",
    "record",
    "stage",
    "actor.kind",
    "user.username",
    "impersonatedUser.username",
    "verb",
  ],
  ...["objectRef.resource", "objectRef.subresource", "objectRef.namespace", "objectRef.name"],
  ...["responseStatus.code", "sourceIPs", "userAgent", "_msg"],
]
const SHORT: Readonly<Record<string, string>> = {
  _time: "time (UTC)",
  "actor.kind": "actor",
  "responseStatus.code": "code",
  _msg: "what happened",
}
const MARK = "~"
const FOOTNOTE = `${MARK} chosen by the client, in whole or in part: no proof of what it names\n`

/**
 * Rows of a query for eyes. What a client chose is marked in its title (the field catalogue says who writes what), and
 * whatever steers a terminal is written out.
 */
export function resultTable(rows: readonly Row[], width: number, world: World): string {
  const all = fieldsOf(rows)
  if (!isOverview(all)) return tableOf(rows, all, width, world)
  const names = OVERVIEW.filter(
    (name) => all.includes(name) && (name !== "actor.kind" || width >= ACTOR_COLUMNS_MIN),
  )
  const short = rows.map((row) => ({
    ...row,
    ...(row._time === undefined ? {} : { _time: shortTime(row._time) }),
  }))
  return table(
    short,
    names.map((name) => ({ ...columnOf(name, short), title: titleOf(name, SHORT[name] ?? name) })),
    width,
    paintOutcome(world),
  )
}

/** Nothing cut, whole times, and more columns where rows are whole records. */
export function wideTable(rows: readonly Row[], world: World): string {
  const all = fieldsOf(rows)
  const names = isOverview(all) ? WIDE_OVERVIEW.filter((name) => all.includes(name)) : all
  return tableOf(rows, names, Number.POSITIVE_INFINITY, world)
}

/** `2026-11-20T18:24:18.139716Z` to the second, as people read it. */
export function shortTime(time: string): string {
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}T/.test(time) ? time.slice(0, 19).replace("T", " ") : time
}

function fieldsOf(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
}

function isOverview(all: readonly string[]): boolean {
  return all.length > COLUMNS_MAX && all.includes("_msg")
}

function tableOf(rows: readonly Row[], names: readonly string[], width: number, world: World): string {
  const columns = names.map((name) => columnOf(name, rows))
  return table(rows, columns, width, paintOutcome(world)) + trustNote(names)
}

function columnOf(name: string, rows: readonly Row[]): Column {
  const isTime = findField(name)?.type === "time"
  const values = rows.map((row) => row[name] ?? "")
  const isNumber = values.every((value) => /^-?[0-9]*(\.[0-9]+)?$/.test(value))
  return {
    name,
    title: titleOf(name, name),
    ...(isNumber ? { align: "right" } : {}),
    ...(isTime || isNumber ? { whole: true } : {}),
  }
}

/** The title of a field's column, marked where a client wrote its values. */
export function titleOf(name: string, plain: string): string {
  return isClients(name) ? `${MARK}${plain}` : plain
}

/** What the mark means, where a column has it. */
export function trustNote(names: readonly string[]): string {
  return names.some(isClients) ? FOOTNOTE : ""
}

/** Bodies are the client's too; what stands in no event (counts, say) is not. */
function isClients(name: string): boolean {
  const trust =
    findField(name)?.trust ??
    (/^(requestObject|responseObject|annotations|raw)\b/.test(name) ? "client" : "ledger")
  return trust === "client" || trust === "mixed"
}
