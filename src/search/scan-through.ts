import type { RowsRead } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { joinSql, type Sql, sql, trusted } from "../query/sql.ts"
import { RUN_RECORDS } from "../store/alike.ts"
import { chunksOf, readingOf, rowsOf } from "./read.ts"
import { type Scan, type TakeBody, takeRow } from "./scan.ts"
import type { Source } from "./snapshot.ts"

/**
 * Records read by the first statement, and by any; those that do not match are passed over. Segments hold this many records
 * together: a statement over parts of two of them unpacks both.
 */
const PIECE_ROWS_FIRST = 4_096
const PIECE_ROWS_MAX = RUN_RECORDS
/** Characters of one statement's rows, all of which are in memory at once. */
const PIECE_CHARS = 32 * 1024 * 1024

/**
 * Everything that matches, bodies included, in whatever order it is found fastest: for readers of all traffic, whose sums do
 * not depend on it. Each statement reads a range of records, as long as what came before lets one expect to fit, so that a
 * body is unpacked about once; fetching the records of a list unpacks their neighbours with every list.
 */
export async function* scanThrough(read: RowsRead, scan: Scan): AsyncGenerator<readonly Row[]> {
  scan.progress.begin(scan.sources.length)
  yield* scan.progress.told()
  const { sources, where } = await scan.choose(scan.sources)
  let size = PIECE_ROWS_FIRST
  for (const source of sources) {
    for (let from = source.first; from <= source.last; ) {
      const together = PIECE_ROWS_MAX - ((from - source.first) % PIECE_ROWS_MAX)
      const to = Math.min(source.last, from + Math.min(size, together) - 1)
      const piece = { source, where: where(source), from, to }
      const { bodies } = scan
      const chars =
        bodies === undefined ? yield* readPiece(read, piece, scan) : yield* readBodies(piece, bodies, scan)
      if (chars === undefined) return
      const fitting = Math.floor((PIECE_CHARS * (to - from + 1)) / Math.max(1, chars))
      size = Math.max(1, Math.min(PIECE_ROWS_MAX, size * 8, fitting))
      from = to + 1
    }
    scan.progress.step(1)
    yield* scan.progress.told()
  }
}

/** A text of a megabyte has to be made, taken apart and made into bytes again; the engine has the bytes. */
const BODY = trusted(`CASE "rawEncoding" WHEN 'base64' THEN from_base64("raw") ELSE encode("raw") END`)

/** Bytes of the bodies. An empty piece of the answer follows them: they were given, and must not be again. */
async function* readBodies(
  { source, where, from, to }: Piece,
  take: TakeBody,
  scan: Scan,
): AsyncGenerator<readonly Row[], number> {
  const range = trusted(`"record" BETWEEN ${from} AND ${to}`)
  const result = await scan.statements.over(
    [source],
    (relation) => sql`SELECT ${BODY} FROM ${relation} WHERE ${range} AND ${where}`,
    { rowsMax: to - from + 1 },
  )
  let read = 0
  for await (const chunk of chunksOf(result)) {
    const column = chunk.column(0)
    for (let i = 0; i < chunk.count; i++) {
      const body = column.bytes(i)
      if (body === undefined) continue // erased
      read += body.length
      const wait = take(body)
      if (wait !== undefined) await wait
    }
    yield []
  }
  return read
}

type Piece = { readonly source: Source; readonly where: Sql; readonly from: number; readonly to: number }

/** Characters of the rows; undefined when nobody wants more. */
async function* readPiece(
  read: RowsRead,
  { source, where, from, to }: Piece,
  scan: Scan,
): AsyncGenerator<readonly Row[], number | undefined> {
  const reading = readingOf(read.fields, scan.columns)
  const select = joinSql(reading.select.length === 0 ? [trusted('"record"')] : reading.select, ", ")
  const range = trusted(`"record" BETWEEN ${from} AND ${to}`)
  const result = await scan.statements.over(
    [source],
    (relation) => sql`SELECT ${select} FROM ${relation} WHERE ${range} AND ${where}`,
    { rowsMax: to - from + 1 },
  )
  let chars = 0
  for await (const chunk of chunksOf(result)) {
    for (const row of rowsOf(chunk, reading, 0)) {
      for (const name of Object.keys(row)) chars += name.length + (row[name] ?? "").length
      if (!takeRow(scan, row)) return undefined
    }
    yield* scan.out.full()
  }
  return chars
}
