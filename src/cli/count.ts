import type { Metrics, Tier } from "../api/metrics.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { isQuarantineCode } from "../event/quarantine.ts"
import type { Acked } from "../intake/webhook.ts"

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

const TIERS: Readonly<Record<string, Tier>> = {
  journal: "journal",
  seal: "log",
  ledger: "log",
  segment: "segment",
  store: "segment",
  catalogue: "catalogue",
}

/** The tier whose storage failed, when a trouble is of storage. */
export function tierOf(trouble: unknown): Tier | undefined {
  return isRefusal(trouble) ? TIERS[trouble.code.split(".")[0] ?? ""] : undefined
}
