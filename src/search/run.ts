import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import type { Columns } from "../query/column.ts"
import { groupSql } from "../query/group-sql.ts"
import { understandQuery } from "../query/habits/index.ts"
import { compareRows, TopRows } from "../query/order.ts"
import { areLight, type GroupsRead, type Plan, planQuery, type RowsRead } from "../query/plan.ts"
import { newRow, type Row } from "../query/row.ts"
import { holdsRows } from "../query/run.ts"
import { andSql, joinSql, type Sql, sql, TRUE, trusted } from "../query/sql.ts"
import type { Budget, GroupSink, Query, RunScene, Sink } from "../query/tree.ts"
import { viewQuery } from "../query/view.ts"
import { bloomKey } from "../store/bloom.ts"
import type { BloomCache } from "../store/bloom-cache.ts"
import type { Duckdb } from "../store/duckdb.ts"
import { answerContext } from "./context.ts"
import { SAID } from "../store/columns.ts"
import { hideDuplicates } from "./duplicates.ts"
import type { Holding } from "./holding.ts"
import type { Ending, QueryRequest } from "./message.ts"
import { Output, type RowShape } from "./output.ts"
import { Progress } from "./progress.ts"
import { fetchRecords, numbers, readingOf, recordsOf, rowsOf, runSql } from "./read.ts"
import { openWalk, planWalk, type Walking } from "./walk.ts"
import { hideEarlierStages } from "./requests.ts"
import { batches, relationOf, type Snapshot, type Source, sourcesIn } from "./snapshot.ts"
import { answerSubqueries } from "./subqueries.ts"
import { type Ask, runSurvey } from "./survey.ts"

export type Engine = {
  readonly db: Duckdb
  readonly blooms: BloomCache
  /** Segments with repeated deliveries, and those with events of stages before the last. */
  readonly repetitions: Holding
  readonly earlierStages: Holding
  readonly columns: Columns
  readonly stepsMemoryMax: number
}

/**
 * Answers a query from a snapshot: segments and tail, newest first, batch by batch, each statement run to its end. Yields
 * rows as soon as they are certain. A limit that cuts the answer ends it with a mark, never silently; `stop` ends it with
 * `store.interrupted`. Other errors are the query's own and harm nobody else.
 */
export async function* runQuery(
  request: QueryRequest,
  snapshot: Snapshot,
  engine: Engine,
  stop: AbortSignal,
): AsyncGenerator<readonly Row[], Ending> {
  const { filters = [], view = { kind: "rows" } } = request
  const { query, measures } = viewQuery(understandQuery(request.text, request.compat), filters, view)
  const asking = { snapshot, engine, stop, deadline: AbortSignal.timeout(request.timeoutMs) }
  const shape = {
    sorted: !query.pipes.some(({ word }) => NAMES_ORDER.has(word)),
    empties: view.kind !== "rows" && view.kind !== "tail",
  }
  if ((view.kind === "fieldNames" || view.kind === "facets") && query.pipes.length === 0) {
    const ask: Ask = (part, changes) =>
      answerQuery(part, { ...request, rowsMax: INNER_ROWS_MAX, ...changes }, shape, asking)
    const budget = { charge: () => true }
    return yield* runSurvey(query, view, {
      ask,
      scene: { now: request.now, budget, random: Math.random },
      columns: engine.columns,
    })
  }
  const ending = yield* answerQuery(query, request, shape, asking)
  return view.kind === "stats" || view.kind === "statsPerStep" ? { ...ending, measures } : ending
}

/** Where and until when one request is answered: the queries inside it have the same. */
type Asking = {
  readonly snapshot: Snapshot
  readonly engine: Engine
  readonly stop: AbortSignal
  readonly deadline: AbortSignal
}

/** Rows of one query inside another: its values are what counts, and they have a limit of their own. */
const INNER_ROWS_MAX = 10_000_000

