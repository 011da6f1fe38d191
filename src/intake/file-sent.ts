import { createHash } from "node:crypto"
import { formatWords, type NewRecord, type PlacedRecord } from "../event/record.ts"
import type { Content } from "./file-content.ts"

/** Records that the journal still holds, from a number on, in order. */
export type ReadDelivered = (from: number) => AsyncIterable<readonly PlacedRecord[]>

/** What a journal offers for it. */
type Readable = {
  readonly next: number
  read(from: number, limits: { recordsMax: number; bytesMax: number }): Promise<readonly PlacedRecord[]>
}

const READ_LIMITS = { recordsMax: 10_000, bytesMax: 16 * 1024 * 1024 }

/** Reads a journal in pieces, from the first record it still holds. */
export function deliveredIn(journal: Readable): ReadDelivered {
  return async function* (from) {
    for (let at = from; at < journal.next; ) {
      const records = await journal.read(at, READ_LIMITS)
      if (records.length === 0) return
      yield records
      at = (records.at(-1)?.number ?? at) + 1
    }
  }
}

/** About 20 MB. More than a run delivers between two saves of its positions; beyond it records may be kept twice. */
const SENT_MAX = 200_000

/**
 * What was made durable after the positions were last saved: after a crash the journal itself tells how far each file
 * was read, to the record, without a byte more in the ledger. The lines read again are compared with it until the
 * first that is not there.
 */
export class Sent {
  readonly #counts = new Map<string, number>()
  #size = 0

  /** Never more than a comparison: a journal that cannot tell costs duplicates, not events. */
  static async read(from: number, sources: ReadonlySet<string>, delivered: ReadDelivered): Promise<Sent> {
    const sent = new Sent()
    for await (const batch of delivered(from)) {
      for (const record of batch) {
        if (sent.#size >= SENT_MAX) return sent
        if (record.number >= from && sources.has(record.source)) sent.#add(record)
      }
    }
    return sent
  }

  get size(): number {
    return this.#size
  }

  /** The records that are not durable yet. Lines of one content were delivered in order, so the first new one ends it. */
  withoutSent(content: Content, records: readonly NewRecord[]): readonly NewRecord[] {
    if (!content.unsure) return records
    let count = 0
    for (const record of records) {
      if (!this.#remove(record)) {
        content.unsure = false
        break
      }
      count++
    }
    return records.slice(count)
  }

  #add(record: NewRecord): void {
    const key = keyOf(record)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    this.#size++
  }

  #remove(record: NewRecord): boolean {
    if (this.#size === 0) return false
    const key = keyOf(record)
    const count = this.#counts.get(key) ?? 0
    if (count === 0) return false
    this.#counts.set(key, count - 1)
    this.#size--
    return true
  }
}

function keyOf({ source, kind, words, body }: NewRecord): string {
  return createHash("sha256")
    .update(`${source} ${kind}${formatWords(words)}\n`)
    .update(body)
    .digest("base64")
}
