import { Refusal } from "../../base/refusal.ts"
import { formatQuery } from "../print.ts"
import { quote } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { newRow, type Row } from "../row.ts"
import type { Pipe, Query } from "../tree.ts"
import { checkListLength, readField } from "./read.ts"

/** Rows from elsewhere: another query's, once it was answered, or some that are written down. */
export type RowsSource = {
  readonly text: string
  readonly query?: Query
  readonly rows?: readonly Row[]
}

/** `(query)` or `rows({a="1",b="2"}, {"a":"3"})`. */
export function readRowsSource(reader: Reader): RowsSource {
  if (reader.is("rows") && reader.peek(1).raw === "(") return readRows(reader)
  reader.expect("(", "before a query")
  const query = reader.nested(() => reader.grammar.query(reader))
  reader.expect(")", "after a query")
  return { query, text: `(${formatQuery(query)})` }
}

export function printRowsSource({ text }: RowsSource): string {
  return text
}

/** What a pipe says of its source while the rows are not there. */
export function needingRows(
  source: RowsSource,
  answered: (source: RowsSource) => Pipe,
): Pick<Pipe, "query" | "withRows"> {
  const { query, rows } = source
  if (query === undefined || rows !== undefined) return {}
  return { query, withRows: (found) => answered({ ...source, rows: found }) }
}

export function rowsIn({ rows, text }: RowsSource): readonly Row[] {
  if (rows !== undefined) return rows
  throw new Refusal("query.unsupported", `the query inside cannot be run in this place: ${text.slice(0, 80)}`)
}

function readRows(reader: Reader): RowsSource {
  reader.next()
  reader.next()
  const rows: Row[] = []
  while (!reader.is(")")) {
    rows.push(readRow(reader))
    checkListLength(reader, rows.length)
    if (!reader.skip(",") && !reader.is(")")) throw reader.refuse(`expected "," or ")" after a row`)
  }
  reader.next()
  return { rows, text: `rows(${rows.map(printRow).join(",")})` }
}

function readRow(reader: Reader): Row {
  reader.expect("{", "before a row")
  const row = newRow()
  while (!reader.is("}")) {
    const name = readName(reader)
    if (!reader.skip("=", ":")) throw reader.refuse(`expected "=" after a field's name`)
    row[name] = reader.next().text
    if (!reader.skip(",") && !reader.is("}")) throw reader.refuse(`expected "," or "}" after a field`)
  }
  reader.next()
  return row
}

function readName(reader: Reader): string {
  if (reader.token.quoted) return reader.next().text
  if (/^[^\p{L}\p{N}_]/u.test(reader.token.text) || reader.atEnd) return readField(reader)
  return reader.next().text
}

function printRow(row: Row): string {
  return `{${Object.keys(row)
    .map((name) => `${quote(name)}:${quote(row[name] ?? "")}`)
    .join(",")}}`
}
