import { AUDIT_KIND } from "../query/column.ts"
import { andSql, listSql, type Sql, sql, TRUE, trusted } from "../query/sql.ts"
import type { Hidden } from "./duplicates.ts"
import { partsOf, type Where } from "./parts.ts"
import { chunksOf } from "./read.ts"
import type { Source } from "./snapshot.ts"
import { runSql, type Statements } from "./statements.ts"

/** The stages before the last, in their order. The last is ResponseComplete; Panic is, of a request that has no other. */
const EARLIER = ["RequestReceived", "ResponseStarted", "Panic"] as const
const RANK = trusted(
  `CASE "stage" ${EARLIER.map((stage, i) => `WHEN '${stage}' THEN ${i}`).join(" ")} ELSE ${EARLIER.length} END`,
)

/** A request: clients choose auditIDs, so that the same one in another cluster is another request. */
const REQUEST = trusted(`concat("cluster", ' ', "auditID")`)
/** Of an event before the last of its request. */
export const IS_EARLIER = trusted(`"stage" IN ('${EARLIER.join("', '")}')`)
const OF_AUDIT = sql`"kind" = ${AUDIT_KIND}`

/** All stages of a request have the same verb, and mostly only `watch` has two. Clients can invent verbs. */
const VERBS_MAX = 100

let tables = 0

/**
 * Which events a query that counts leaves out: those of which one of a later stage of the same request matches too. What is
 * counted then are requests (query/requests.ts). They are found inside the engine, where they may spill, and left out by
 * their numbers: comparing auditIDs in the query itself costs five times what the query costs. `drop` is the caller's to call.
 */
export async function hideEarlierStages(
  where: Where,
  sources: readonly Source[],
  among: ReadonlySet<Source>,
  statements: Statements,
): Promise<Hidden & { drop(): Promise<void> }> {
  const verbs = await earlierVerbs(where, [...among], statements)
  if (verbs.length === 0) return { condition: TRUE, among, drop: () => Promise.resolve() }
  const stages = trusted(`stages_${tables++}`)
  const hidden = trusted(`hidden_${tables++}`)
  const { db } = statements
  const drop = async (table: Sql) => {
    await runSql(db, sql`DROP TABLE IF EXISTS ${table}`, new AbortController().signal)
  }
  try {
    await runSql(
      db,
      sql`CREATE TABLE ${stages} (request VARCHAR, rank TINYINT, record BIGINT)`,
      statements.stop,
    )
    const sameVerb = verbs.length > VERBS_MAX ? TRUE : sql`coalesce("verb", '') IN ${listSql(verbs)}`
    for (const { sources: some, where: shown } of partsOf(sources, where)) {
      const matching = andSql([sameVerb, OF_AUDIT, trusted('"stage" IS NOT NULL'), shown])
      await statements.over(
        some,
        (relation) =>
          sql`INSERT INTO ${stages} SELECT ${REQUEST}, ${RANK}, "record" FROM ${relation} WHERE ${matching}`,
      )
    }
    await runSql(
      db,
      sql`CREATE TABLE ${hidden} AS SELECT record FROM ${stages} AS s
        JOIN (SELECT request, max(rank) AS most FROM ${stages} GROUP BY request) AS l USING (request)
        WHERE s.rank < l.most`,
      statements.stop,
    )
  } catch (error) {
    await drop(hidden)
    throw error
  } finally {
    await drop(stages)
  }
  return {
    condition: sql`"record" NOT IN (SELECT record FROM ${hidden})`,
    among,
    drop: () => drop(hidden),
  }
}

/** The verbs of matching events of earlier stages. */
async function earlierVerbs(
  where: Where,
  sources: readonly Source[],
  statements: Statements,
): Promise<readonly string[]> {
  const verbs = new Set<string>()
  for (const { sources: some, where: shown } of partsOf(sources, where)) {
    const matching = andSql([IS_EARLIER, OF_AUDIT, shown])
    const rows = await statements.over(
      some,
      (relation) => sql`SELECT DISTINCT coalesce("verb", '') FROM ${relation} WHERE ${matching}`,
    )
    for await (const batch of chunksOf(rows))
      for (let i = 0; i < batch.count; i++) verbs.add(batch.text(0, i) ?? "")
  }
  return [...verbs]
}
