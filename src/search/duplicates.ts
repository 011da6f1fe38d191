import type { Plan } from "../query/plan.ts"
import { andSql, notSql, orSql, type Sql, sql, TRUE, trusted } from "../query/sql.ts"
import { MICROS_LAST } from "../query/time.ts"
import type { Holding } from "./holding.ts"
import type { Lot } from "./lots.ts"
import { type Part, partsOf } from "./parts.ts"
import { bySource, numbers, recordsOf } from "./read.ts"
import { allSources, coverage, type Snapshot, type Source, soundOf } from "./snapshot.ts"
import type { Statements } from "./statements.ts"

/**
 * Which deliveries a query does not show: a record is hidden when the record it repeats is itself in the result,
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
  { where, sources }: Lot,
  repetitions: Holding,
  statements: Statements,
): Promise<Hidden> {
  // Most segments hold none, and a table says whether it does: then nothing has to be hidden.
  const candidates = await repetitions.among(sources, statements.stop)
  const among = new Set(
    candidates.filter(({ segment, repeats }) => segment !== undefined || repeats === true),
  )
  if (among.size === 0) return { condition: TRUE, among }
  if (plan.sameForDuplicates) return { condition: hideWhereCovered(snapshot, isBounded(plan.bounds)), among }
  const repeated = await repeatedRecords(partsOf([...among], where), statements)
  const shown = repeated.length === 0 ? [] : await matchingRecords(plan, snapshot, repeated, statements)
  if (shown.length === 0) return { condition: TRUE, among }
  return { condition: sql`("duplicateOf" IS NULL OR "duplicateOf" NOT IN ${numbers(shown)})`, among }
}

/** A condition on records, and the sources that hold records of which it may not be true. */
export type Hidden = { readonly condition: Sql; readonly among: ReadonlySet<Source> }

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
async function repeatedRecords(parts: readonly Part[], statements: Statements): Promise<readonly number[]> {
  const found = new Set<number>()
  for (const part of parts) {
    const where = andSql([REPEATS, part.where])
    const rows = await statements.over(
      part.sources,
      (relation) => sql`SELECT DISTINCT "duplicateOf" FROM ${relation} WHERE ${where}`,
    )
    for (const record of await recordsOf(rows)) found.add(record)
  }
  return [...found].sort((a, b) => a - b)
}

async function matchingRecords(
  plan: Plan,
  snapshot: Snapshot,
  records: readonly number[],
  statements: Statements,
): Promise<readonly number[]> {
  const matching: number[] = []
  const holding = new Map(bySource(allSources(snapshot), records))
  for (const source of soundOf(snapshot, [...holding.keys()])) {
    const inside = holding.get(source) ?? []
    for (let at = 0; at < inside.length; at += LOOKUP_MAX) {
      const where = andSql([sql`"record" IN ${numbers(inside.slice(at, at + LOOKUP_MAX))}`, plan.where])
      const rows = await statements.over(
        [source],
        (relation) => sql`SELECT "record" FROM ${relation} WHERE ${where}`,
      )
      matching.push(...(await recordsOf(rows)))
    }
  }
  return matching
}
