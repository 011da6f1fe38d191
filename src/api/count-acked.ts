import type { Micros } from "../base/time.ts"
import { isQuarantineCode } from "../event/quarantine.ts"
import type { Acked } from "../intake/webhook.ts"
import type { Metrics } from "./metrics.ts"

/** Counts a batch that is durable, whichever way it came. */
export function countAcked(metrics: Metrics, now: Micros, { source, records, events, seconds }: Acked): void {
  metrics.records(records.length)
  metrics.acked(records.length, seconds)
  metrics.events(events)
  metrics.lastEvent(source, now)
  if (events.length === records.length) return
  for (const { words } of records) {
    const code = words.find(([key]) => key === "quarantined")?.[1]
    if (code !== undefined && isQuarantineCode(code)) metrics.quarantined(code)
  }
}
