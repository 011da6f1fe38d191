import { findField } from "../event/fields.ts"
import { newRow, type Row } from "../query/row.ts"
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
export function resultTable(rows: readonly Row[], width: number, world: World, titles = fullName): string {
  const all = columnsOf(rows)
  const short = rows.map(withShortTimes)
  if (!isOverview(all)) return tableOf(short, { names: all, width, titles }, world)
  const names = OVERVIEW.filter(
    (name) => all.includes(name) && (name !== "actor.kind" || width >= ACTOR_COLUMNS_MIN),
  )
  return table(
    short,
    names.map((name) => columnOf(name, short, SHORT[name] ?? name)),
    width,
    paintOutcome(world),
  )
}

/** Nothing cut, whole times, and more columns where rows are whole records. */
export function wideTable(rows: readonly Row[], world: World, titles = fullName): string {
  const all = columnsOf(rows)
  const names = isOverview(all) ? WIDE_OVERVIEW.filter((name) => all.includes(name)) : all
  return tableOf(rows, { names, width: Number.POSITIVE_INFINITY, titles }, world)
}

function fullName(field: string): string {
  return field
}

function withShortTimes(row: Row): Row {
  const short = newRow(row)
  for (const name of Object.keys(row)) short[name] = shortTime(row[name] ?? "")
  return short
}

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z$/
const SHORT_TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$/

/** `2026-11-20T18:24:18.139716Z` to the second, as people read it; other text as it is. */
export function shortTime(text: string): string {
  return TIME.test(text) ? text.slice(0, 19).replace("T", " ") : text
}

function isOverview(all: readonly string[]): boolean {
  return all.length > COLUMNS_MAX && all.includes("_msg")
}

/**
 * Names of all rows, in the order the rows have them: a name that only later rows have stands behind the one that it follows
 * there.
 */
export function columnsOf(rows: readonly Row[]): readonly string[] {
  const all: string[] = []
  for (const row of rows) {
    let before = -1
    for (const name of Object.keys(row)) {
      const at = all.indexOf(name)
      if (at < 0) all.splice(before + 1, 0, name)
      before = at < 0 ? before + 1 : at
    }
  }
  return all
}

type Layout = {
  readonly names: readonly string[]
  readonly width: number
  readonly titles: (field: string) => string
}

function tableOf(rows: readonly Row[], { names, width, titles }: Layout, world: World): string {
  const columns = names.map((name) => columnOf(name, rows, titles(name)))
  return table(rows, columns, width, paintOutcome(world)) + trustNote(names)
}

function columnOf(name: string, rows: readonly Row[], title: string): Column {
  const values = rows.map((row) => row[name] ?? "")
  const isTime = values.every((value) => value === "" || SHORT_TIME.test(value) || TIME.test(value))
  const isNumber = values.every((value) => /^-?[0-9]*(\.[0-9]+)?$/.test(value))
  return {
    name,
    title: titleOf(name, title),
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
