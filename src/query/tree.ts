import type { Micros } from "../base/time.ts"
import type { Bucket } from "./bucket.ts"
import type { Columns } from "./column.ts"
import type { Row } from "./row.ts"
import type { Sql } from "./sql.ts"
import type { Span } from "./time.ts"

/** A query: a filter chooses rows, pipes work on them one after another. */
export type Query = {
  readonly filter: Filter
  readonly pipes: readonly Pipe[]
  readonly options: readonly Setting[]
}
/** One of `options(…)`; `filter` is what `global_filter=(…)` holds. */
export type Setting = { readonly name: string; readonly value: string; readonly filter?: Filter }

export type Filter =
  | { readonly kind: "all" }
  | { readonly kind: "and"; readonly filters: readonly Filter[] }
  | { readonly kind: "or"; readonly filters: readonly Filter[] }
  | { readonly kind: "not"; readonly filter: Filter }
  | Leaf

/** What `now` means and how much may be held, for one run. */
export type Scene = {
  readonly now: Micros
  /** From the first to the last moment the query allows, where it has both. */
  readonly rangeSeconds?: number
}

/** One condition. Made by the files in filters/. */
export interface Leaf {
  readonly kind: "leaf"
  readonly word: string
  /** Fields it reads. */
  readonly fields: readonly string[]
  /** Canonical text, with the field's name. */
  print(): string
  /** Whether the row matches, when it is in memory. */
  matches(row: Row, scene: Scene): boolean
  /** The same in SQL. NULL counts as false. */
  where(columns: Columns, scene: Scene): Sql
  /** The only values of its field that match, where they are few: what a bloom filter can be asked. */
  readonly exactly?: readonly string[]
  /** All it says, where it is about one field and that simple: many such are one condition (fold.ts). */
  readonly says?: { readonly kind: "equals" | "phrase" | "prefix" | "anyCase"; readonly text: string }
  /** SQL cannot say it: rows are chosen by `matches`, after they were read. */
  readonly onlyInMemory?: boolean
  /** Where `_time` of a matching row lies; every row whose `_time` lies there matches. */
  bounds?(scene: Scene): Span
  /** A query that must be answered first, the field of its rows that counts, and what the filter then is. */
  readonly subquery?: {
    readonly query: Query
    readonly field: string
    readonly answered: (values: readonly string[]) => Filter
  }
}

/** Takes rows one after another. */
export interface Sink {
  /** Says false when it wants no more rows; what comes after that is ignored. */
  take(row: Row): boolean
  /** No more rows come: pass on what was held back. */
  end(): void
}

/** What pipes may hold in memory, and where they say that they dropped something. */
export interface Budget {
  /** False when `bytes` more would be too much: the caller then drops what it cannot hold. */
  charge(bytes: number): boolean
}

export type RunScene = Scene & {
  readonly budget: Budget
  /**
   * What `now()` in a formula is, and syslog times without a year are near: the clock, also where a request has `now` be a
   * time of last week (VictoriaLogs 1.52).
   */
  readonly clock: Micros
  /** From 0 up to 1. */
  readonly random: () => number
}

/** One step after the filter. Made by the files in pipes/. */
export interface Pipe {
  readonly word: string
  print(): string
  /** The step in memory: rows in, rows to `next`. */
  run(next: Sink, scene: RunScene): Sink
  /** Fields it must be given so that `after` can be had behind it. */
  needs(after: FieldSet): FieldSet
  /** What it means for reading; see plan.ts. Without it the plan stops looking further. */
  readonly shape?: PipeShape
  /** This pipe and the one after it as one, where they can be. */
  join?(next: Pipe): Pipe | undefined
  /** What `filter` keeps. */
  readonly filter?: Filter
  /** The one field that its rows have, where that is certain: what `in(query)` compares with. */
  readonly onlyField?: string
  /** Filters inside it (`if (…)`), and itself with others in their places: queries in them are answered before. */
  readonly filters?: readonly Filter[]
  withFilters?(filters: readonly Filter[]): Pipe
  /** The same for each step of a range of `_time` by itself; see view.ts. */
  perStep?(step: Bucket): Pipe
  /** Which fields of the rows behind it are results to draw, where `before` were in front of it; see view.ts. */
  measures?(before: ReadonlySet<string>): ReadonlySet<string>
  /** The query whose rows it needs, and itself once they are there. */
  readonly query?: Query
  withRows?(rows: readonly Row[]): Pipe
  /** The neighbours it needs of each record that matches, instead of a query; see search/context.ts. */
  readonly context?: StreamContext
}

/** How many records before and after another in its stream, and how far away at most. */
export type StreamContext = { readonly before: number; readonly after: number; readonly windowNanos: number }

/** How a pipe lets the plan read less. */
export type PipeShape =
  /** One row in, at most one row out, none held back; order and `_time` stay. */
  | { readonly kind: "each"; readonly keepsRows: boolean; readonly writes: readonly string[] | "any" }
  | { readonly kind: "limit"; readonly rows: number }
  | { readonly kind: "offset"; readonly rows: number }
  | {
      readonly kind: "sort"
      readonly by: readonly SortKey[]
      readonly offset: number
      readonly limit?: number
    }
  /** Rows are counted in groups; SQL can do it for each batch and the pipe joins what the batches say. */
  | { readonly kind: "group"; readonly group: (columns: Columns, scene: Scene) => Grouping | undefined }

export type SortKey = { readonly field: string; readonly descending: boolean }

/** A GROUP BY over one batch of rows. Its columns come back as text, in this order: keys, then results. */
export type Grouping = {
  readonly keys: readonly Sql[]
  readonly results: readonly Sql[]
  /** It is worth remembering what it said of whole segments, and their statistics may say it without a look at rows. */
  readonly known?: KnownGrouping
  /** Takes one group of one batch, as strings (null where SQL says NULL), and passes rows on at the end. */
  join(next: Sink, scene: RunScene): GroupSink
}

export type KnownGrouping =
  /** No keys; results count the rows that have a value in the column of that name, where there is one. */
  | { readonly kind: "filled"; readonly columns: readonly (string | undefined)[] }
  /** One key, which is this column of text as it is stored, where there is one; the only result is the number of rows. */
  | { readonly kind: "values"; readonly column: string | undefined }

/** One group as SQL says it. */
export type Values = readonly (string | null)[]

export interface GroupSink {
  take(values: Values): boolean
  end(): void
}

/** Fields a step needs: some names and prefixes (`a*`), or all but some. */
export type FieldSet =
  | { readonly kind: "some"; readonly names: ReadonlySet<string>; readonly prefixes: readonly string[] }
  | { readonly kind: "all"; readonly but: ReadonlySet<string> }
