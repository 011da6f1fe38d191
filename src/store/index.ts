/**
 * Columns, SQL and Parquet: what is kept of sealed records for searching, and the tables of those not yet
 * kept.
 *
 * The way of a record into a segment is `writeSegment`: `stageJournal` copies committed lines into files DuckDB reads;
 * `loadStaged` makes typed columns of them in a table; `markDuplicates` says which repeat an earlier delivery; the table
 * becomes a Parquet file, which is read back. The file counts from the moment its `segment.made` is sealed: then
 * `Catalogue.add`. Records that are in no segment yet take the same way into tables, the tail of every query.
 *
 *     const { entry } = await writeSegment({ db, disk, dir, journalDir, end, blocks, entries: catalogue.entries, blooms })
 *     // record segment.made { name, first, last, bytes, sha256, replaces }, wait until it is sealed, then:
 *     await catalogue.add(entry)
 *
 * What a query reads FROM is `relationSql({ files, tables, tablesFrom: catalogue.next })`; `MSG_SQL` is its `_msg`, once it is `withSaid`.
 *
 * Nothing here runs in the process that acknowledges. `db` is one DuckDB in memory; only `duckdb.ts` knows
 * the library.
 */
export { type Bloom, type BloomKey, bloomKey, bloomOf, formatBloom, mayHold, parseBloom } from "./bloom.ts"
export { BloomCache, type BloomCacheOptions } from "./bloom-cache.ts"
export {
  Catalogue,
  type CatalogueRequest,
  cataloguePath,
  type OpenedCatalogue,
  openCatalogue,
  type Pick,
  pickEntries,
  readCatalogue,
} from "./catalogue.ts"
export { type CatalogueEntry, formatEntry, parseEntry } from "./catalogue-entry.ts"
export { COLUMNS, type Column, columnList, ident, MSG_SQL, stagedSelect, withSaid } from "./columns.ts"
export {
  COMPACTION_LIMITS,
  type Compaction,
  type CompactionLimits,
  compact,
  planCompaction,
} from "./compact.ts"
export { DUCKDB_ENVIRONMENT } from "./duckdb-environment.ts"
export {
  type Batch,
  type Duckdb,
  type DuckdbOptions,
  openDuckdb,
  type Param,
  quote,
  type Rows,
} from "./duckdb.ts"
export { conflictsSql, type DuplicateSearch, type DuplicatesFound, markDuplicates } from "./duplicates.ts"
export { type ObjectStore, openDirectoryStore, openMemoryStore } from "./objects.ts"
export { type RelationParts, relationSql } from "./relation.ts"
export type { LostRange, SeededBlock } from "./seeded-block.ts"
export {
  firstBlocks,
  type JournalSegment,
  type SegmentWritten,
  writeSegment,
} from "./segment.ts"
export { bloomPath, isSegmentName, type SegmentMade, segmentPath, segmentsDir } from "./segment-name.ts"
export {
  type JournalCursor,
  type JournalEnd,
  STAGE_LIMITS,
  type Staged,
  type StageLimits,
  type StageRequest,
  stageJournal,
} from "./stage.ts"
export { createTail, dropTail, loadStaged, removeStaged } from "./table.ts"
