import { areLight, type RowsRead } from "../query/plan.ts"
import { newRow, type Row } from "../query/row.ts"
import { joinSql, sql, trusted } from "../query/sql.ts"
import type { Batch } from "../store/duckdb.ts"
import { partsAsRead } from "./lots.ts"
import { chunksOf, fetchRecords, type Reading, readingOf, recordsOf, rowsOf } from "./read.ts"
import { byTime, type Scan, takeRow } from "./scan.ts"
import type { Source } from "./snapshot.ts"
import { readsBodies } from "./statements.ts"

/** Rows of the first part: the tail or the newest file alone, so that first rows come soon. Parts grow from there. */
const FIRST_ROWS = 10_000
/** Rows that are fetched with their bodies before any are shown. */
const FIRST_FETCHED = 32

/** Everything that matches, newest sources first, or in the order of records. Bodies in a second step. */
export async function* scanAll(read: RowsRead, scan: Scan): AsyncGenerator<readonly Row[]> {
  const { statements, progress, out } = scan
  const reading = readingOf(read.fields, scan.columns)
  const isLight = areLight(read.fields, scan.columns)
  const isReceived = scan.walking?.order === "received"
  const inOrder = isReceived ? scan.sources.toSorted((a, b) => a.first - b.first) : scan.sources
  const order = isReceived ? trusted('ORDER BY "record"') : byTime("DESC")
  const wanted = isLight && reading.select.length > 0 ? reading.select : [trusted('"record"')]
  const select = joinSql(wanted, ", ")
  progress.begin(scan.sources.length)
  yield* progress.told()
  const sizes = { startRows: FIRST_ROWS, bodies: readsBodies(select) }
  const parts = partsAsRead(inOrder, scan.choose, sizes)
  const answers = statements.each(parts, async ({ sources, where }, stop) => {
    const rows = await statements.over(
      sources,
      (relation) => sql`SELECT ${select} FROM ${relation} WHERE ${where} ${order}`,
      { stop },
    )
    return { rows, sources }
  })
  let soon = FIRST_FETCHED
  for await (const { rows, sources } of answers) {
    if (!isLight) {
      const records = await recordsOf(rows)
      for (const some of [records.slice(0, soon), records.slice(soon)]) {
        const more = yield* fetchRows({ sources, records: some }, reading, scan)
        if (!more) return
      }
      if (records.length > 0) soon = 0
    } else {
      for await (const chunk of chunksOf(rows)) {
        for (const row of lightRows(chunk, reading)) {
          if (!takeRow(scan, row)) return
          yield* out.full()
        }
      }
    }
    progress.step(sources.length)
    yield* progress.told()
  }
}

function* lightRows(chunk: Batch, reading: Reading): Generator<Row> {
  if (reading.select.length > 0) yield* rowsOf(chunk, reading, 0)
  else for (let i = 0; i < chunk.count; i++) yield newRow()
}

/** Reads records that were found, and passes them on. Returns false when the pipes want no more rows. */
export async function* fetchRows(
  { sources, records }: { readonly sources: readonly Source[]; readonly records: readonly number[] },
  reading: Reading,
  scan: Scan,
): AsyncGenerator<readonly Row[], boolean> {
  for await (const rows of fetchRecords(sources, records, reading, scan.statements)) {
    for (const row of rows) if (!takeRow(scan, row)) return false
    yield* scan.out.full()
  }
  return true
}
