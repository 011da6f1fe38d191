import { type Bell, pause, ring } from "../base/loop.ts"
import type { Deliver } from "../intake/source.ts"
import type { OpenLedger } from "../seal/ledger.ts"

/**
 * Bytes that are acknowledged and not yet sealed, from which on an acknowledgement waits for the next block: two blocks. They are
 * in memory, and what does not fit there any more would have to be read from the journal again to be sealed, so that sealing
 * fell behind for good.
 */
const AHEAD_BYTES_MAX = 32 * 1024 * 1024
/** Longest such wait: where sealing does not go on, acknowledging must. Senders wait 30 s. */
const WAIT_MS_MAX = 1_000

export type PaceLimits = {
  /** Of one block. */
  readonly recordsMax: number
  readonly bytesMax: number
  /** Default: {@link AHEAD_BYTES_MAX} and {@link WAIT_MS_MAX}. */
  readonly aheadBytesMax?: number
  readonly waitMsMax?: number
}

export interface Pace {
  /** Resolves when the records are durable and, while sealing goes on, not too far ahead of it. */
  readonly deliver: Deliver
  /** Rings when a block's worth of records waits to be sealed. */
  readonly blockIsFull: Bell
  /** Seals what there is, and goes on while as much as a block waits. */
  seal(): Promise<void>
}

/** Lets acknowledging run ahead of sealing by so much and no more. */
export function openPace({ journal, sealer }: OpenLedger, limits: PaceLimits, stop: AbortSignal): Pace {
  const { recordsMax, bytesMax, aheadBytesMax = AHEAD_BYTES_MAX, waitMsMax = WAIT_MS_MAX } = limits
  const blockIsFull: Bell = new EventTarget()
  let awake = false
  /** Where sealing made no way, it is not asked again for every request. */
  let quietBelow = 0
  const blockWaits = () =>
    journal.next - sealer.sealed.records >= recordsMax || journal.recentBytes >= bytesMax
  return {
    blockIsFull,
    async deliver(batch) {
      const delivered = await journal.append(batch)
      if (!awake && journal.next >= quietBelow && blockWaits()) {
        awake = true
        ring(blockIsFull)
      }
      const until = performance.now() + waitMsMax
      while (journal.recentBytes > aheadBytesMax && sealer.trouble === undefined) {
        const left = until - performance.now()
        if (left <= 0 || stop.aborted) break
        const sealed = new AbortController()
        const late = pause(left, AbortSignal.any([stop, sealed.signal]))
        await Promise.race([sealer.sealedBeyond(sealer.sealed.records), late])
        sealed.abort()
      }
      return delivered
    },
    async seal() {
      awake = true
      try {
        let before: number
        do {
          before = sealer.sealed.records
          await sealer.sealOnce()
        } while (blockWaits() && sealer.sealed.records > before)
        quietBelow = blockWaits() ? journal.next + recordsMax : 0
      } finally {
        awake = false
      }
    },
  }
}
