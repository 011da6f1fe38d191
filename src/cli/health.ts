import type { Health } from "../api/deps.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Deliver } from "../intake/source.ts"
import type { OpenLedger } from "../seal/ledger.ts"
import type { SearchProcess } from "../search/process.ts"
import type { Log } from "./log.ts"

/** How each part is, for /readyz: what takes the whole out of rotation, and what is only named. */

/** A refusal says nothing about later: without another one in this time the journal counts as well again. */
const REFUSED_MS = 10_000

/** Knows from deliveries whether the journal takes anything; when nothing is sent any more, time heals. */
export function watchIntake(
  deliver: Deliver,
  log: Log,
): { readonly deliver: Deliver; readonly health: () => Health } {
  let refused: { readonly why: string; readonly at: number } | undefined
  /** Since when senders hear 503; told at its beginning and its end, not for each of them. */
  let since: number | undefined
  return {
    async deliver(batch) {
      try {
        const delivered = await deliver(batch)
        if (since !== undefined)
          log.info("intake.resumed", { seconds: Math.round((performance.now() - since) / 1000) })
        refused = since = undefined
        return delivered
      } catch (error) {
        // What one sender alone does wrong takes nobody out of rotation.
        if (isRefusal(error, "journal.unavailable")) {
          refused = { why: error.message, at: performance.now() }
          if (since === undefined) log.warn("intake.refused", { reason: refused.why })
          since ??= refused.at
        }
        throw error
      }
    },
    health: () =>
      refused === undefined || performance.now() - refused.at > REFUSED_MS
        ? { part: "journal", state: "ok" }
        : { part: "journal", state: "down", reason: refused.why },
  }
}

export function sealHealth({ sealer }: OpenLedger): Health {
  const { trouble } = sealer
  return trouble === undefined
    ? { part: "seal", state: "ok" }
    : { part: "seal", state: "degraded", reason: trouble.message }
}

export function searchHealth({ state }: SearchProcess): Health {
  return state === "ready"
    ? { part: "search", state: "ok" }
    : { part: "search", state: "degraded", reason: `the search process is ${state}` }
}
