import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { PlacedRecord } from "../../src/event/record.ts"
import { journalName } from "../../src/journal/files.ts"
import { formatCommit, formatJournalLine, groupCrc } from "../../src/journal/line.ts"
import type { JournalEnd } from "../../src/store/stage.ts"

/** A record for a test: what is not said is that of an audit event of prod-1/apiserver-0. */
export type GivenRecord = Partial<Omit<PlacedRecord, "body">> & { readonly body: Uint8Array | string }

/** 2026-11-20T12:00:00Z */
export const NOON = Date.UTC(2026, 10, 20, 12) * 1000

export function placeRecords(given: readonly GivenRecord[], first = 0): PlacedRecord[] {
  return given.map((record, i) => ({
    number: first + i,
    n: first + i,
    receivedAt: NOON + (first + i) * 1000,
    source: "prod-1/apiserver-0",
    kind: "k8s.audit",
    words: [],
    ...record,
    body: Buffer.from(record.body),
  }))
}

/** Writes a journal file whose groups hold `perGroup` records each. */
export async function writeJournal(
  journalDir: string,
  records: readonly PlacedRecord[],
  perGroup = 3,
): Promise<JournalEnd> {
  await mkdir(journalDir, { recursive: true })
  const pieces: Uint8Array[] = []
  for (let at = 0; at < records.length; at += perGroup) {
    const group = records.slice(at, at + perGroup)
    const lines = Buffer.concat(group.map(formatJournalLine))
    const counted = { group: at, first: group[0]?.number ?? 0, count: group.length }
    pieces.push(lines, Buffer.from(formatCommit({ ...counted, crc: groupCrc(lines, counted) })))
  }
  const first = records[0]?.number ?? 0
  const bytes = Buffer.concat(pieces)
  await writeFile(join(journalDir, journalName(first)), bytes)
  return { file: journalName(first), bytes: bytes.length, next: first + records.length }
}
