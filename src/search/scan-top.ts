import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import type { RowsRead } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { sql } from "../query/sql.ts"
import { partsAsRead } from "./lots.ts"
import type { Part } from "./parts.ts"
import { readingOf, recordsOf } from "./read.ts"
import { byTime, type Scan } from "./scan.ts"
import { fetchRows } from "./scan-all.ts"
import type { Source } from "./snapshot.ts"

export type Top = NonNullable<RowsRead["top"]>

/** The first rows by `_time`: stops as soon as no other source can hold an earlier one in this order. */
export async function* scanTop(read: RowsRead, top: Top, scan: Scan): AsyncGenerator<readonly Row[]> {
  if (top.rows === 0) return
  const found = yield* findTop(top, scan)
  yield* fetchRows(found, readingOf(read.fields, scan.columns), scan)
}

type Place = { readonly record: number; readonly time: Micros }

/** Records in the order that was asked for, and where they are. */
type Found = { readonly records: readonly number[]; readonly sources: readonly Source[] }

async function* findTop({ rows: most, descending }: Top, scan: Scan): AsyncGenerator<readonly Row[], Found> {
  const { statements, progress } = scan
  const best: Place[] = []
  const looked: Source[] = []
  const ahead = (a: Place, b: Place) => (a.time - b.time || a.record - b.record) * (descending ? -1 : 1)
  const order = byTime(descending ? "DESC" : "ASC")
  const ordered = descending
    ? scan.sources
    : scan.sources.toSorted((a, b) => a.timeMin - b.timeMin || a.first - b.first)
  try {
    progress.begin(ordered.length)
    for await (const part of partsAsRead(ordered, scan.choose, { startRows: 1 })) {
      yield* progress.told()
      const worst = best.length < most ? undefined : best.at(-1)?.time
      if (worst !== undefined && isBehind(part, worst, descending)) break
      looked.push(...part.sources)
      const rows = await statements.over(
        part.sources,
        (relation) =>
          sql`SELECT "record", epoch_us("_time") FROM ${relation} WHERE ${part.where} ${order} LIMIT ${most}`,
      )
      const [records, times] = [await recordsOf(rows), await recordsOf(rows, 1)]
      records.forEach((record, i) => {
        best.push({ record, time: times[i] ?? 0 })
      })
      best.sort(ahead).splice(most)
      progress.step(part.sources.length)
    }
  } catch (error) {
    // What was found so far is worth showing, with the mark.
    if (statements.stop.aborted || !isRefusal(error, "store.memory")) throw error
    scan.cut("memory: the query needs more than it may have")
  }
  return { records: best.map(({ record }) => record), sources: looked }
}

/** Whether none of the part's records can come before a record of this time. */
function isBehind({ sources }: Part, time: Micros, descending: boolean): boolean {
  return descending
    ? Math.max(...sources.map((source) => source.timeMax)) < time
    : Math.min(...sources.map((source) => source.timeMin)) > time
}
