import { createReadStream } from "node:fs"
import { type FileHandle, open, rm } from "node:fs/promises"
import { join } from "node:path"
import { Refusal } from "../base/refusal.ts"
import type { Row } from "../query/row.ts"
import { ident } from "../store/columns.ts"
import { type Duckdb, quote } from "../store/duckdb.ts"
import { csvLine, csvRow } from "./csv.ts"
import type { Ending, FileFormat } from "./message.ts"

export type Exporting = {
  readonly format: FileFormat
  readonly db: Duckdb
  /** Rows wait here until all columns are known. */
  readonly tempDir: string
  /** Bytes of them; what is more is cut, with a mark. */
  readonly bytesMax: number
}

/** Different names in all rows: bodies choose them. A table this wide is nothing anybody opens. */
const COLUMNS_MAX = 2_000
/** One row of an answer as JSON: bodies are at most half of it. */
const ROW_BYTES_MAX = 64 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

let exports = 0

/**
 * Rows as one CSV or Parquet file. Which columns there are is known at the end of the rows, so they wait on disk: memory does
 * not grow with the answer, and that it was cut is known before its first byte. First comes what would be the end of the
 * answer, then bytes. Columns stand in the order of the pipes, or by name; all of them are text, as everywhere.
 */
export async function* exportRows(
  rows: AsyncGenerator<readonly Row[], Ending>,
  exporting: Exporting,
  stop: AbortSignal,
): AsyncGenerator<Ending | Uint8Array, Ending> {
  const { format, tempDir } = exporting
  const path = join(tempDir, `export-${process.pid}-${++exports}`)
  try {
    const { ending, columns } = await spool(rows, path, exporting)
    yield ending
    if (format === "csv") yield* csvBytes(path, columns)
    else yield* parquetBytes(path, columns, exporting, stop)
    return ending
  } finally {
    await rm(path, { force: true })
    await rm(parquetPath(path), { force: true })
  }
}

async function spool(
  rows: AsyncGenerator<readonly Row[], Ending>,
  path: string,
  { bytesMax }: Exporting,
): Promise<{ readonly ending: Ending; readonly columns: readonly string[] }> {
  const columns = new Set<string>()
  const file = await open(path, "wx", 0o600)
  let [bytes, count] = [0, 0]
  let first: Row | undefined
  try {
    for (;;) {
      const { done, value } = await rows.next()
      if (done === true) return { ending: value, columns: inOrder([...columns], first) }
      first ??= value[0]
      for (const row of value) for (const name of Object.keys(row)) columns.add(name)
      if (columns.size > COLUMNS_MAX) {
        throw new Refusal("query.tooLarge", `more than ${COLUMNS_MAX} columns; choose some with | fields …`)
      }
      bytes += await write(file, value)
      count += value.length
      if (bytes > bytesMax) {
        const ending = { rows: count, partial: `bytes: more than ${bytesMax}` }
        return { ending, columns: inOrder([...columns], first) }
      }
    }
  } finally {
    await rows.return({ rows: count })
    await file.close()
  }
}

/** Rows whose fields come by name have columns by name, whichever row brought them; others as the pipes have them. */
function inOrder(columns: readonly string[], first: Row | undefined): readonly string[] {
  const names = Object.keys(first ?? {})
  const byName = names.every((name, i) => i === 0 || (names[i - 1] ?? "") < name)
  return byName ? columns.toSorted() : columns
}

async function write(file: FileHandle, rows: readonly Row[]): Promise<number> {
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
  await file.writeFile(bytes)
  return bytes.length
}

async function* csvBytes(path: string, columns: readonly string[]): AsyncGenerator<Uint8Array> {
  let text = csvLine(columns)
  for await (const line of spooledLines(path)) {
    text += csvRow(JSON.parse(line) as Row, columns)
    if (text.length < CHUNK_BYTES) continue
    yield Buffer.from(text)
    text = ""
  }
  yield Buffer.from(text)
}

/** Lines that end with LF alone: node:readline takes U+2028 for an end, and that stands in events. */
async function* spooledLines(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString()
      rest = []
      start = end + 1
    }
    rest.push(chunk.subarray(start))
  }
}

const LF = 0x0a

function parquetPath(path: string): string {
  return `${path}.parquet`
}

async function* parquetBytes(
  path: string,
  columns: readonly string[],
  { db }: Exporting,
  stop: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // A table has a column, also when it has no row.
  const names = columns.length === 0 ? ["_time"] : columns
  const types = names.map((name) => `${quote(name)}: 'VARCHAR'`).join(", ")
  const read = `read_json(${quote(path)}, format = 'newline_delimited', columns = {${types}},
    maximum_object_size = ${ROW_BYTES_MAX})`
  const select = `SELECT ${names.map(ident).join(", ")} FROM ${read}`
  await db.query(
    `COPY (${select}) TO ${quote(parquetPath(path))} (FORMAT parquet, COMPRESSION zstd)`,
    [],
    stop,
  )
  for await (const chunk of createReadStream(parquetPath(path), { highWaterMark: CHUNK_BYTES })) {
    yield chunk as Buffer
  }
}
