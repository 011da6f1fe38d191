import { pause } from "../base/loop.ts"
import { Refusal } from "../base/refusal.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { segmentMade } from "../seal/control.ts"
import type { OpenLedger } from "../seal/ledger.ts"
import type { RecordSegment } from "../search/leftovers.ts"

/** How soon it is tried again to seal, where a disk is full. */
const AGAIN_MS = 1_000

/**
 * What happens when a segment file is durable and checked: its making becomes a record, the record is sealed, and only
 * then do the seeds and the journal go (docs/ARCHITECTURE.md, 'Segments'). Throws where it cannot be sealed; what was recorded may be sealed
 * by the next start, so nothing more is recorded until then: two segments over the same records are what a forger makes.
 */
export function segmentRecorder(
  { journal, sealer }: OpenLedger,
  stop: AbortSignal,
  onTrouble: (trouble: unknown) => void,
): RecordSegment {
  let recorded: string | undefined
  const unsealed = (name: string) =>
    new Refusal(
      "seal.unavailable",
      `segment ${name} is recorded, and cannot be sealed now; a restart settles it`,
    )
  return async (made, claim) => {
    if (recorded !== undefined) throw unsealed(recorded)
    if (sealer.trouble !== undefined) throw sealer.trouble
    const { first } = await journal.appendControl([controlRecord(segmentMade.format(made))])
    recorded = made.name
    claim()
    for (;;) {
      // A turn seals all that came before it, for seconds under load; this record is sealed long before its end.
      await Promise.race([sealer.sealOnce(), sealer.sealedBeyond(first)])
      if (sealer.sealed.records > first) break
      if (sealer.trouble !== undefined || stop.aborted) throw unsealed(made.name)
      await pause(AGAIN_MS, stop)
    }
    recorded = undefined
    if (made.replaces.length > 0) return
    await sealer.segmented(made.last + 1)
    // The segment counts by now: a journal file that cannot be removed costs its room, and the next start forgets it.
    await journal.forget(made.last + 1).catch(onTrouble)
  }
}
