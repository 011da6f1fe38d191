import { mkdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { assert } from "../base/assert.ts"
import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { type Disk, replaceFile } from "../journal/disk.ts"
import { RUN_RECORDS } from "./alike.ts"
import { bloomOf, formatBloom } from "./bloom.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import { columnList, ident } from "./columns.ts"
import { type Batch, type Duckdb, quote } from "./duckdb.ts"
import { hashFile } from "./hash-file.ts"
import { bloomPath, type SegmentOrder, segmentName, segmentPath, segmentsDir } from "./segment-name.ts"
import { sortRows } from "./sort.ts"

/** Orders in which segments are written; see {@link SegmentOrder} for what each is for. */
export type WrittenOrder = Exclude<SegmentOrder, "record">

/** How a segment file is written, and the keys that its rows are sorted by where they are not in order yet. */
export const SEGMENT_FORMS: Readonly<
  Record<WrittenOrder, { readonly zstd: number; readonly by: readonly string[] }>
> = {
  alike: {
    zstd: 2,
    by: [
      `"record" // ${RUN_RECORDS}`,
      ...["objectRef.resource", "verb", "user.username", "record"].map(ident),
    ],
  },
  key: {
    zstd: 9,
    by: ["objectRef.resource", "verb", "user.username", "objectRef.name", "record"].map(ident),
  },
}

/** Written into the footer, so that a file can be told without the ledger. */
const FORMAT = "tallystick/segment/v2"
/** The orders that a file of each format may have. */
const ORDERS: Readonly<Record<string, readonly SegmentOrder[]>> = {
  "tallystick/segment/v1": ["record", "key"],
  [FORMAT]: ["alike", "key"],
}

/** What is in a relation with the columns of a segment, for comparing two and for the catalogue. */
export type Summary = {
  readonly rows: number
  readonly first: number
  readonly last: number
  readonly timeMin: Micros
  readonly timeMax: Micros
  readonly receivedMin: Micros
  readonly receivedMax: Micros
  /** When the record with the lowest number was received. */
  readonly firstReceived: Micros
  /** Exclusive or of a hash over all columns of each row: the same for the same rows in any order. */
  readonly checksum: bigint
}

/** SQL of a {@link Summary} over a relation. Everything is read; footers are not believed. */
function summarySql(relation: string): string {
  return `SELECT count(*), min("record" + 0), max("record" + 0), min(epoch_us("_time")), max(epoch_us("_time")),
    min(epoch_us("receivedAt")), max(epoch_us("receivedAt")), arg_min(epoch_us("receivedAt"), "record"),
    bit_xor(hash(${columnList()})) FROM ${relation}`
}

function toSummary(row: Batch): Summary {
  const integer = (index: number) => row.integer(index) ?? 0
  return {
    rows: integer(0),
    first: integer(1),
    last: integer(2),
    timeMin: integer(3),
    timeMax: integer(4),
    receivedMin: integer(5),
    receivedMax: integer(6),
    firstReceived: integer(7),
    checksum: row.column(8).bigint(0) ?? 0n,
  }
}

export async function summarise(db: Duckdb, relation: string): Promise<Summary> {
  return toSummary((await db.query(summarySql(relation))).single())
}

/** Of a segment file. Throws `segment.malformed` for a Parquet file that is none of ours. */
export async function readSummary(
  db: Duckdb,
  path: string,
): Promise<Summary & { readonly order: SegmentOrder }> {
  const order = await readOrder(db, path)
  return { ...(await summarise(db, `read_parquet(${quote(path)})`)), order }
}

async function readOrder(db: Duckdb, path: string): Promise<SegmentOrder> {
  const rows = await db.query(
    `SELECT decode("key"), decode("value") FROM parquet_kv_metadata(${quote(path)}) WHERE decode("key") IN ('format', 'order')`,
  )
  const found = new Map<string | undefined, string | undefined>()
  for (const batch of rows.batches()) {
    for (let row = 0; row < batch.count; row++) found.set(batch.text(0, row), batch.text(1, row))
  }
  const order = ORDERS[found.get("format") ?? ""]?.find((one) => one === found.get("order"))
  if (order === undefined) {
    throw new Refusal("segment.malformed", `neither format nor order of a segment are in it: ${path}`)
  }
  return order
}

export type SegmentRows = {
  readonly db: Duckdb
  readonly disk: Disk
  /** The ledger's directory. */
  readonly dir: string
  /** A relation with {@link COLUMNS}: the rows of the segment, in any order. */
  readonly relation: string
  readonly order: WrittenOrder
  /** `relation` gives its rows in this order already. */
  readonly inOrder: boolean
  readonly replaces: readonly string[]
}

/**
 * Writes the rows as a segment: to a temporary file, read back whole and compared, synced, renamed, folder
 * synced, and a Bloom filter beside it. A crash before the rename leaves a temporary file, after it a file
 * without a `segment.made`: both are ignored, and made again. Throws `segment.unlike` when the file does not
 * read back as it was to be written.
 */
export async function writeSegmentFile(rows: SegmentRows): Promise<CatalogueEntry> {
  const { db, disk, dir, relation, order, replaces } = rows
  const wanted = await summarise(db, relation)
  assert(wanted.rows > 0, "a segment holds at least one record")
  const { first, last, timeMin, timeMax, receivedMin, receivedMax } = wanted
  const temporary = join(dir, "tmp", `segment-${first}-${last}.parquet`)
  const { sha256, bytes, name } = await copied().catch(async (error: unknown) => {
    await rm(temporary, { force: true }) // on a full disk each try would take what room there is
    throw error
  })
  await makeBloom(db, disk, dir, { name, sha256 })
  const made = { name, first, last, bytes, sha256, replaces }
  return { ...made, rows: wanted.rows, order, timeMin, timeMax, receivedMin, receivedMax }

  async function copied() {
    await copyRows(rows, temporary)
    const found = await summarise(db, `read_parquet(${quote(temporary)})`)
    if (!sameSummary(found, wanted)) {
      const which = `${wanted.rows} records from ${first} on`
      throw new Refusal("segment.unlike", `${which} do not read back as written`)
    }
    const { sha256, bytes } = await hashFile(temporary)
    const name = segmentName({ first, last, receivedAt: wanted.firstReceived, sha256 })
    await publish(disk, temporary, dir, name)
    return { sha256, bytes, name }
  }
}

async function copyRows({ db, dir, relation, order, inOrder }: SegmentRows, path: string): Promise<void> {
  if (inOrder) {
    await db.query(copySql(relation, order, path))
    return
  }
  const sorted = await sortRows({ db, dir, relation, by: SEGMENT_FORMS[order].by })
  try {
    await db.query(copySql(sorted.relation, order, path))
  } finally {
    await sorted.remove()
  }
}

/** Reads the auditIDs of a segment and puts their filter beside it, in the place of any that is there. */
export async function makeBloom(
  db: Duckdb,
  disk: Disk,
  dir: string,
  { name, sha256 }: { readonly name: string; readonly sha256: string },
): Promise<void> {
  const bloom = await bloomOf(db, segmentPath(dir, name))
  const path = bloomPath(dir, name)
  const temporary = join(dir, "tmp", `${sha256.slice(0, 16)}.bloom`)
  await replaceFile(disk, { path, temporary, folder: dirname(path) }, formatBloom(bloom, sha256))
}

function copySql(relation: string, order: WrittenOrder, path: string): string {
  return `COPY (SELECT ${columnList()} FROM ${relation}) TO ${quote(path)} (
    FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL ${SEGMENT_FORMS[order].zstd}, ROW_GROUP_SIZE ${RUN_RECORDS},
    PARQUET_VERSION V2, KV_METADATA { format: ${quote(FORMAT)}, "order": ${quote(order)} })`
}

function sameSummary(a: Summary, b: Summary): boolean {
  return a.rows === b.rows && a.first === b.first && a.last === b.last && a.checksum === b.checksum
}

/** DuckDB syncs nothing (COPY never calls fsync). */
async function publish(disk: Disk, temporary: string, dir: string, name: string): Promise<void> {
  const file = await disk.create(temporary)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  const path = segmentPath(dir, name)
  await mkdir(dirname(path), { recursive: true })
  await disk.syncFolder(dir)
  await disk.syncFolder(segmentsDir(dir))
  await disk.rename(temporary, path)
  await disk.syncFolder(dirname(path))
}
