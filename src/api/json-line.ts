import type { Row } from "../query/row.ts"

/** What JSON leaves as it is although a terminal, or an eye, obeys it: C1 controls, line separators, changes of direction. */
const OBEYED = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g

/** A row as one line that says the same when it is read, and nothing when it is printed. */
export function jsonLine(row: Row): string {
  return `${JSON.stringify(row).replace(OBEYED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`
}

export function jsonLines(rows: readonly Row[]): string {
  return rows.map(jsonLine).join("")
}
