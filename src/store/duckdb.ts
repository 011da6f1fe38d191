import { mkdir } from "node:fs/promises"
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobVector,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
  LIST,
  listValue,
  VARCHAR,
} from "@duckdb/node-api"
import { assert } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"

/**
 * DuckDB, in memory, for segments and queries: the only file that imports it. It never runs in the process
 * that acknowledges.
 *
 * Results are materialised, never streamed: after an error or an interrupt DuckDB's stream just ends, and an
 * answer that was cut looks whole. Whoever starts the process sets UV_THREADPOOL_SIZE above the number of
 * queries in flight: each occupies a thread of that pool, and with the default of 4 a small query waits
 * behind four large ones.
 */
export type DuckdbOptions = {
  /** DuckDB's own budget. The process needs about a third more. */
  readonly memoryBytesMax: number
  /** Threads of one query. With 1, rows keep their order at no cost, and a segment costs least CPU. */
  readonly threads: number
  /** Where it spills; made if missing. Emptied by whoever owns it. */
  readonly tempDir: string
  /** Unlimited spilling writes gigabytes in seconds: beyond this a query is refused. */
  readonly tempBytesMax: number
  /**
   * Files outside these folders can be neither read nor written, whatever SQL says. `tempDir` is always
   * among them.
   */
  readonly folders: readonly string[]
}

/** What a parameter can be. Numbers that are safe integers become BIGINT, others DOUBLE. */
export type Param = string | number | bigint | boolean | null | readonly string[] | readonly number[]

/** Plans of statements that come again and again. */
const PLANS_MAX = 16

type Plan = { readonly connection: DuckDBConnection; readonly statement: DuckDBPreparedStatement }

export class Duckdb {
  readonly #instance: DuckDBInstance
  readonly #idle: DuckDBConnection[] = []
  readonly #busy = new Set<DuckDBConnection>()
  /** By SQL, the one used last at the end; those in use are not among them. */
  readonly #plans = new Map<string, Plan>()
  #closed = false

  /** Only {@link openDuckdb} makes one. */
  constructor(instance: DuckDBInstance) {
    this.#instance = instance
  }

  /**
   * Runs one statement to its end. `stop` interrupts it (0-41 ms as measured; 5 s once, while spilling).
   * Throws `store.interrupted`, `store.memory`, `store.full`, `store.broken` (this instance is dead: end the
   * process) or `store.failed`. Messages never hold values of events.
   */
  async query(sql: string, params: readonly Param[] = [], stop?: AbortSignal): Promise<Rows> {
    if (isAborted(stop)) throw interrupted()
    const connection = await this.#take()
    const interrupter = new Interrupter(connection, stop)
    try {
      if (isAborted(stop)) throw interrupted()
      const statement = await connection.prepare(sql)
      try {
        if (isAborted(stop)) throw interrupted()
        const rows = await runPrepared(statement, params)
        if (isAborted(stop)) throw interrupted()
        return rows
      } finally {
        statement.destroySync()
      }
    } catch (error) {
      throw refusalOf(error)
    } finally {
      interrupter.end()
      this.#give(connection)
    }
  }

  /**
   * The same for a text that will come again soon: its plan is kept. Planning is half of what a statement over few records
   * costs, and more where there are many columns. Plans of tables and files that change in between are made anew by the engine.
   */
  async queryAgain(sql: string, params: readonly Param[] = []): Promise<Rows> {
    const plan = this.#takePlan(sql) ?? (await this.#makePlan(sql))
    try {
      const rows = await runPrepared(plan.statement, params)
      this.#keepPlan(sql, plan)
      return rows
    } catch (error) {
      this.#dropPlan(plan)
      throw refusalOf(error)
    }
  }

  /** Plans that name this go: before a table is dropped, so that nothing of it stays. */
  forgetPlansOf(name: string): void {
    this.#forgetPlans((sql) => sql.includes(name))
  }

