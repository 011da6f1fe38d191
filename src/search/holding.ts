import { type Sql, sql, trusted } from "../query/sql.ts"
import { type Duckdb, quote } from "../store/duckdb.ts"
import type { Source } from "./snapshot.ts"
import { runSql } from "./statements.ts"

/** Segments asked in one statement. */
const SEGMENTS_AT_ONCE = 64

/**
 * Which segments hold a record of some rare sort at all: most hold none, and then nothing has to be looked for in them.
 * Answered from the statistics of the files, once for each.
 */
export class Holding {
  readonly #db: Duckdb
  readonly #condition: Sql
  readonly #known = new Map<string, boolean>()

  constructor(db: Duckdb, condition: Sql) {
    this.#db = db
    this.#condition = condition
  }

  /** Those of the sources that may hold one: segments that do, and all tables. */
  async among(sources: readonly Source[], stop: AbortSignal): Promise<readonly Source[]> {
    const fresh = sources.filter(({ segment }) => segment !== undefined && !this.#known.has(segment.sha256))
    for (let at = 0; at < fresh.length; at += SEGMENTS_AT_ONCE)
      await this.#ask(fresh.slice(at, at + SEGMENTS_AT_ONCE), stop)
    return sources.filter(({ segment }) => segment === undefined || this.#known.get(segment.sha256) === true)
  }

  async #ask(sources: readonly Source[], stop: AbortSignal): Promise<void> {
    const files = sources.map(({ file = "" }) => quote(file)).join(", ")
    const relation = trusted(`read_parquet([${files}], filename = true, hive_partitioning = false)`)
    const statement = sql`SELECT DISTINCT "filename" FROM ${relation} WHERE ${this.#condition}`
    const rows = await runSql(this.#db, statement, stop)
    const holding = new Set<string | undefined>()
    for (const batch of rows.batches()) for (let i = 0; i < batch.count; i++) holding.add(batch.text(0, i))
    for (const { file, segment } of sources)
      if (segment !== undefined) this.#known.set(segment.sha256, holding.has(file))
  }
}
