import { Refusal } from "../base/refusal.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { segmentMade } from "../seal/control.ts"
import type { OpenLedger } from "../seal/ledger.ts"
import type { SegmentNews } from "../search/message.ts"

/**
 * What happens when a segment file is durable and checked: its making becomes a record, the record is sealed, and only
 * then do the seeds and the journal go (design §4.3). Throws where it cannot be sealed: then the file is none.
 */
export function segmentRecorder({ journal, sealer }: OpenLedger): (made: SegmentNews) => Promise<void> {
  return async (made) => {
    const { first } = await journal.appendControl([controlRecord(segmentMade.format(made))])
    await sealer.sealOnce()
    if (sealer.sealed.records <= first) {
      throw new Refusal("seal.unavailable", `segment ${made.name} is recorded, and not sealed yet`)
    }
    if (made.replaces.length > 0) return
    await sealer.segmented(made.last + 1)
    await journal.forget(made.last + 1)
  }
}