  /** Interrupts whatever runs and frees the memory. */
  close(): void {
    this.#closed = true
    for (const connection of this.#busy) connection.interrupt()
    for (const connection of this.#idle) connection.closeSync()
    for (const { connection } of this.#plans.values()) connection.closeSync()
    this.#plans.clear()
    if (this.#busy.size === 0) this.#instance.closeSync()
  }

  async #makePlan(sql: string): Promise<Plan> {
    const connection = await this.#take()
    try {
      return { connection, statement: await connection.prepare(sql) }
    } catch (error) {
      this.#give(connection)
      throw refusalOf(error)
    }
  }

  /** Whoever has it is alone with it; who asks for the same meanwhile makes another. */
  #takePlan(sql: string): Plan | undefined {
    const plan = this.#plans.get(sql)
    if (plan === undefined) return undefined
    this.#plans.delete(sql)
    this.#busy.add(plan.connection)
    return plan
  }

  #keepPlan(sql: string, plan: Plan): void {
    if (this.#closed || this.#plans.has(sql)) {
      this.#dropPlan(plan)
      return
    }
    plan.statement.clearBindings()
    this.#busy.delete(plan.connection)
    this.#plans.set(sql, plan)
    const [oldest] = this.#plans.keys()
    if (this.#plans.size > PLANS_MAX && oldest !== undefined) this.#forgetPlans((text) => text === oldest)
  }

  #dropPlan({ connection, statement }: Plan): void {
    statement.destroySync()
    this.#give(connection)
  }

  #forgetPlans(goes: (sql: string) => boolean): void {
    for (const [sql, plan] of this.#plans) {
      if (!goes(sql)) continue
      this.#plans.delete(sql)
      this.#dropPlan(plan)
    }
  }

  async #take(): Promise<DuckDBConnection> {
    assert(!this.#closed, "no query after close")
    const connection = this.#idle.pop() ?? (await this.#instance.connect())
    this.#busy.add(connection)
    return connection
  }

  #give(connection: DuckDBConnection): void {
    this.#busy.delete(connection)
    if (!this.#closed) this.#idle.push(connection)
    else {
      connection.closeSync()
      if (this.#busy.size === 0) this.#instance.closeSync()
    }
  }
}

async function runPrepared(statement: DuckDBPreparedStatement, params: readonly Param[]): Promise<Rows> {
  if (params.length > 0) statement.bind(params.map(toValue), params.map(typeOf))
  return new Rows(await statement.run())
}

/**
 * DuckDB forgets an interrupt that comes while a statement is still being prepared: it is said again until
 * heard.
 */
const INTERRUPT_AGAIN_MS = 20

class Interrupter {
  readonly #stop: AbortSignal | undefined
  readonly #begin: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(connection: DuckDBConnection, stop: AbortSignal | undefined) {
    this.#stop = stop
    this.#begin = () => {
      connection.interrupt()
      this.#timer = setInterval(() => connection.interrupt(), INTERRUPT_AGAIN_MS)
    }
    stop?.addEventListener("abort", this.#begin, { once: true })
  }

  end(): void {
    this.#stop?.removeEventListener("abort", this.#begin)
    clearInterval(this.#timer)
  }
}

/** Must be closed. Settings cannot be changed afterwards, by no SQL. */
export async function openDuckdb(options: DuckdbOptions): Promise<Duckdb> {
  await mkdir(options.tempDir, { recursive: true })
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threads),
    memory_limit: `${Math.floor(options.memoryBytesMax / 1024)}KiB`,
    temp_directory: options.tempDir,
    max_temp_directory_size: `${Math.floor(options.tempBytesMax / 1024)}KiB`,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_persistent_secrets: "false",
    preserve_insertion_order: "true",
  })
  const db = new Duckdb(instance)
  const folders = [...options.folders, options.tempDir].map(quote).join(", ")
  await db.query(`SET allowed_directories = [${folders}]`)
  await db.query("SET enable_external_access = false")
  await db.query("SET lock_configuration = true")
  return db
}

/**
 * A text as SQL writes it. For file names and constants of ours; what people wrote goes in as a parameter.
 */
export function quote(text: string): string {
  assert(!text.includes("\0"), "no NUL in SQL text")
  return `'${text.replaceAll("'", "''")}'`
}

/**
 * A materialised result. It stays in DuckDB's memory until it is collected; a batch is copied when it is
 * asked for.
 */
export class Rows {
  readonly #result: DuckDBMaterializedResult
  readonly names: readonly string[]
  readonly count: number

  constructor(result: DuckDBMaterializedResult) {
    this.#result = result
    this.names = result.columnNames()
    this.count = result.rowCount
  }

