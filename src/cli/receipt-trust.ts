import { Refusal } from "../base/refusal.ts"
import { formatMicros } from "../base/time.ts"
import type { RevokedKey } from "../seal/revoked-keys.ts"
import { witnessesOf } from "../tlog/quorum.ts"
import type { ReceiptFacts } from "../tlog/receipt-check.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"

/** What a reader asks for besides a right signature. */
export type ReceiptTrust = {
  readonly revoked: readonly RevokedKey[]
  /** Witnesses that must have cosigned; 0 where none is asked for. */
  readonly quorum: number
}

/**
 * Holds what a receipt proves to what its reader asks for. Throws `receipt.revoked` where only keys in other hands vouch for
 * it and its block was sealed after they were (as `verify` judges blocks), `receipt.unwitnessed` where too few cosigned.
 */
export function trustReceipt(facts: ReceiptFacts, { revoked, quorum }: ReceiptTrust): void {
  const from = new Map(revoked.map(({ key, from }) => [formatVerifierKey(key), from]))
  const since = Math.max(...facts.signedBy.map((key) => from.get(formatVerifierKey(key)) ?? Infinity))
  if (facts.block.sealedAt >= since) {
    const when = `sealed at ${formatMicros(facts.block.sealedAt)}`
    throw new Refusal(
      "receipt.revoked",
      `its block was ${when}, and the keys that vouch for it are revoked from ${formatMicros(since)} on`,
    )
  }
  const witnesses = witnessesOf(facts)
  if (witnesses < quorum) {
    throw new Refusal(
      "receipt.unwitnessed",
      `${witnesses} of the witnesses given cosigned its checkpoint, asked for were ${quorum}`,
    )
  }
}
