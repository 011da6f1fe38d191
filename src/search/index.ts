/**
 * Search: plans of query/ run over segments and the journal's tail. DuckDB lives in a process of its own, forked by
 * {@link openSearch}; when that one is slow, out of memory or dead, intake goes on, queries are refused with
 * `search.unavailable`, and it is started again.
 *
 *     const search = openSearch({ dir, onSegment, heldByJournal, onTrouble })
 *     search.inform({ position: journal.position(), blocks: sealer.unsegmented() })
 *     for await (const message of search.query({ text, now, rowsMax: 1_000, timeoutMs: 30_000 }, stop)) …
 *
 * Each query sees one snapshot: every record committed when it began, once. Rows are string maps; the last message says how
 * many there were and, in `partial`, which limit cut the answer. {@link openLocalSearch} does the same without a server.
 */
export { type LocalSearch, openLocalSearch } from "./local.ts"
export {
  type News,
  type QueryMessage,
  type QueryRequest,
  SEARCH_LIMITS,
  type SealedSeed,
  type SearchLimits,
  type SegmentNews,
} from "./message.ts"
export { openSearch, type SearchOptions, type SearchProcess } from "./process.ts"
