import type { Micros } from "../base/time.ts"
import { type Sql, trusted } from "../query/sql.ts"
import { MICROS_LAST, type Span } from "../query/time.ts"
import { type CatalogueEntry, pickEntries } from "../store/catalogue.ts"
import { columnList, ident, SAID, withSaid } from "../store/columns.ts"
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
  const segments = pickEntries(snapshot.segments, {
    ...(first > -MICROS_LAST ? { timeMin: first } : {}),
    ...(last < MICROS_LAST ? { timeMax: last } : {}),
  })
  const tail = snapshot.tail.filter((table) => table.timeMax >= first && table.timeMin <= last)
  const sound = segments.filter(snapshot.isSame)
  return [...tail.map(ofTail), ...sound.map((entry) => ofSegment(snapshot.dir, entry))].sort(
    (a, b) => b.timeMax - a.timeMax || b.last - a.last,
  )
}

/** The sources that hold one of the records, whatever their times. */
export function allSources(snapshot: Snapshot): readonly Source[] {
  return [...snapshot.tail.map(ofTail), ...snapshot.segments.map((entry) => ofSegment(snapshot.dir, entry))]
}

function ofSegment(dir: string, entry: CatalogueEntry): Source {
  const { first, last, timeMin, timeMax, rows } = entry
  return { file: segmentPath(dir, entry.name), first, last, timeMin, timeMax, rows, segment: entry }
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
 * One relation over several sources: files are read as one, tables are added. `asked` is what a statement selects and
 * filters by: where it names the message of records, the relation has it.
 */
export function relationOf(sources: readonly Source[], ...asked: readonly Sql[]): Sql {
  const plain = plainRelation(sources)
  return asked.some(({ text }) => text.includes(SAID)) ? trusted(withSaid(plain)) : trusted(plain)
}

function plainRelation(sources: readonly Source[]): string {
  const files = sources.flatMap(({ file }) => (file === undefined ? [] : [quote(file)]))
  const list = `read_parquet([${files.join(", ")}], hive_partitioning = false)`
  const tables = sources.flatMap(({ table, first, last }) =>
    table === undefined ? [] : [`FROM ${ident(table)} WHERE "record" BETWEEN ${first} AND ${last}`],
  )
  if (tables.length === 0) return list
  const parts = files.length === 0 ? tables : [`FROM ${list}`, ...tables]
  return `(${parts.map((part) => `SELECT ${columnList()} ${part}`).join(" UNION ALL ")})`
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
export function coverage(snapshot: Snapshot): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = []
  for (const { first, last } of allSources(snapshot).toSorted((a, b) => a.first - b.first)) {
    const before = ranges.at(-1)
    if (before !== undefined && before[1] + 1 >= first) before[1] = Math.max(before[1], last)
    else if (last >= first) ranges.push([first, last])
  }
  return ranges
}
