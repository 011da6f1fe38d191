import { compareRows, TopRows } from "../query/order.ts"
import type { RowsRead } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { joinSql, sql, trusted } from "../query/sql.ts"
import { partsOf } from "./parts.ts"
import { chunksOf, readingOf, rowsOf } from "./read.ts"
import type { Scan } from "./scan.ts"
import { fetchRows } from "./scan-all.ts"
import { readsBodies } from "./statements.ts"

export type Sorted = NonNullable<RowsRead["sorted"]>

/** A name no field has, for the record's number beside its sort keys. */
const RECORD = "\0record"

/** The first rows by other fields: the keys of all that match, then the rest of those that are wanted. */
export async function* scanSorted(
  read: RowsRead,
  sorted: Sorted,
  scan: Scan,
): AsyncGenerator<readonly Row[]> {
  const { statements, progress } = scan
  const names = new Set(sorted.by.map((key) => key.field))
  const reading = readingOf({ kind: "some", names, prefixes: [] }, scan.columns)
  const select = joinSql([trusted('"record"'), ...reading.select], ", ")
  const top = new TopRows((a, b) => compareRows(a, b, sorted.by), sorted.rows)
  progress.begin(scan.sources.length)
  yield* progress.told()
  const lot = await scan.choose(scan.sources)
  const parts = partsOf(lot.sources, lot.where, { bodies: readsBodies(select) })
  const answers = statements.each(parts, async ({ sources, where }, stop) => {
    const rows = await statements.over(
      sources,
      (relation) => sql`SELECT ${select} FROM ${relation} WHERE ${where}`,
      { stop },
    )
    return { rows, count: sources.length }
  })
  for await (const { rows, count } of answers) {
    for await (const chunk of chunksOf(rows)) {
      const records = chunk.column(0)
      let i = 0
      for (const row of rowsOf(chunk, reading, 1)) {
        row[RECORD] = String(records.integer(i++))
        top.add(row)
      }
    }
    progress.step(count)
    yield* progress.told()
  }
  const records = top.sorted().map((row) => Number(row[RECORD]))
  yield* fetchRows({ sources: lot.sources, records }, readingOf(read.fields, scan.columns), scan)
}
