import { asBuffer } from "../base/buffer.ts"
import { parseEvent, textAt } from "../event/parse.ts"
import { bloomKey } from "../store/bloom.ts"
import { BloomCache } from "../store/bloom-cache.ts"
import type { Duckdb } from "../store/duckdb.ts"
import { isSegmentName, segmentPath } from "../store/segment-name.ts"
import type { Snapshot } from "./snapshot.ts"
import { verifyJournal } from "./verify-journal.ts"

const BLOOM_BYTES_MAX = 64 * 1024 * 1024

/** Numbers of the records with an auditID and a stage, ascending: every delivery there is, in segments and in the journal. */
export async function findByAuditId(
  which: { readonly auditId: string; readonly stage: string },
  ledger: { readonly dir: string; readonly snapshot: Snapshot; readonly db: Duckdb },
): Promise<readonly number[]> {
  const numbers = new Set<number>()
  for (const name of await segmentsToRead(which.auditId, ledger)) {
    for (const record of await inSegment(ledger.db, segmentPath(ledger.dir, name), which)) numbers.add(record)
  }
  const needle = Buffer.from(JSON.stringify(which.auditId))
  for (const { number, body } of verifyJournal(ledger.snapshot.journal).records(0)) {
    if (asBuffer(body).includes(needle) && isThat(body, which)) {
      numbers.add(number)
    }
  }
  return [...numbers].sort((a, b) => a - b)
}

/** Filters spare most files; what the catalogue does not list is read. */
async function segmentsToRead(
  auditId: string,
  { dir, snapshot, db }: { readonly dir: string; readonly snapshot: Snapshot; readonly db: Duckdb },
): Promise<readonly string[]> {
  const names = snapshot.segmentFiles.filter(isSegmentName)
  const there = new Set(names)
  const entries = snapshot.catalogue.entries.filter(({ name }) => there.has(name))
  const listed = new Set(entries.map(({ name }) => name))
  const key = bloomKey(auditId)
  if (key === undefined) return names
  const cache = new BloomCache({ db, dir, disk: undefined, bytesMax: BLOOM_BYTES_MAX })
  const kept = await cache.prune(entries, [key])
  return [...kept.map(({ name }) => name), ...names.filter((name) => !listed.has(name))]
}

async function inSegment(
  db: Duckdb,
  path: string,
  { auditId, stage }: { readonly auditId: string; readonly stage: string },
): Promise<number[]> {
  const sql = `SELECT record FROM read_parquet([?]) WHERE "auditID" = ? AND "stage" = ?`
  const numbers: number[] = []
  for (const batch of (await db.query(sql, [path, auditId, stage])).batches()) {
    const column = batch.column(0)
    for (let row = 0; row < batch.count; row++) numbers.push(column.integer(row) ?? -1)
  }
  return numbers
}

function isThat(
  body: Uint8Array,
  { auditId, stage }: { readonly auditId: string; readonly stage: string },
): boolean {
  const event = parseEvent(body)
  return event !== undefined && textAt(event, "auditID") === auditId && textAt(event, "stage") === stage
}