  /**
   * In batches of at most 2,048 rows. Reading one copies the whole batch: ask only for columns that are used.
   */
  *batches(): Generator<Batch> {
    for (let i = 0; i < this.#result.chunkCount; i++) yield new Batch(this.#result.getChunk(i))
  }

  /** The only row of an aggregate. */
  single(): Batch {
    assert(this.count === 1, "one row was expected")
    return new Batch(this.#result.getChunk(0))
  }
}

export class Batch {
  readonly #chunk: DuckDBDataChunk
  readonly count: number

  constructor(chunk: DuckDBDataChunk) {
    this.#chunk = chunk
    this.count = chunk.rowCount
  }

  column(index: number): Column {
    return new Column(this.#chunk.getColumnVector(index))
  }

  text(index: number, row = 0): string | undefined {
    return this.column(index).text(row)
  }

  integer(index: number, row = 0): number | undefined {
    return this.column(index).integer(row)
  }
}

/** One column of a batch. Each method serves one type of SQL; NULL is undefined. */
export class Column {
  readonly #vector: DuckDBVector

  constructor(vector: DuckDBVector) {
    this.#vector = vector
  }

  isNull(row: number): boolean {
    return this.#vector.getItem(row) === null
  }

  /**
   * VARCHAR. About 1 µs for 36 bytes. A byte order mark at its start is lost (the library's decoder):
   * evidence is read with {@link bytes}.
   */
  text(row: number): string | undefined {
    const item = this.#vector.getItem(row)
    assert(item === null || typeof item === "string", "text is read from a VARCHAR")
    return item ?? undefined
  }

  /** Any integer type, as long as the value is safe; a bug otherwise: cast in SQL. */
  integer(row: number): number | undefined {
    const item = this.#vector.getItem(row)
    if (item === null) return undefined
    const value = Number(item)
    assert(Number.isSafeInteger(value), "an integer is read from an integer column")
    return value
  }

  float(row: number): number | undefined {
    const item = this.#vector.getItem(row)
    return item === null ? undefined : Number(item)
  }

  boolean(row: number): boolean | undefined {
    const item = this.#vector.getItem(row)
    return item === null ? undefined : item === true
  }

  /** UBIGINT and the like, exactly. */
  bigint(row: number): bigint | undefined {
    const item = this.#vector.getItem(row)
    if (item === null) return undefined
    assert(typeof item === "bigint", "a bigint is read from a column of 64 bits or more")
    return item
  }

  /**
   * BLOB, without a string in between: `encode(raw)` makes one of a VARCHAR (a cast fails on backslashes).
   * Read only.
   */
  bytes(row: number): Uint8Array | undefined {
    assert(this.#vector instanceof DuckDBBlobVector, "bytes are read from a BLOB")
    return this.#vector.getItemBytes(row) ?? undefined
  }
}

function toValue(param: Param): DuckDBValue {
  if (typeof param === "number" && Number.isSafeInteger(param)) return BigInt(param)
  if (typeof param !== "object" || param === null) return param
  return listValue(param.map((item) => (typeof item === "number" ? BigInt(item) : item)))
}

function typeOf(param: Param): DuckDBType {
  if (typeof param === "object" && param !== null)
    return LIST(typeof param[0] === "number" ? BIGINT : VARCHAR)
  if (typeof param === "boolean") return BOOLEAN
  if (typeof param === "bigint" || Number.isSafeInteger(param)) return BIGINT
  return typeof param === "number" ? DOUBLE : VARCHAR
}

/** Kinds of error whose text speaks of SQL and files only. Others quote values, and those are of events. */
const TELLING = /^(Parser|Binder|Catalog|IO|Permission|Invalid Configuration|Not implemented) Error: /

function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Refusal) return error
  const [line = ""] = error.message.split("\n", 1)
  const kind = /^[A-Z][A-Za-z ]{1,40} Error/i.exec(line)?.[0] ?? "error"
  if (/^INTERRUPT/i.test(line)) return interrupted()
  if (/max_temp_directory_size|No space left on device/.test(error.message)) {
    return new Refusal("store.full", "no room left to spill to, or to write")
  }
  if (/^Out of Memory/i.test(line))
    return new Refusal("store.memory", "the query needs more memory than it may have")
  if (/^(INTERNAL|FATAL)/i.test(line) || line.includes("database has been invalidated")) {
    return new Refusal("store.broken", `the engine gave up: ${kind}`)
  }
  return new Refusal("store.failed", TELLING.test(line) ? line.slice(0, 300) : kind)
}

/** A function, since the answer changes between two questions. */
function isAborted(stop: AbortSignal | undefined): boolean {
  return stop?.aborted ?? false
}

function interrupted(): Refusal {
  return new Refusal("store.interrupted", "stopped before it was done")
}
