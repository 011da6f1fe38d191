import { escapeUnseen } from "../base/unseen.ts"
import type { Row } from "../query/row.ts"

/** A row as one line that says the same when it is read, and nothing when it is printed. */
export function jsonLine(row: Row): string {
  return `${escapeUnseen(JSON.stringify(row))}\n`
}

export function jsonLines(rows: readonly Row[]): string {
  return rows.map(jsonLine).join("")
}
