import { type Sql, toStatement, trusted } from "../query/sql.ts"
import { SAID } from "../store/columns.ts"
import type { Duckdb, Rows } from "../store/duckdb.ts"
import type { Place } from "./places.ts"
import { relationOf, type Source } from "./snapshot.ts"
import type { Turns } from "./turns.ts"

/** What it costs to look through a body, in rows of ordinary columns: 1 µs instead of 0.05. */
const BODY_WEIGHT = 20
/** What a query may read before it is a large one, in rows of ordinary columns: 50 ms. */
export const LARGE_WEIGHT = 1_000_000

/**
 * The statements of one query. The engine runs each on a thread of its own and knows nothing of the others, so that four scans
 * take four shares of two processors. Therefore a query that has read much asks for a turn before each further statement:
 * there are fewer turns than processors, and who waits for one comes in the order of the line. Small questions wait for
 * nobody, and are let go first: see turns.ts.
 */
export class Statements {
  readonly db: Duckdb
  readonly stop: AbortSignal
  readonly #turns: Turns
  readonly #place: Place
  /** Until it is called, large queries let this one go first. Undefined before the first statement. */
  #endSmall: (() => void) | undefined
  #read = 0

  constructor(engine: { readonly db: Duckdb; readonly turns: Turns }, place: Place, stop: AbortSignal) {
    this.db = engine.db
    this.stop = stop
    this.#turns = engine.turns
    this.#place = place
  }

  /**
   * Runs what `statement` makes of the relation over the sources, which has the columns that it names. `rowsMax`: rows it can
   * read at most, where that is less than the sources have.
   */
  async over(
    sources: readonly Source[],
    statement: (relation: Sql) => Sql,
    { rowsMax = Number.POSITIVE_INFINITY, stop = this.stop } = {},
  ): Promise<Rows> {
    const without = statement(trusted(""))
    const run = () => runSql(this.db, statement(relationOf(sources, without.text)), stop)
    const rows = sources.reduce((sum, source) => sum + source.rows, 0)
    this.#read += Math.min(rows, rowsMax) * (readsBodies(without) ? BODY_WEIGHT : 1)
    this.#endSmall ??= this.#turns.small()
    if (this.#read <= LARGE_WEIGHT) return run()
    this.#endSmall()
    await this.#place.grow(stop)
    const leave = await this.#turns.enter(stop)
    try {
      return await run()
    } finally {
      leave()
    }
  }

  /** No statement follows. */
  end(): void {
    this.#endSmall?.()
  }

  /**
   * What `run` answers for each part, in their order. Where there is a turn to spare, the statement for the next part runs
   * beside this one; none runs any more when this ends, however it ends.
   */
  async *each<Part, Answer>(
    parts: Iterable<Part> | AsyncIterable<Part>,
    run: (part: Part, stop: AbortSignal) => Promise<Answer>,
  ): AsyncGenerator<Answer> {
    const ended = new AbortController()
    const stop = AbortSignal.any([this.stop, ended.signal])
    const running: Promise<Answer>[] = []
    try {
      for await (const part of parts) {
        const answer = run(part, stop)
        answer.catch(() => undefined) // heard where it is awaited
        running.push(answer)
        if (running.length < this.#besideMax) continue
        yield await (running[0] as Promise<Answer>)
        running.shift()
      }
      for (; running.length > 0; running.shift()) yield await (running[0] as Promise<Answer>)
    } finally {
      ended.abort()
      await Promise.allSettled(running)
    }
  }

  get #besideMax(): number {
    return this.#turns.most > 1 ? BESIDE_MAX : 1
  }
}

/** Statements of one query at once. */
const BESIDE_MAX = 2

export async function runSql(db: Duckdb, statement: Sql, stop: AbortSignal): Promise<Rows> {
  const { text, values } = toStatement(statement)
  return db.query(text, values, stop)
}

export function readsBodies({ text }: Sql): boolean {
  return text.includes('"raw"') || text.includes(SAID)
}
