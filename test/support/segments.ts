import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { PlacedRecord } from "../../src/event/record.ts"
import { realDisk } from "../../src/journal/disk.ts"
import { BloomCache } from "../../src/store/bloom-cache.ts"
import type { CatalogueEntry } from "../../src/store/catalogue-entry.ts"
import { type Duckdb, openDuckdb } from "../../src/store/duckdb.ts"
import { type SegmentWritten, writeSegment } from "../../src/store/segment.ts"
import { type GivenRecord, placeRecords, writeJournal } from "./journal-file.ts"

/** A ledger's directory without its log: segments are made as records are given. */
export type SegmentWorld = {
  readonly db: Duckdb
  readonly dir: string
  readonly entries: CatalogueEntry[]
  readonly blooms: BloomCache
  /** Makes the next segment, whose blocks hold `perBlock` records each. */
  segment(given: readonly GivenRecord[], perBlock?: number): Promise<SegmentWritten>
  /** The rows of a query, as JSON has them. */
  rows(sql: string): Promise<unknown[]>
  close(): Promise<void>
}

export async function openSegmentWorld(threads = 1): Promise<SegmentWorld> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-segments-"))
  const tempDir = join(dir, "tmp", "spill")
  const memoryBytesMax = 512 * 1024 * 1024
  const db = await openDuckdb({ memoryBytesMax, threads, tempDir, tempBytesMax: 2 ** 30, folders: [dir] })
  const blooms = new BloomCache({ db, dir, disk: realDisk, bytesMax: 2 ** 20 })
  const entries: CatalogueEntry[] = []
  return {
    db,
    dir,
    entries,
    blooms,
    async segment(given, perBlock = 1_000) {
      const journalDir = join(dir, "journal")
      const records = placeRecords(given, (entries.at(-1)?.last ?? -1) + 1)
      const end = await writeJournal(journalDir, records)
      const blocks = blocksOver(records, perBlock)
      const written = await writeSegment({
        db,
        disk: realDisk,
        dir,
        journalDir,
        end,
        blocks,
        entries,
        blooms,
      })
      entries.push(written.entry)
      return written
    },
    async rows(sql) {
      const rows = await db.query(`SELECT to_json(q)::VARCHAR FROM (${sql}) AS q`)
      return [...rows.batches()].flatMap((batch) =>
        Array.from({ length: batch.count }, (_, row): unknown => JSON.parse(batch.text(0, row) ?? "null")),
      )
    },
    async close() {
      db.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export function blocksOver(
  records: readonly PlacedRecord[],
  perBlock: number,
): { first: number; count: number; seed: Uint8Array }[] {
  const blocks = []
  for (let at = 0; at < records.length; at += perBlock) {
    const count = Math.min(perBlock, records.length - at)
    blocks.push({ first: (records[0]?.number ?? 0) + at, count, seed: Buffer.alloc(16, at + 1) })
  }
  return blocks
}

/** An audit event's body; the same `id` and `at` make the same event. */
export function eventBody(event: {
  readonly id: string
  readonly at: string
  readonly more?: string
}): string {
  const { id, at, more = "" } = event
  return `{"level":"Metadata","auditID":"${id}","stage":"ResponseComplete","verb":"get"${more},"stageTimestamp":"${at}"}`
}
