import type { Micros } from "../base/time.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { Columns } from "../query/column.ts"
import { understandQuery } from "../query/habits/index.ts"
import { applyOptions, wantsWhole } from "../query/options.ts"
import { areLight, type Plan, planQuery } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { holdsRows } from "../query/run.ts"
import { TRUE } from "../query/sql.ts"
import type { Budget, GroupSink, Query, RunScene, Sink } from "../query/tree.ts"
import { viewQuery } from "../query/view.ts"
import { bloomKey } from "../store/bloom.ts"
import type { BloomCache } from "../store/bloom-cache.ts"
import type { Duckdb } from "../store/duckdb.ts"
import { alsoWhere, numbered, ownCondition, shownWhere } from "./conditions.ts"
import { answerContext } from "./context.ts"
import { hideDuplicates } from "./duplicates.ts"
import type { Holding } from "./holding.ts"
import type { Choose, Lot } from "./lots.ts"
import type { Ending, QueryRequest } from "./message.ts"
import { Output, type RowShape } from "./output.ts"
import type { Where } from "./parts.ts"
import type { Place } from "./places.ts"
import { Progress } from "./progress.ts"
import type { Remembered } from "./remembered.ts"
import { hideEarlierStages } from "./requests.ts"
import type { Scan, TakeBody } from "./scan.ts"
import { scanAll } from "./scan-all.ts"
import { scanGroups } from "./scan-groups.ts"
import { scanSorted } from "./scan-sorted.ts"
import { scanThrough } from "./scan-through.ts"
import { scanTop } from "./scan-top.ts"
import { type Snapshot, type Source, soundOf, sourcesIn } from "./snapshot.ts"
import { Statements } from "./statements.ts"
import type { Statistics } from "./statistics.ts"
import { answerSubqueries } from "./subqueries.ts"
import { type Ask, runSurvey } from "./survey.ts"
import type { Turns } from "./turns.ts"
import { openWalk, planWalk, type Walking } from "./walk.ts"

export type Engine = {
  readonly db: Duckdb
  /** Of statements of large queries: see statements.ts. */
  readonly turns: Turns
  readonly blooms: BloomCache
  /** Segments with repeated deliveries, and those with events of stages before the last. */
  readonly repetitions: Holding
  readonly earlierStages: Holding
  readonly columns: Columns
  readonly remembered: Remembered
  readonly statistics: Statistics
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
  { place, stop, bodies }: { readonly place: Place; readonly stop: AbortSignal; readonly bodies?: TakeBody },
): AsyncGenerator<readonly Row[], Ending> {
  const { filters = [], view = { kind: "rows" } } = request
  const understood = understandQuery(request.text, request.compat)
  const asked = request.ignorePipes === true ? { ...understood, pipes: [] } : understood
  const { query, measures } = viewQuery(asked, filters, view)
  const asking = { snapshot, engine, place, stop, bodies, deadline: AbortSignal.timeout(request.timeoutMs) }
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
      scene: { now: request.now, clock: clockOf(request), budget, random: Math.random },
      columns: engine.columns,
    })
  }
  const ending = yield* answerQuery(query, request, shape, asking)
  return view.kind === "stats" || view.kind === "statsPerStep" ? { ...ending, measures } : ending
}

function clockOf({ clock, now }: QueryRequest): Micros {
  return clock ?? now
}

