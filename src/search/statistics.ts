import { type Duckdb, quote } from "../store/duckdb.ts"
import type { Source } from "./snapshot.ts"

/** What the statistics in a segment's file say of a column; `rows` of it have a value, which may be the empty text. */
export type ColumnFacts = {
  readonly rows: number
  readonly nulls: number
  readonly isText: boolean
  /** The least and the greatest value as text; undefined where there is none, or the file does not say it exactly. */
  readonly least: string | undefined
  readonly greatest: string | undefined
}

export type SegmentFacts = ReadonlyMap<string, ColumnFacts>

/** Segments whose facts are kept, some 8 KB each; of more none are used: asking each again costs more than it saves. */
const SEGMENTS_MAX = 1_000
/** Segments asked in one statement, 1.3 ms each. */
const SEGMENTS_AT_ONCE = 64

/** Statistics of whole segments, which never change: read once, instead of columns that say the same in every row. */
export class Statistics {
  readonly #db: Duckdb
  /** By sha256; the one unused longest first. */
  readonly #known = new Map<string, SegmentFacts>()

  constructor(db: Duckdb) {
    this.#db = db
  }

  /** Of those of the sources that are segments; of none where they are too many. */
  async of(sources: readonly Source[], stop: AbortSignal): Promise<ReadonlyMap<Source, SegmentFacts>> {
    const segments = sources.filter(({ segment }) => segment !== undefined)
    if (segments.length > SEGMENTS_MAX) return new Map()
    const fresh = segments.filter(({ segment }) => !this.#known.has(segment?.sha256 ?? ""))
    for (let at = 0; at < fresh.length; at += SEGMENTS_AT_ONCE)
      await this.#ask(fresh.slice(at, at + SEGMENTS_AT_ONCE), stop)
    const found = new Map<Source, SegmentFacts>()
    for (const source of segments) {
      const sha256 = source.segment?.sha256 ?? ""
      const facts = this.#known.get(sha256)
      if (facts === undefined) continue
      found.set(source, facts)
      this.#known.delete(sha256)
      this.#known.set(sha256, facts)
    }
    for (const [oldest] of this.#known) {
      if (this.#known.size <= SEGMENTS_MAX) break
      this.#known.delete(oldest)
    }
    return found
  }

  async #ask(sources: readonly Source[], stop: AbortSignal): Promise<void> {
    const files = sources.map(({ file = "" }) => quote(file)).join(", ")
    const rows = await this.#db.query(
      `SELECT "file_name", "path_in_schema", CAST(sum("num_values") AS BIGINT), CAST(sum("stats_null_count") AS BIGINT),
         any_value("type") = 'BYTE_ARRAY', min("stats_min_value"), max("stats_max_value"),
         bool_and("stats_null_count" = "num_values" OR (coalesce("min_is_exact" AND "max_is_exact", FALSE)
           AND "stats_min_value" IS NOT NULL AND "stats_max_value" IS NOT NULL))
       FROM parquet_metadata([${files}]) GROUP BY "file_name", "path_in_schema"
       HAVING bool_and("stats_null_count" IS NOT NULL)`,
      [],
      stop,
    )
    const byFile = new Map<string, Map<string, ColumnFacts>>()
    for (const batch of rows.batches()) {
      const columns = Array.from({ length: rows.names.length }, (_, i) => batch.column(i))
      const [file, name, all, nulls, isText, least, greatest, exact] = columns
      for (let i = 0; i < batch.count; i++) {
        const facts = byFile.get(file?.text(i) ?? "") ?? new Map<string, ColumnFacts>()
        byFile.set(file?.text(i) ?? "", facts)
        const isExact = exact?.boolean(i) === true
        facts.set(name?.text(i) ?? "", {
          rows: all?.integer(i) ?? 0,
          nulls: nulls?.integer(i) ?? 0,
          isText: isText?.boolean(i) === true,
          least: isExact ? least?.text(i) : undefined,
          greatest: isExact ? greatest?.text(i) : undefined,
        })
      }
    }
    for (const { file = "", segment } of sources) {
      const facts = byFile.get(file)
      if (facts !== undefined && segment !== undefined) this.#known.set(segment.sha256, facts)
    }
  }
}

/** How many rows have a value that is not the empty text; undefined where the statistics do not say. */
export function filledRows(facts: ColumnFacts | undefined): number | undefined {
  if (facts === undefined) return undefined
  const { rows, nulls, isText, least } = facts
  if (nulls === rows) return 0
  return isText && (least === undefined || least === "") ? undefined : rows - nulls
}

/** Each value of a column of text with its count, null for rows without one, where there is at most one value. */
export function fewValues(
  facts: ColumnFacts | undefined,
): readonly (readonly [value: string | null, rows: number])[] | undefined {
  if (facts === undefined || !facts.isText) return undefined
  const { rows, nulls, least, greatest } = facts
  if (nulls === rows) return [[null, rows]]
  if (least === undefined || least !== greatest) return undefined
  return nulls === 0
    ? [[least, rows]]
    : [
        [least, rows - nulls],
        [null, nulls],
      ]
}
