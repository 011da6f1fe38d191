import { createHmac, hash } from "node:crypto"
import { assert } from "../base/assert.ts"
import { isRefusal } from "../base/refusal.ts"
import type { QuarantineCode } from "../event/quarantine.ts"
import type { Hints } from "../event/recognise.ts"
import { areWords, type NewRecord, type Words } from "../event/record.ts"
import type { Redactor } from "../event/redact.ts"
import { sliceEvents } from "../event/slice.ts"

/** What is taken out of an event before it is kept, and the key that lets its owner prove later what was there. */
export type Redaction = {
  readonly redact: Redactor
  /** Secret, ≥ 32 bytes; it stays when the original is gone. */
  readonly key: Uint8Array
  /** Told the rules that took something out of one event. */
  readonly onRedacted?: (rules: readonly string[]) => void
}

export type Reception = {
  /** Decided by the credential or the path, never by the body. */
  readonly source: string
  /** Undefined: nothing is redacted. */
  readonly redactor: Redaction | undefined
  /** Said of every record of this body: `imported`, `reencoded`. */
  readonly words?: Words
}

/** What one received body became. */
export type Batch = {
  readonly records: readonly NewRecord[]
  /** What is cheaply known of those that are events: for counters. */
  readonly events: readonly Hints[]
}

/**
 * The records of one received body, in its order: exact bytes of each event, redacted before anything else sees them.
 * What cannot be understood comes back marked `quarantined`; an empty list has no records.
 * Throws `event.notJson` when the body is not JSON at all: {@link toLogRecord} keeps it even so.
 */
export function toBatch(body: Uint8Array, reception: Reception): Batch {
  const records: NewRecord[] = []
  const events: Hints[] = []
  for (const item of sliceEvents(body).items) {
    records.push(toRecord(body.subarray(item.start, item.end), "k8s.audit", item, reception))
    if (item.hints !== undefined) events.push(item.hints)
  }
  return { records, events }
}

/** The whole body as one quarantined record of kind `log`: for bytes that {@link toBatch} refused. */
export function toLogRecord(body: Uint8Array, reception: Reception): NewRecord {
  return toRecord(body, "log", { quarantined: "syntax" }, reception)
}

/** {@link toBatch}, or {@link toLogRecord} where the body is not JSON: for sources that nobody waits for. */
export function toBatchOrLog(body: Uint8Array, reception: Reception): Batch {
  try {
    return toBatch(body, reception)
  } catch (error) {
    if (!isRefusal(error, "event.notJson")) throw error
    return { records: [toLogRecord(body, reception)], events: [] }
  }
}

/**
 * Word `original` of a redacted record (docs/FORMAT.md, 'Redaction rules'): HMAC(HMAC(key, SHA-256(redacted)), original), base64.
 * Proving one later discloses only the inner value, which is good for this one record.
 */
export function originalDigest(key: Uint8Array, redacted: Uint8Array, original: Uint8Array): string {
  const inner = createHmac("sha256", key)
    .update(hash("sha256", redacted, "buffer"))
    .digest()
  return createHmac("sha256", inner).update(original).digest("base64")
}

/** What is known of one item's bytes; neither for a body that is not JSON. */
export type Known = { readonly quarantined?: QuarantineCode | undefined; readonly hints?: Hints | undefined }

export function toRecord(
  body: Uint8Array,
  kind: string,
  { quarantined, hints }: Known,
  { source, redactor, words = [] }: Reception,
): NewRecord {
  const hit = redactor?.redact(body, hints)
  if (hit === undefined && quarantined === undefined) return { source, kind, words, body }

  const marks: (readonly [string, string])[] = [...words]
  if (quarantined !== undefined) marks.push(["quarantined", quarantined])
  if (hit !== undefined && redactor !== undefined) {
    marks.push(["original", originalDigest(redactor.key, hit.body, body)])
    redactor.onRedacted?.(hit.redacted)
  }
  marks.sort(([a], [b]) => (a < b ? -1 : 1))
  assert(areWords(marks), "words of a received record are in their alphabet and given once")
  return { source, kind, words: marks, body: hit?.body ?? body }
}
