import type { Micros } from "../base/time.ts"
import { type Sql, trusted } from "../query/sql.ts"
import type { Span } from "../query/time.ts"
import type { CatalogueEntry } from "../store/catalogue.ts"
import { columnsNamedIn, ident, SAID, withSaid } from "../store/columns.ts"
import { quote } from "../store/duckdb.ts"
import { segmentPath } from "../store/segment-name.ts"

/** Records that are in no segment yet, in a table of the search process. */
export type TailTable = {
  readonly name: string
  /** First record that counts; those before are in segments already. */
  readonly first: number
  /** Number after its last record. */
  readonly next: number
  readonly timeMin: Micros
  readonly timeMax: Micros
  /** Some of its records repeat others. */
  readonly repeats: boolean
}

/** What one query sees from its beginning to its end: every record once, in a segment or in the tail. */
export type Snapshot = {
  readonly dir: string
  readonly segments: readonly CatalogueEntry[]
  readonly tail: readonly TailTable[]
  /** Whether a segment's file is the one it was; to be asked before it is read. */
  readonly isSame: (segment: CatalogueEntry) => boolean
  /** Tables may be dropped from now on. Call once. */
  release(): void
}

/** A part of the ledger that can be read by itself. */
export type Source = {
  /** Path of a segment, or name of a table. */
  readonly file?: string
  readonly table?: string
  readonly first: number
  readonly last: number
  readonly timeMin: Micros
  readonly timeMax: Micros
  readonly rows: number
  /** For a table: some of its records repeat others. */
  readonly repeats?: boolean
  readonly segment: CatalogueEntry | undefined
}

/** The sources in which `_time` may lie within the span, newest first. */
export function sourcesIn(snapshot: Snapshot, { first, last }: Span): readonly Source[] {
  if (first > last) return []
  const isWithin = ({ timeMin, timeMax }: { readonly timeMin: Micros; readonly timeMax: Micros }) =>
    timeMax >= first && timeMin <= last
  const segments = snapshot.segments.filter(isWithin).map((entry) => new SegmentSource(snapshot.dir, entry))
  return [...segments, ...snapshot.tail.filter(isWithin).map(ofTail)].sort(
    (a, b) => b.timeMax - a.timeMax || b.last - a.last,
  )
}

/** Those that can be read; to be asked just before that, since each file costs a question to the system. */
export function soundOf({ isSame }: Snapshot, sources: readonly Source[]): readonly Source[] {
  return sources.filter(({ segment }) => segment === undefined || isSame(segment))
}

/** The sources that hold one of the records, whatever their times. */
export function allSources(snapshot: Snapshot): readonly Source[] {
  return [
    ...snapshot.tail.map(ofTail),
    ...snapshot.segments.map((entry) => new SegmentSource(snapshot.dir, entry)),
  ]
}

class SegmentSource implements Source {
  readonly #dir: string
  readonly segment: CatalogueEntry
  readonly first: number
  readonly last: number
  readonly timeMin: Micros
  readonly timeMax: Micros
  readonly rows: number

  constructor(dir: string, entry: CatalogueEntry) {
    this.#dir = dir
    this.segment = entry
    this.first = entry.first
    this.last = entry.last
    this.timeMin = entry.timeMin
    this.timeMax = entry.timeMax
    this.rows = entry.rows
  }

  /** Of those that are read only: the paths of ten thousand take longer than choosing among them. */
  get file(): string {
    return segmentPath(this.#dir, this.segment.name)
  }
}

function ofTail({ name, first, next, timeMin, timeMax, repeats }: TailTable): Source {
  return {
    table: name,
    first,
    last: next - 1,
    timeMin,
    timeMax,
    rows: next - first,
    repeats,
    segment: undefined,
  }
}

/**
 * One relation over several sources: files are read as one, tables are added. It has the columns that the text of a statement
 * over it names, and the message of records where that is among them.
 */
export function relationOf(sources: readonly Source[], statement: string): Sql {
  if (!statement.includes(SAID)) return trusted(plainRelation(sources, columnsNamedIn(statement)))
  return trusted(withSaid(plainRelation(sources, columnsNamedIn(statement + withSaid("")))))
}

function plainRelation(sources: readonly Source[], columns: string): string {
  const files = sources.flatMap(({ file }) => (file === undefined ? [] : [quote(file)]))
  const list = `read_parquet([${files.join(", ")}], hive_partitioning = false)`
  const tables = sources.flatMap(({ table, first, last }) =>
    table === undefined ? [] : [`FROM ${ident(table)} WHERE "record" BETWEEN ${first} AND ${last}`],
  )
  if (tables.length === 0) return list
  const parts = files.length === 0 ? tables : [`FROM ${list}`, ...tables]
  return `(${parts.map((part) => `SELECT ${columns} ${part}`).join(" UNION ALL ")})`
}

/** Rows of one statement: enough to make little of what a statement costs, few enough for a result to be seen early. */
const BATCH_ROWS = 600_000
const BATCH_FILES = 24

/** Sources in groups, in their order; with `startRows` the first ones are small, since an answer may be among them. */
export function batches(
  sources: readonly Source[],
  { startRows = Number.POSITIVE_INFINITY, mostRows = BATCH_ROWS } = {},
): readonly (readonly Source[])[] {
  const groups: Source[][] = []
  let rowsMax = Math.min(startRows, mostRows)
  let rows = Number.POSITIVE_INFINITY
  for (const source of sources) {
    const group = groups.at(-1)
    if (group === undefined || rows + source.rows > rowsMax || group.length >= BATCH_FILES) {
      groups.push([source])
      rows = source.rows
      if (groups.length > 1) rowsMax = Math.min(mostRows, rowsMax * 3)
    } else {
      group.push(source)
      rows += source.rows
    }
  }
  return groups
}

/** Which records there are, as ranges without gaps between them: [first, last]. */
export function coverage({ segments, tail }: Snapshot): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = []
  const tables = tail.map(({ first, next }) => ({ first, last: next - 1 }))
  for (const { first, last } of [...segments, ...tables].sort((a, b) => a.first - b.first)) {
    const before = ranges.at(-1)
    if (before !== undefined && before[1] + 1 >= first) before[1] = Math.max(before[1], last)
    else if (last >= first) ranges.push([first, last])
  }
  return ranges
}
