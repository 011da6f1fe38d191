import { utf8 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { clockJump, heartbeat, loss } from "../journal/control.ts"
import {
  type ControlKind,
  controlKind,
  controlKindOf,
  count,
  listOf,
  optional,
  pattern,
  rowOf,
  source,
  text,
} from "../journal/control-kind.ts"

/**
 * Control records: what the ledger says of itself, in its own records (kind and source `tallystick`). `verify` obeys
 * them, so each has one strict form; docs/FORMAT.md, 'Control records', has an example of each. A new member or meaning
 * is a new version.
 */

const sha256Hex = pattern(/^[0-9a-f]{64}$/)
/** A path below the ledger's `segments/`. */
const segmentName = pattern(/^date=\d{4}-\d{2}-\d{2}\/\d{1,16}-\d{1,16}-[0-9a-f]{16}\.parquet$/)

/** Record 0. */
export const ledgerCreated = controlKind("ledger.created", 1, {
  origin: text,
  /** Verifier key that signs the first checkpoint. */
  key: text,
  /** Last signed checkpoint of the ledger that this one follows. */
  predecessor: optional(text),
})

/** The log changes its key. The note is {@link formatKeyRotation}, signed by both keys. */
export const keyRotated = controlKind("key.rotated", 1, { note: text })

/** A segment file is durable and checked: the journal may forget its records. */
export const segmentMade = controlKind("segment.made", 1, {
  name: segmentName,
  first: count,
  last: count,
  bytes: count,
  sha256: sha256Hex,
  /** Segments over the same records that this one takes the place of. */
  replaces: listOf(segmentName),
})

/** Records from `first` to `last` are destroyed by rule, bodies and lines. Sealed before anything is deleted. */
export const rangePurged = controlKind("range.purged", 1, {
  first: count,
  last: count,
  /** The segments that go. */
  segments: listOf(segmentName),
  /** Name of the retention rule, or of whoever asked. */
  by: text,
  reason: text,
})

/** Body and salt of one record are destroyed; its line and digest stay. Sealed before anything is deleted. */
export const recordErased = controlKind("record.erased", 1, {
  record: count,
  source,
  n: count,
  /** As in the record's line. */
  digest: pattern(/^[A-Za-z0-9+/]{43}=$/),
  by: text,
  reason: text,
})

/** An import is complete; its records carry the word `imported=<id>`. */
export const importDone = controlKind("import.done", 1, {
  id: pattern(/^[\x21-\x7e]{1,128}$/),
  /** What was imported, as its user named it. */
  name: text,
  bytes: count,
  sha256: sha256Hex,
  records: count,
  first: count,
  last: count,
})

/** What Tallystick did (started, a policy in force, a query, an export, a hold, an alert): told, and without power. */
export const did = controlKind("did", 1, {
  what: pattern(/^[a-z][a-zA-Z.]{0,63}$/),
  facts: listOf(rowOf(text, text)),
})

export const CONTROLS = {
  "ledger.created": ledgerCreated,
  "key.rotated": keyRotated,
  "segment.made": segmentMade,
  "range.purged": rangePurged,
  "record.erased": recordErased,
  "import.done": importDone,
  clock: clockJump,
  loss,
  heartbeat,
  did,
} as const satisfies Readonly<Record<string, ControlKind<unknown>>>

export type ControlName = keyof typeof CONTROLS
type ValueOf<K> = K extends ControlKind<infer V> ? V : never

/** A control record, by its kind. */
export type Control = {
  [K in ControlName]: { readonly kind: K; readonly value: ValueOf<(typeof CONTROLS)[K]> }
}[ControlName]

/** Reads the body of any control record. Refuses (`control.malformed`) what no version known here has written. */
export function parseControl(body: Uint8Array): Control {
  const kind = controlKindOf(body)
  const written = utf8(body)
  if (kind === undefined || written === undefined || !isControlName(kind)) {
    throw new Refusal("control.malformed", `not a control record: ${JSON.stringify(kind ?? "no kind")}`)
  }
  // Kind and value come out of the same row of the table.
  return { kind, value: CONTROLS[kind].parse(written) } as Control
}

function isControlName(kind: string): kind is ControlName {
  return Object.hasOwn(CONTROLS, kind)
}
