import { isRefusal, type Refusal } from "../base/refusal.ts"
import type { NewRecord } from "../event/record.ts"
import type { Deliver, Delivered } from "./source.ts"

/** Waits before another try; resolves early when `stop` aborts. */
export type Pause = (ms: number, stop: AbortSignal) => Promise<void>

export type Patience = {
  readonly deliver: Deliver
  readonly stop: AbortSignal
  readonly pause: Pause
  /** Told once per batch that has to wait. */
  readonly onTrouble: (trouble: Refusal) => void
}

const BACKOFF_MS = [100, 200, 400, 800, 1_600, 3_000] as const

/**
 * Delivers although the journal may be full for a while: for sources that keep what they hold until it is durable.
 * Throws {@link Stopped} when `stop` aborts before that.
 */
export async function deliverPatiently(
  records: readonly NewRecord[],
  patience: Patience,
): Promise<Delivered> {
  for (let tries = 0; ; tries++) {
    if (patience.stop.aborted) throw new Stopped()
    try {
      return await patience.deliver(records)
    } catch (error) {
      if (!isRefusal(error, "journal.unavailable") && !isRefusal(error, "source.tooMany")) throw error
      if (tries === 0) patience.onTrouble(error)
      await patience.pause(BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)] ?? 0, patience.stop)
    }
  }
}

/** The run was asked to stop: what was not delivered stays where it was. The command line says no more than that. */
export class Stopped extends Error {
  override readonly name = "AbortError"
}
