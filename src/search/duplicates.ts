import type { Plan } from "../query/plan.ts"
import { andSql, notSql, orSql, type Sql, sql, TRUE, trusted } from "../query/sql.ts"
import { MICROS_LAST } from "../query/time.ts"
import type { Duckdb } from "../store/duckdb.ts"
import type { Holding } from "./holding.ts"
import { bySource, numbers, recordsOf, runSql } from "./read.ts"
import { allSources, batches, coverage, relationOf, type Snapshot, type Source } from "./snapshot.ts"

/**
 * Which deliveries a query does not show (design §5): a record is hidden when the record it repeats is itself in the result,
 * that is, matches the query's filter and time bounds. What pipes, limits and paging do later changes nothing: they work on
 * the result without the repetitions.
 *
 * - Where the filter looks at the event alone, both deliveries match or neither does: they have the same body and the same
 *   cluster. The record is hidden when the one it repeats is there at all. It may not be: its range was purged, or lies in a
 *   segment that is lost. An event without a time of its own has that of its delivery as `_time`, so one delivery may lie
 *   within the query's time and the other not: where there are bounds, such an event is shown each time.
 * - Where the filter looks at the delivery (`source`, `kind`, `record`, `words`, `raw`, `apiVersion`, …), one may match and
 *   the other not: `source:="a"` shows what came from `a`, also when it came from `b` first. So the records that matching
 *   ones repeat are looked up, and a repetition is hidden when that record was found to match.
 *
 * `duplicateOf` always names the first delivery, never one that is itself a repetition.
 */
export async function hideDuplicates(
  plan: Plan,
  snapshot: Snapshot,
  sources: readonly Source[],
  { db, repetitions }: { readonly db: Duckdb; readonly repetitions: Holding },
  stop: AbortSignal,
): Promise<Sql> {
  // Most segments hold none, and a table says whether it does: then nothing has to be hidden.
  const holding = await repetitions.among(sources, stop)
  if (!holding.some(({ segment, repeats }) => segment !== undefined || repeats === true)) return TRUE
  if (plan.sameForDuplicates) return hideWhereCovered(snapshot, isBounded(plan.bounds))
  const repeated = await repeatedRecords(plan, sources, db, stop)
  if (repeated.length === 0) return TRUE
  const shown = await matchingRecords(plan, snapshot, repeated, db, stop)
  if (shown.length === 0) return TRUE
  return sql`("duplicateOf" IS NULL OR "duplicateOf" NOT IN ${numbers(shown)})`
}

function isBounded({ first, last }: Plan["bounds"]): boolean {
  return first > -MICROS_LAST || last < MICROS_LAST
}

function hideWhereCovered(snapshot: Snapshot, bounded: boolean): Sql {
  const ranges = coverage(snapshot)
  const first = trusted('"duplicateOf" IS NULL')
  const isNew = bounded ? orSql([first, trusted('"_time" = "receivedAt"')]) : first
  if (ranges.length === 1 && ranges[0]?.[0] === 0) return isNew
  const there = orSql(ranges.map(([first, last]) => sql`"duplicateOf" BETWEEN ${first} AND ${last}`))
  return orSql([isNew, notSql(there)])
}

/** Of a record that repeats another. */
export const REPEATS = trusted('"duplicateOf" IS NOT NULL')

/** Originals looked up in one statement. */
const LOOKUP_MAX = 20_000

/** What matching records repeat. Row groups without any repetition are passed over by their statistics. */
async function repeatedRecords(
  plan: Plan,
  sources: readonly Source[],
  db: Duckdb,
  stop: AbortSignal,
): Promise<readonly number[]> {
  const found = new Set<number>()
  for (const batch of batches(sources)) {
    const where = andSql([REPEATS, plan.where])
    const rows = await runSql(
      db,
      sql`SELECT DISTINCT "duplicateOf" FROM ${relationOf(batch, where)} WHERE ${where}`,
      stop,
    )
    for (const record of recordsOf(rows)) found.add(record)
  }
  return [...found].sort((a, b) => a - b)
}

async function matchingRecords(
  plan: Plan,
  snapshot: Snapshot,
  records: readonly number[],
  db: Duckdb,
  stop: AbortSignal,
): Promise<readonly number[]> {
  const matching: number[] = []
  for (const [source, inside] of bySource(allSources(snapshot), records)) {
    for (let at = 0; at < inside.length; at += LOOKUP_MAX) {
      const where = andSql([sql`"record" IN ${numbers(inside.slice(at, at + LOOKUP_MAX))}`, plan.where])
      const rows = await runSql(
        db,
        sql`SELECT "record" FROM ${relationOf([source], where)} WHERE ${where}`,
        stop,
      )
      matching.push(...recordsOf(rows))
    }
  }
  return matching
}
