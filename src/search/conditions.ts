import type { Plan } from "../query/plan.ts"
import { andSql, type Sql, sql, TRUE } from "../query/sql.ts"
import type { Hidden } from "./duplicates.ts"
import { NOWHERE, partsOf, type Where } from "./parts.ts"
import { numbers, recordsOf } from "./read.ts"
import type { Source } from "./snapshot.ts"
import { readsBodies, type Statements } from "./statements.ts"

/** The query's own condition: without its bounds on `_time` where a source lies within them, which saves reading that column. */
export function ownCondition({ where, whereInside, bounds }: Plan): Where {
  return ({ timeMin, timeMax }) => (timeMin >= bounds.first && timeMax <= bounds.last ? whereInside : where)
}

/** Besides what `where` says, another condition; `among`: only on these sources. */
export function alsoWhere(where: Where, condition: Sql, among?: ReadonlySet<Source>): Where {
  if (condition.text === TRUE.text) return where
  const joined = new Map<Sql, Sql>()
  return (source) => {
    const own = where(source)
    if (among !== undefined && !among.has(source)) return own
    const both = joined.get(own) ?? andSql([own, condition])
    joined.set(own, both)
    return both
  }
}

export const shownWhere = (where: Where, { condition, among }: Hidden): Where =>
  alsoWhere(where, condition, among)

/** Records remembered by number between two looks at the same condition. */
const NUMBERED_MAX = 20_000

/**
 * The records that match, by number, where they are few and bodies have to be looked through to find them: who needs a
 * second look does not do that twice. Else the condition as it is.
 */
export async function numbered(
  where: Where,
  sources: readonly Source[],
  statements: Statements,
): Promise<Where> {
  const parts = partsOf(sources, where)
  if (!parts.some((part) => readsBodies(part.where))) return where
  const found: number[] = []
  const answers = statements.each(parts, ({ sources: some, where: condition }, stop) =>
    statements.over(
      some,
      (relation) =>
        sql`SELECT "record" FROM ${relation} WHERE ${condition} LIMIT ${BigInt(NUMBERED_MAX + 1)}`,
      { stop },
    ),
  )
  for await (const rows of answers) {
    found.push(...(await recordsOf(rows)))
    if (found.length > NUMBERED_MAX) return where
  }
  if (found.length === 0) return NOWHERE
  const condition = sql`"record" IN ${numbers(found)}`
  return () => condition
}
