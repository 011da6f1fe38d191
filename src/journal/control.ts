import {
  type ControlKind,
  controlKind,
  count,
  integer,
  listOf,
  rowOf,
  source,
  text,
  time,
  wordOf,
} from "./control-kind.ts"

/**
 * The control records that the journal itself writes. The others, and what all have in common, are in `seal/control.ts`;
 * docs/FORMAT.md, 'Control records', has an example of each.
 */

/** Every minute, also when idle, and first in every journal file but that of record 0: where each source's count stands. */
export type Heartbeat = {
  /** Per source, in ascending order of its bytes: the number of its next record, this one not counted. */
  readonly next: readonly (readonly [source: string, n: number])[]
}

export const heartbeat: ControlKind<Heartbeat> = controlKind("heartbeat", 1, {
  next: listOf(rowOf(source, count)),
})

/** The counts as a heartbeat lists them. */
export function sortedCounts(next: ReadonlyMap<string, number>): Heartbeat["next"] {
  return [...next].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The clock jumped by more than two seconds. Stands right before the first record with the new time. */
export type ClockJump = {
  /** receivedAt of the record before. */
  readonly before: number
  readonly after: number
  /** How far the clock moved beside one that never steps; negative is back. After a restart: beside the last record. */
  readonly jumpMicros: number
}

export const clockJump: ControlKind<ClockJump> = controlKind("clock", 1, {
  before: time,
  after: time,
  jumpMicros: integer,
})

/** Why something that came, or may have come, is not in the ledger. */
export const LOSSES = {
  "journal.damaged": "a group in the journal no longer agrees with its commit line",
  "journal.missing": "records of the journal are gone that were sealed, or not yet in a segment",
  "body.tooLarge": "a request over the size limit was refused, and its sender does not repeat it",
  "source.gone": "a file ended, or was emptied, before all of it was read",
} as const satisfies Readonly<Record<string, string>>
export type LossCode = keyof typeof LOSSES

/** Something is lost, and the ledger says so itself. It explains a gap; it excuses none. */
export type Loss = {
  readonly why: LossCode
  /** First record number lost. Unsealed numbers are given again to the records behind the gap. */
  readonly first: number
  /** How many records are lost; 0 where nobody can count them. */
  readonly count: number
  /** Bytes lost, or of what was kept aside. */
  readonly bytes: number
  /** Per source: numbers from (inclusive) to (exclusive) that no record has, or that only lost records had. */
  readonly gaps: readonly (readonly [source: string, from: number, to: number])[]
  readonly detail: string
}

export const loss: ControlKind<Loss> = controlKind("loss", 1, {
  why: wordOf(LOSSES),
  first: count,
  count,
  bytes: count,
  gaps: listOf(rowOf(source, count, count)),
  detail: text,
})
