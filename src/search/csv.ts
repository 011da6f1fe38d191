import { escapeObeyed } from "../base/unseen.ts"
import type { Row } from "../query/row.ts"

/** The cells of one line (RFC 4180, UTF-8, LF), as they may be opened: in a spreadsheet or printed on a terminal. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(formatCell).join(",")}\n`
}

export function csvRow(row: Row, columns: readonly string[]): string {
  return csvLine(columns.map((column) => row[column] ?? ""))
}

/** What a spreadsheet takes for a formula at the beginning of a cell (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/
const NUMBER = /^[+-]?[0-9]+(\.[0-9]+)?$/
const QUOTED = /[",\n\t ]/

function formatCell(text: string): string {
  // An apostrophe makes a spreadsheet show the rest as it is.
  const plain = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text
  const shown = escapeObeyed(plain)
  return QUOTED.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown
}