async function* answerQuery(
  query: Query,
  request: QueryRequest,
  shape: RowShape,
  asking: Asking,
): AsyncGenerator<readonly Row[], Ending> {
  const { limit: _limit, offset: _offset, walk: _walk, ...bounds } = request
  const ask = (asked: Query) => {
    const { query: filtered } = viewQuery(asked, request.filters ?? [], { kind: "rows" })
    return answerQuery(filtered, { ...bounds, rowsMax: INNER_ROWS_MAX }, shape, asking)
  }
  const subqueries = await answerSubqueries(query, ask)
  const context = await answerContext(subqueries.query, ask)
  const inner = { query: context.query, partial: subqueries.partial ?? context.partial }
  const { snapshot, engine, stop, deadline } = asking
  const planned = planQuery(inner.query, request, engine.columns)
  const plan = request.walk === undefined ? planned : planWalk(planned, query)
  const out = new Output(plan, request.rowsMax, shape)
  const run = new Run(request, { plan, out }, snapshot, engine, AbortSignal.any([stop, deadline]))
  if (inner.partial !== undefined) run.cut(inner.partial)
  try {
    yield* run.answer()
  } catch (error) {
    const reason = reasonOf(error, stop, deadline, request)
    if (reason === undefined) throw error
    run.cut(reason)
  }
  yield* run.finish()
  return {
    rows: run.out.count,
    ...(run.partial === undefined ? {} : { partial: run.partial }),
    ...run.next(),
  }
}

/** Limits of an answer that make it partial instead of failing it. */
function reasonOf(
  error: unknown,
  stop: AbortSignal,
  deadline: AbortSignal,
  request: QueryRequest,
): string | undefined {
  if (stop.aborted) return undefined
  if (isRefusal(error, "store.interrupted") && deadline.aborted)
    return `time: ${request.timeoutMs} ms are over`
  if (isRefusal(error, "store.memory") || isRefusal(error, "store.full"))
    return "memory: the query needs more than it may have"
  return undefined
}

class Run {
  readonly out: Output
  readonly #plan: Plan
  readonly #snapshot: Snapshot
  readonly #engine: Engine
  readonly #stop: AbortSignal
  readonly #head: Sink | GroupSink
  readonly #walking: Walking | undefined
  readonly #progress: Progress
  #partial: string | undefined

