import type { Facts, RefusalCode } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import type { Compat } from "../query/habits/index.ts"
import type { Row } from "../query/row.ts"
import type { View } from "../query/view.ts"
import type { LostRange } from "../store/seeded-block.ts"

/** A question to the search process, and what its answer may cost. */
export type QueryRequest = {
  /** LogsQL. */
  readonly text: string
  /** What becomes of other languages in it; `strict` unless given. */
  readonly compat?: Compat
  /** What times in its filters count back from. */
  readonly now: Micros
  /** The clock's time, where `now` is another one. */
  readonly clock?: Micros
  /** Rows of the answer; more are cut, with a mark. */
  readonly rowsMax: number
  readonly timeoutMs: number
  /** Bytes that steps outside of SQL (sort, uniq, stats) may hold. Default: {@link SEARCH_LIMITS}. */
  readonly memoryMax?: number
  /** Bounds on `_time` besides those in the text, both taken in. */
  readonly start?: Micros
  readonly end?: Micros
  /** The newest so many rows, after `offset` of them; asked for, so no mark. */
  readonly limit?: number
  readonly offset?: number
  /** LogsQL filters besides the query's own. */
  readonly filters?: readonly string[]
  /** Only the filter of the query counts: menus of dashboards ask so for what its pipes would take away. */
  readonly ignorePipes?: boolean
  /** What is shown of its rows; the rows themselves by default. */
  readonly view?: View
  /** Only a piece of the answer, `limit` rows of it at most; see walk.ts. */
  readonly walk?: Walk
  /** In whatever order the rows are found fastest: for readers of everything, whose sums do not depend on it. */
  readonly unordered?: boolean
  /** Rows `{"_progress":"3/24"}` between the others: parts of the ledger read, and to be read. */
  readonly progress?: boolean
}

/** The answer as one file. */
export type FileRequest = QueryRequest & { readonly file: FileFormat }
export type FileFormat = "csv" | "parquet"

/** The first piece, or the one behind `after`, which is {@link Ending.next} of the piece before it. */
export type Walk = { readonly kind: "tail" | "page"; readonly after?: string }

/** Rows as they come, and at the end how many there were and, in `partial`, why there may be more. */
export type QueryMessage =
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | ({ readonly kind: "end" } & Ending)

/** First what will be said at the end, then the file's bytes. */
export type FileMessage =
  | { readonly kind: "file"; readonly ending: Ending }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | ({ readonly kind: "end" } & Ending)

export type Ending = {
  readonly rows: number
  readonly partial?: string
  /** For the views of stats: see query/view.ts. */
  readonly measures?: readonly string[]
  /** For a walk: where the next piece begins. */
  readonly next?: string
}

/** What the parent knows and the child needs: what is committed in the journal, which records are sealed. */
export type News = {
  readonly position: { readonly file: string; readonly bytes: number; readonly next: number }
  readonly blocks: readonly SealedSeed[]
}

/** A sealed block, as far as a segment needs it. */
export type SealedSeed = {
  readonly number: number
  readonly first: number
  readonly count: number
  readonly seed: Uint8Array
  /** See store/segment.ts. */
  readonly hints?: Uint16Array
}

export type SegmentNews = {
  readonly name: string
  readonly first: number
  readonly last: number
  readonly bytes: number
  readonly sha256: string
  readonly replaces: readonly string[]
}

export type OpenRequest = {
  readonly dir: string
  /** Every segment that is sealed in the log; undefined: as the catalogue says. */
  readonly made: readonly SegmentNews[] | undefined
  /** Segments that were recorded besides. */
  readonly recorded?: readonly SegmentNews[]
  /** Records that the journal does not have, though it should: damage, found when it was opened. Nobody waits for them. */
  readonly lost?: readonly LostRange[]
  readonly limits: SearchLimits
}

export type SearchLimits = {
  /** Bytes DuckDB may use; the process needs about a third more. */
  readonly memoryMax: number
  /** Bytes the whole process may have in memory; beyond, it is ended and started again. */
  readonly residentMax: number
  /** Bytes it may spill to `tmp/`. */
  readonly tempMax: number
  readonly threads: number
  /** Queries at once that have not read much yet, and half as many besides that have; others wait. */
  readonly queriesMax: number
  /** Queries that wait; beyond, they are refused. */
  readonly waitingMax: number
  /** Bytes that steps of one query outside of SQL may hold. */
  readonly stepsMemoryMax: number
  /** A segment is made when so many sealed records wait, or the oldest has waited so long. */
  readonly segmentRecords: number
  readonly segmentWaitMs: number
}

export const SEARCH_LIMITS: SearchLimits = {
  memoryMax: 512 * 1024 ** 2,
  residentMax: 2 * 1024 ** 3,
  tempMax: 4 * 1024 ** 3,
  threads: 1,
  queriesMax: 8,
  waitingMax: 64,
  stepsMemoryMax: 128 * 1024 ** 2,
  segmentRecords: 40_000,
  segmentWaitMs: 5 * 60_000,
}

export type ToChild =
  | { readonly kind: "open"; readonly request: OpenRequest }
  | { readonly kind: "news"; readonly news: News }
  /** With the newest position: news may still be under way, and what was acknowledged is part of the answer. */
  | {
      readonly kind: "query"
      readonly id: number
      readonly request: QueryRequest | FileRequest
      readonly position: News["position"] | undefined
    }
  /** The reader has taken one `rows`: another may be sent. */
  | { readonly kind: "more"; readonly id: number }
  | { readonly kind: "cancel"; readonly id: number }
  /** Answer to `segment`: recorded and sealed, or not now. */
  | { readonly kind: "recorded"; readonly name: string; readonly ok: boolean }
  /** Make a segment of everything that is sealed, and say `flushed`. */
  | { readonly kind: "flush"; readonly id: number }
  | { readonly kind: "close" }

export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "newsTaken" }
  | { readonly kind: "rows"; readonly id: number; readonly rows: readonly Row[] }
  | { readonly kind: "file"; readonly id: number; readonly ending: Ending }
  | { readonly kind: "bytes"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly id: number; readonly ending: Ending }
  | { readonly kind: "refused"; readonly id: number; readonly refusal: SentRefusal }
  | { readonly kind: "segment"; readonly made: SegmentNews }
  | { readonly kind: "flushed"; readonly id: number }
  | { readonly kind: "trouble"; readonly refusal: SentRefusal }

export type SentRefusal = { readonly code: RefusalCode; readonly message: string; readonly facts: Facts }

/** `rows` messages under way to one reader that has not taken them. */
export const WINDOW = 4
/** Rows and characters in one message: small enough that neither side stalls on one. */
export const MESSAGE_ROWS = 500
export const MESSAGE_CHARS = 256 * 1024
