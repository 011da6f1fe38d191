import type { NewRecord } from "../event/record.ts"

/** Where a delivered batch stands in the ledger. */
export type Delivered = { readonly first: number; readonly count: number }

/**
 * Resolves once the whole batch is on disk. Only then may a source tell its sender "received".
 * Throws `journal.unavailable` when it cannot be made durable now (disk full, stopping, too much in flight).
 */
export type Deliver = (batch: readonly NewRecord[]) => Promise<Delivered>

/** `run` lasts until `stop` aborts, and resolves when everything accepted has been delivered. */
export interface Source {
  readonly name: string
  run(deliver: Deliver, stop: AbortSignal): Promise<void>
}
