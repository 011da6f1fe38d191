import { findField } from "../event/fields.ts"
import type { Row } from "../query/row.ts"
import { type Column, table } from "./terminal.ts"

/** Rows with more fields than this are shown as a few columns; `| fields …` chooses others. */
const COLUMNS_MAX = 12
const OVERVIEW = ["_time", "actor.kind", "responseStatus.code", "_msg"]
const SHORT: Readonly<Record<string, string>> = { "actor.kind": "actor", "responseStatus.code": "code" }
const MARK = "~"
const FOOTNOTE = `${MARK} chosen by the client, in whole or in part: not evidence of who or what it names\n`

/**
 * Rows of a query for eyes. What a client chose is marked in its title (the field catalogue says who writes what), and
 * whatever steers a terminal is written out.
 */
export function resultTable(rows: readonly Row[], width: number): string {
  const all = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const names =
    all.length > COLUMNS_MAX && all.includes("_msg") ? OVERVIEW.filter((name) => all.includes(name)) : all
  const columns = names.map((name) => columnOf(name, names === all ? name : (SHORT[name] ?? name), rows))
  const marked = names.some(isClients)
  return table(rows, columns, width) + (marked ? FOOTNOTE : "")
}

function columnOf(name: string, plain: string, rows: readonly Row[]): Column {
  const title = isClients(name) ? `${MARK}${plain}` : plain
  const isTime = findField(name)?.type === "time"
  const values = rows.map((row) => row[name] ?? "")
  const isNumber = values.every((value) => /^-?[0-9]*(\.[0-9]+)?$/.test(value))
  return {
    name,
    title,
    ...(isNumber ? { align: "right" } : {}),
    ...(isTime || isNumber ? { whole: true } : {}),
  }
}

/** Bodies are the client's too; what stands in no event (counts, say) is not. */
function isClients(name: string): boolean {
  const trust =
    findField(name)?.trust ??
    (/^(requestObject|responseObject|annotations|raw)\b/.test(name) ? "client" : "ledger")
  return trust === "client" || trust === "mixed"
}
