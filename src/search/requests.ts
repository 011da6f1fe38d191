import { AUDIT_KIND } from "../query/column.ts"
import { andSql, notSql, orSql, type Sql, sql, TRUE, textsSql, trusted } from "../query/sql.ts"
import type { Duckdb } from "../store/duckdb.ts"
import type { Holding } from "./holding.ts"
import { runSql } from "./read.ts"
import { batches, relationOf, type Source } from "./snapshot.ts"

/** The stages before the last, in their order. After them come ResponseComplete or Panic. */
const EARLIER = ["RequestReceived", "ResponseStarted"] as const
type Earlier = (typeof EARLIER)[number]

/** Events of earlier stages that one query compares with the later ones: they are held in memory, some 100 bytes each. */
const EARLIER_MAX = 200_000

/** A request: clients choose auditIDs, so that the same one in another cluster is another request. */
const REQUEST = trusted(`concat("cluster", ' ', "auditID")`)
/** Of an event before the last of its request. */
export const IS_EARLIER = trusted(`"stage" IN ('${EARLIER.join("', '")}')`)
const IS_LAST = trusted(`"stage" NOT IN ('${EARLIER.join("', '")}')`)
const OF_AUDIT = sql`"kind" = ${AUDIT_KIND}`

/**
 * A condition that leaves out an event when one of a later stage of the same request matches too: what is counted then are
 * requests (query/requests.ts). With more events of earlier stages than can be compared, all are counted, and `partial` says so.
 */
export async function hideEarlierStages(
  where: Sql,
  sources: readonly Source[],
  { db, earlierStages }: { readonly db: Duckdb; readonly earlierStages: Holding },
  stop: AbortSignal,
): Promise<{ readonly condition: Sql; readonly partial?: string }> {
  const earlier = await findEarlier(where, await earlierStages.among(sources, stop), db, stop)
  if (earlier === undefined) {
    const partial = `stages: more than ${EARLIER_MAX} events of earlier stages, so events are counted instead of requests; name the field stage to choose, as in stage:=ResponseComplete`
    return { condition: TRUE, partial }
  }
  const { requests, verbs } = earlier
  if (requests.RequestReceived.size + requests.ResponseStarted.size === 0) return { condition: TRUE }
  const ended = await endedRequests(where, sources, { requests, verbs }, db, stop)
  const hidden = EARLIER.map((stage) => {
    const later = (id: string) =>
      ended.has(id) || (stage === "RequestReceived" && requests.ResponseStarted.has(id))
    return { stage, ids: [...requests[stage]].filter(later) }
  }).filter(({ ids }) => ids.length > 0)
  const parts = hidden.map(
    ({ stage, ids }) => sql`("stage" = ${stage} AND ${REQUEST} IN (SELECT unnest(${textsSql(ids)})))`,
  )
  return { condition: notSql(andSql([OF_AUDIT, orSql(parts)])) }
}

type EarlierStages = {
  readonly requests: Readonly<Record<Earlier, Set<string>>>
  /** All stages of a request have the same verb: mostly only `watch` has two. */
  readonly verbs: Set<string>
}

async function findEarlier(
  where: Sql,
  sources: readonly Source[],
  db: Duckdb,
  stop: AbortSignal,
): Promise<EarlierStages | undefined> {
  const requests = { RequestReceived: new Set<string>(), ResponseStarted: new Set<string>() }
  const verbs = new Set<string>()
  const matching = andSql([IS_EARLIER, OF_AUDIT, where])
  for (const batch of batches(sources)) {
    const statement = sql`SELECT ${REQUEST}, "stage", coalesce("verb", '') FROM ${relationOf(batch, matching)} WHERE ${matching} LIMIT ${BigInt(EARLIER_MAX + 1)}`
    const rows = await runSql(db, statement, stop)
    for (const chunk of rows.batches()) {
      for (let i = 0; i < chunk.count; i++) {
        const stage = chunk.text(1, i) === "ResponseStarted" ? "ResponseStarted" : "RequestReceived"
        requests[stage].add(chunk.text(0, i) ?? "")
        verbs.add(chunk.text(2, i) ?? "")
      }
    }
    if (requests.RequestReceived.size + requests.ResponseStarted.size > EARLIER_MAX) return undefined
  }
  return { requests, verbs }
}

async function endedRequests(
  where: Sql,
  sources: readonly Source[],
  { requests, verbs }: EarlierStages,
  db: Duckdb,
  stop: AbortSignal,
): Promise<ReadonlySet<string>> {
  const asked = textsSql([...new Set([...requests.RequestReceived, ...requests.ResponseStarted])])
  const matching = andSql([
    IS_LAST,
    sql`coalesce("verb", '') IN (SELECT unnest(${textsSql([...verbs])}))`,
    OF_AUDIT,
    where,
    sql`${REQUEST} IN (SELECT unnest(${asked}))`,
  ])
  const ended = new Set<string>()
  for (const batch of batches(sources)) {
    const rows = await runSql(
      db,
      sql`SELECT DISTINCT ${REQUEST} FROM ${relationOf(batch, matching)} WHERE ${matching}`,
      stop,
    )
    for (const chunk of rows.batches())
      for (let i = 0; i < chunk.count; i++) ended.add(chunk.text(0, i) ?? "")
  }
  return ended
}