/** Where and until when one request is answered: the queries inside it have the same. */
type Asking = {
  readonly snapshot: Snapshot
  readonly engine: Engine
  readonly place: Place
  readonly stop: AbortSignal
  readonly deadline: AbortSignal
  readonly bodies: TakeBody | undefined
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
  const { query: whole, bounds: within } = applyOptions(query, request)
  const subqueries = await answerSubqueries(whole, ask)
  const context = await answerContext(subqueries.query, ask)
  const inner = { query: context.query, partial: subqueries.partial ?? context.partial }
  const { engine, stop, deadline } = asking
  const planned = planQuery(inner.query, within, engine.columns)
  const plan = request.walk === undefined ? planned : planWalk(planned, query)
  const out = new Output(plan, request.rowsMax, shape)
  const run = new Run(request, { plan, out }, asking)
  try {
    if (inner.partial !== undefined) run.cut(inner.partial)
    yield* run.answer()
  } catch (error) {
    const reason = reasonOf(error, stop, deadline, request)
    if (reason === undefined) throw error
    run.cut(reason)
  } finally {
    run.end()
  }
  yield* run.finish()
  if (run.partial !== undefined && wantsWhole(query)) {
    throw new Refusal("search.partial", `the answer would be partial: ${run.partial}`)
  }
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
  readonly #request: QueryRequest
  readonly #plan: Plan
  readonly #asking: Asking
  readonly #statements: Statements
  readonly #head: Sink | GroupSink
  readonly #walking: Walking | undefined
  #partial: string | undefined

  constructor(
    request: QueryRequest,
    { plan, out }: { readonly plan: Plan; readonly out: Output },
    asking: Asking,
  ) {
    const { engine, snapshot, place, stop, deadline } = asking
    this.out = out
    this.#request = request
    this.#plan = plan
    this.#asking = asking
    this.#statements = new Statements(engine, place, AbortSignal.any([stop, deadline]))
    this.#walking = request.walk === undefined ? undefined : openWalk(request.walk, snapshot)
    // Each step that holds rows has its share: one that is full passes on what it has to steps that still have room.
    const holding = plan.pipes.filter(holdsRows).length + (plan.read.kind === "groups" ? 1 : 0)
    const share = (request.memoryMax ?? engine.stepsMemoryMax) / Math.max(1, holding)
    const clock = clockOf(request)
    const scene = (): RunScene => ({ ...plan.scene, clock, budget: this.#budget(share), random: Math.random })
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
    const { snapshot, engine } = this.#asking
    const within = sourcesIn(snapshot, this.#plan.bounds).filter(
      (source) => this.#walking?.reaches(source) ?? true,
    )
    if (within.length === 0) return
    const { sameForDuplicates, countsRequests } = this.#plan
    if (sameForDuplicates && !countsRequests)
      return yield* this.#scan(within, (sources) => this.#choose(sources))
    // What is hidden in one source may depend on all of them.
    const lot = await this.#choose(within)
    if (!countsRequests) return yield* this.#scan(lot.sources, chosen(lot.where))
    const candidates = await engine.earlierStages.among(lot.sources, this.#statements.stop)
    if (candidates.length === 0) return yield* this.#scan(lot.sources, chosen(lot.where))
    const { sources } = lot
    const where = await numbered(lot.where, sources, this.#statements)
    const earlier = await hideEarlierStages(where, sources, new Set(candidates), this.#statements)
    try {
      yield* this.#scan(sources, chosen(shownWhere(where, earlier)))
    } finally {
      await earlier.drop()
    }
  }

  /** What is shown of sources at all: of files that are what they were, without repetitions, and of a walk only its next piece. */
  async #choose(among: readonly Source[]): Promise<Lot> {
    const { snapshot, engine } = this.#asking
    const sources = await this.#prune(soundOf(snapshot, among))
    const own = ownCondition(this.#plan)
    const lot = { where: own, sources }
    const hidden = await hideDuplicates(this.#plan, snapshot, lot, engine.repetitions, this.#statements)
    return { sources, where: alsoWhere(shownWhere(own, hidden), this.#walking?.condition ?? TRUE) }
  }

  #scan(sources: readonly Source[], choose: Choose): AsyncGenerator<readonly Row[]> {
    const { read } = this.#plan
    const { columns, remembered, statistics } = this.#asking.engine
    const scan: Scan = {
      sources,
      choose,
      columns,
      remembered,
      statistics,
      statements: this.#statements,
      head: this.#head,
      out: this.out,
      progress: new Progress(this.#request.progress === true),
      walking: this.#walking,
      bodies: this.#asking.bodies,
      cut: (reason) => this.cut(reason),
    }
    if (read.kind === "groups") return scanGroups(read, scan)
    if (read.top !== undefined && this.#walking?.order !== "received") return scanTop(read, read.top, scan)
    if (read.sorted !== undefined && !areLight(read.fields, columns))
      return scanSorted(read, read.sorted, scan)
    return this.#request.unordered === true ? scanThrough(read, scan) : scanAll(read, scan)
  }

  /** For a walk: where the next piece begins. */
  next(): { readonly next?: string } {
    const next = this.#walking?.next(!this.out.isFull && this.partial === undefined)
    return next === undefined ? {} : { next }
  }

  /** Nothing more is read, however far the answer has come. */
  end(): void {
    this.#statements.end()
  }

  /** Ends the pipes: sorts, groups and counts come out now. */
  async *finish(): AsyncGenerator<readonly Row[]> {
    this.#head.end()
    yield* this.out.all()
  }

  /** Without those whose bloom filters say that they have none of the auditIDs that are asked for. */
  async #prune(sources: readonly Source[]): Promise<readonly Source[]> {
    const { engine } = this.#asking
    const keys = this.#plan.needles?.map(bloomKey) ?? []
    if (keys.length === 0 || keys.length > NEEDLES_MAX || !keys.every((key) => key !== undefined))
      return sources
    const entries = sources.flatMap(({ segment }) => segment ?? [])
    const kept = new Set(await engine.blooms.prune(entries, keys))
    return sources.filter(({ segment }) => segment === undefined || kept.has(segment))
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
}

/** For sources that were looked at already. */
function chosen(where: Where): Choose {
  return async (sources) => ({ sources, where })
}

/** With more auditIDs than this, hardly a segment would be left out. */
const NEEDLES_MAX = 100
/** Pipes that say in which order a row's fields come; without one they come by name, as in VictoriaLogs. */
const NAMES_ORDER = new Set(["fields", "stats", "top", "uniq", "field_names", "field_values", "facets"])