  constructor(
    request: QueryRequest,
    { plan, out }: { readonly plan: Plan; readonly out: Output },
    snapshot: Snapshot,
    engine: Engine,
    stop: AbortSignal,
  ) {
    this.#plan = plan
    this.#snapshot = snapshot
    this.#engine = engine
    this.#stop = stop
    this.#walking = request.walk === undefined ? undefined : openWalk(request.walk, snapshot)
    this.#progress = new Progress(request.progress === true)
    this.out = out
    // Each step that holds rows has its share: one that is full passes on what it has to steps that still have room.
    const holding = plan.pipes.filter(holdsRows).length + (plan.read.kind === "groups" ? 1 : 0)
    const share = (request.memoryMax ?? engine.stepsMemoryMax) / Math.max(1, holding)
    const scene = (): RunScene => ({ ...plan.scene, budget: this.#budget(share), random: Math.random })
    const pipes = plan.pipes.reduceRight<Sink>((next, pipe) => pipe.run(next, scene()), this.out)
    this.#head = plan.read.kind === "groups" ? plan.read.grouping.join(pipes, scene()) : pipes
  }

  get partial(): string | undefined {
    return this.#partial ?? this.out.partial
  }

  /** The answer ends here, and says why. The first reason counts. */
  cut(reason: string): void {
    this.#partial ??= reason
  }

  async *answer(): AsyncGenerator<readonly Row[]> {
    const { read } = this.#plan
    const sources = await this.#pick()
    if (sources.length === 0) return
    const hidden = await hideDuplicates(this.#plan, this.#snapshot, sources, this.#engine, this.#stop)
    const shown = andSql([this.#plan.where, hidden, this.#walking?.condition ?? TRUE])
    const where = this.#plan.countsRequests ? await this.#requestsAmong(shown, sources) : shown
    if (read.kind === "groups") yield* this.#readGroups(read, sources, where)
    else if (read.top !== undefined && this.#walking?.order !== "received")
      yield* this.#readTop(read, read.top, sources, where)
    else if (read.sorted !== undefined && !this.#isLight(read))
      yield* this.#readSorted(read, read.sorted, sources, where)
    else yield* this.#readAll(read, sources, where)
  }

  async #requestsAmong(where: Sql, sources: readonly Source[]): Promise<Sql> {
    const among = readsBodies(where) ? await this.#numbered(where, sources) : where
    const { condition, partial } = await hideEarlierStages(among, sources, this.#engine, this.#stop)
    if (partial !== undefined) this.cut(partial)
    return andSql([among, condition])
  }

  /**
   * The records that match, by number, where they are few: stages are compared in a second look, and looking through bodies
   * twice takes twice as long. Where they are many, the condition as it is.
   */
  async #numbered(where: Sql, sources: readonly Source[]): Promise<Sql> {
    const found: number[] = []
    for (const batch of batches(sources)) {
      const left = BigInt(NUMBERED_MAX + 1 - found.length)
      const statement = sql`SELECT "record" FROM ${relationOf(batch, where)} WHERE ${where} LIMIT ${left}`
      found.push(...recordsOf(await this.#query(statement)))
      if (found.length > NUMBERED_MAX) return where
    }
    return found.length === 0 ? trusted("FALSE") : sql`"record" IN ${numbers(found)}`
  }

  /** For a walk: where the next piece begins. */
  next(): { readonly next?: string } {
    const next = this.#walking?.next(!this.out.isFull && this.partial === undefined)
    return next === undefined ? {} : { next }
  }

  /** Ends the pipes: sorts, groups and counts come out now. */
  async *finish(): AsyncGenerator<readonly Row[]> {
    this.#head.end()
    yield* this.out.all()
  }

  /** By time, and by the bloom filters for the auditIDs that are asked for. */
  async #pick(): Promise<readonly Source[]> {
    const sources = sourcesIn(this.#snapshot, this.#plan.bounds).filter(
      (source) => this.#walking?.reaches(source) ?? true,
    )
    const keys = this.#plan.needles?.map(bloomKey) ?? []
    if (keys.length === 0 || keys.length > NEEDLES_MAX || !keys.every((key) => key !== undefined))
      return sources
    const entries = sources.flatMap(({ segment }) => segment ?? [])
    const kept = new Set(await this.#engine.blooms.prune(entries, keys))
    return sources.filter(({ segment }) => segment === undefined || kept.has(segment))
  }

  #isLight(read: RowsRead): boolean {
    return areLight(read.fields, this.#engine.columns)
  }

  #budget(bytesMax: number): Budget {
    let left = bytesMax
    return {
      charge: (bytes) => {
        left -= bytes
        if (left >= 0) return true
        this.cut("memory: a step holds more than it may")
        return false
      },
    }
  }

  #query(statement: Sql) {
    return runSql(this.#engine.db, statement, this.#stop)
  }

  async *#readGroups(
    { grouping }: GroupsRead,
    sources: readonly Source[],
    where: Sql,
  ): AsyncGenerator<readonly Row[]> {
    const sink = this.#head as GroupSink
    for (const batch of this.#progress.through(batches(sources))) {
      yield* this.#progress.told()
      const relation = relationOf(batch, where, ...grouping.keys, ...grouping.results)
      const rows = await this.#query(groupSql(grouping, relation, where))
      for (const chunk of rows.batches()) {
        const columns = rows.names.map((_, i) => chunk.column(i))
        for (let i = 0; i < chunk.count; i++) {
          if (!sink.take(columns.map((column) => column.text(i) ?? null))) return
        }
      }
    }
  }

  /** Everything that matches, newest sources first; bodies in a second step. */
  async *#readAll(read: RowsRead, sources: readonly Source[], where: Sql): AsyncGenerator<readonly Row[]> {
    const reading = readingOf(read.fields, this.#engine.columns)
    const light = this.#isLight(read)
    const inOrder =
      this.#walking?.order === "received" ? sources.toSorted((a, b) => a.first - b.first) : sources
    const order = this.#walking?.order === "received" ? trusted('ORDER BY "record"') : this.#order("DESC")
    for (const batch of this.#progress.through(batches(inOrder, FIRST_ROWS))) {
      yield* this.#progress.told()
      if (light) {
        const select = joinSql(reading.select.length === 0 ? [trusted('"record"')] : reading.select, ", ")
        const relation = relationOf(batch, select, where)
        const rows = await this.#query(sql`SELECT ${select} FROM ${relation} WHERE ${where} ${order}`)
        const made = reading.select.length === 0 ? emptyRows(rows.count) : rowsOf(rows, reading, 0)
        for (const row of made) {
          if (!this.#take(row)) return
          yield* this.out.full()
        }
        continue
      }
      const relation = relationOf(batch, where)
      const found = await this.#query(sql`SELECT "record" FROM ${relation} WHERE ${where} ${order}`)
      const more = yield* this.#fetch(batch, recordsOf(found), reading)
      if (!more) return
    }
  }

  #take(row: Row): boolean {
    this.#walking?.pass(row)
    return (this.#head as Sink).take(row)
  }

  #order(direction: "ASC" | "DESC"): Sql {
    return trusted(`ORDER BY "_time" ${direction}, "record" ${direction}`)
  }

  /** The first rows by `_time`: stops as soon as no other source can hold an earlier one in this order. */
  async *#readTop(
    read: RowsRead,
    top: { readonly rows: number; readonly descending: boolean },
    sources: readonly Source[],
    where: Sql,
  ): AsyncGenerator<readonly Row[]> {
    if (top.rows === 0) return
    const order = this.#order(top.descending ? "DESC" : "ASC")
    const best: Place[] = []
    const ordered = top.descending
      ? sources
      : sources.toSorted((a, b) => a.timeMin - b.timeMin || a.first - b.first)
    const ahead = (a: Place, b: Place) => (a.time - b.time || a.record - b.record) * (top.descending ? -1 : 1)
    try {
      for (const batch of this.#progress.through(batches(ordered, 1))) {
        yield* this.#progress.told()
        const worst = best.length < top.rows ? undefined : best.at(-1)?.time
        const edge = top.descending
          ? Math.max(...batch.map((s) => s.timeMax))
          : Math.min(...batch.map((s) => s.timeMin))
        if (worst !== undefined && (top.descending ? edge < worst : edge > worst)) break
        const select = sql`SELECT "record", epoch_us("_time") FROM ${relationOf(batch, where)}`
        const rows = await this.#query(sql`${select} WHERE ${where} ${order} LIMIT ${top.rows}`)
        const times = recordsOf(rows, 1)
        recordsOf(rows).forEach((record, i) => {
          best.push({ record, time: times[i] ?? 0 })
        })
        best.sort(ahead).splice(top.rows)
      }
    } catch (error) {
      // What was found so far is worth showing, with the mark.
      if (this.#stop.aborted || !isRefusal(error, "store.memory")) throw error
      this.cut("memory: the query needs more than it may have")
    }
    const reading = readingOf(read.fields, this.#engine.columns)
    yield* this.#fetch(
      sources,
      best.map(({ record }) => record),
      reading,
    )
  }

  /** The first rows by other fields: the keys of all that match, then the rest of those that are wanted. */
  async *#readSorted(
    read: RowsRead,
    sorted: NonNullable<RowsRead["sorted"]>,
    sources: readonly Source[],
    where: Sql,
  ): AsyncGenerator<readonly Row[]> {
    const names = new Set(sorted.by.map((key) => key.field))
    const reading = readingOf({ kind: "some", names, prefixes: [] }, this.#engine.columns)
    const top = new TopRows((a, b) => compareRows(a, b, sorted.by), sorted.rows)
    for (const batch of this.#progress.through(batches(sources))) {
      yield* this.#progress.told()
      const select = joinSql([trusted('"record"'), ...reading.select], ", ")
      const rows = await this.#query(
        sql`SELECT ${select} FROM ${relationOf(batch, select, where)} WHERE ${where}`,
      )
      const records = recordsOf(rows)
      let i = 0
      for (const row of rowsOf(rows, reading, 1)) {
        row[RECORD] = String(records[i++])
        top.add(row)
      }
    }
    const records = top.sorted().map((row) => Number(row[RECORD]))
    yield* this.#fetch(sources, records, readingOf(read.fields, this.#engine.columns))
  }

  /** Returns false when the pipes want no more rows. */
  async *#fetch(
    sources: readonly Source[],
    records: readonly number[],
    reading: ReturnType<typeof readingOf>,
  ): AsyncGenerator<readonly Row[], boolean> {
    for await (const rows of fetchRecords(this.#engine.db, sources, records, reading, this.#stop)) {
      for (const row of rows) if (!this.#take(row)) return false
      yield* this.out.full()
    }
    return true
  }
}

type Place = { readonly record: number; readonly time: Micros }

/** With more auditIDs than this, hardly a segment would be left out. */
const NEEDLES_MAX = 100
/** Pipes that say in which order a row's fields come; without one they come by name, as in VictoriaLogs. */
const NAMES_ORDER = new Set(["fields", "stats", "top", "uniq", "field_names", "field_values", "facets"])
/** Records remembered by number between two looks at the same condition. */
const NUMBERED_MAX = 20_000

function readsBodies({ text }: Sql): boolean {
  return text.includes('"raw"') || text.includes(SAID)
}

/** A name no field has, for the record's number beside its sort keys. */
const RECORD = "\0record"
/** Rows of the first batch: the newest file or two, so that first rows come soon. */
const FIRST_ROWS = 100_000

function* emptyRows(count: number): Generator<Row> {
  for (let i = 0; i < count; i++) yield newRow()
}
