/**
 * Columns, SQL and Parquet: what is kept of sealed records for searching, and the tables of those not yet
 * kept.
 *
 * The way of a record: `stageJournal` copies committed lines into a file DuckDB reads; `loadStaged` makes
 * typed columns of them in a table, the tail of every query; `markDuplicates` says which repeat an earlier
 * delivery; `segmentFromTables` writes the records of sealed blocks as a Parquet file and reads it back. The
 * file counts from the moment its `segment.made` is sealed: then `Catalogue.add`, then the table may go.
 *
 *     const staged = await stageJournal({ journalDir, end, first: catalogue.next, path: join(dir, "tmp/tail") })
 *     await createTail(db, "tail_0")
 *     await loadStaged(db, "tail_0", staged)
 *     await removeStaged(staged)
 *     const { entries } = catalogue
 *     await markDuplicates({ db, dir, table: "tail_0", first: staged.first, earlier: [], entries, blooms })
 *     const entry = await segmentFromTables({ db, disk, dir, tables: ["tail_0"], blocks })
 *     // record segment.made { name, first, last, bytes, sha256, replaces }, wait until it is sealed, then:
 *     await catalogue.add(entry)
 *
 * What a query reads FROM is `relationSql({ files, tables, tablesFrom: catalogue.next })`; `MSG_SQL` is its
 * `_msg`. `writeSegment` does all of it from journal to file, for whoever keeps no tail.
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
export { COLUMNS, type Column, columnList, ident, MSG_SQL, stagedSelect } from "./columns.ts"
export {
  COMPACTION_LIMITS,
  type Compaction,
  type CompactionLimits,
  compact,
  planCompaction,
} from "./compact.ts"
export {
  type Batch,
  DUCKDB_ENVIRONMENT,
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
export {
  firstBlocks,
  type JournalSegment,
  type LostRange,
  type SeededBlock,
  type SegmentWritten,
  segmentFromTables,
  type TailSegment,
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
