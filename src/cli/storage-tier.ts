import type { Tier } from "../api/metrics.ts"
import { isRefusal } from "../base/refusal.ts"

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
