import { sameBytes } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { Checkpoint } from "./checkpoint.ts"
import { type BundleHead, openBundle } from "./receipt-bundle.ts"
import { type ReceiptFacts, verifyReceipt } from "./receipt-check.ts"
import type { VerifierKey } from "./verifier-key.ts"

/** One receipt of a bundle, judged by itself: what is wrong with one costs no other. */
export type JudgedReceipt = {
  /** Place in the bundle, from 0. */
  readonly index: number
} & ({ readonly facts: ReceiptFacts } | { readonly refused: Refusal })

export interface BundleCheck {
  /** Judges the receipts that are whole now. Refuses `receipt.malformed` where the bundle itself is none. */
  push(chunk: Uint8Array): readonly JudgedReceipt[]
  /** Refuses a bundle that is cut off. */
  end(): BundleHead
}

/**
 * Checks a bundle while it is read: each receipt as {@link verifyReceipt} does, and that all are of the ledger that the
 * head names, in the order of their records, each once, and under one checkpoint. A bundle proves what is in it; that
 * nothing was left out, it cannot. `accept` may refuse what else a reader asks for.
 */
export function openBundleCheck(
  trustedKeys: readonly (VerifierKey | string)[],
  accept: (facts: ReceiptFacts) => void = () => undefined,
): BundleCheck {
  const reader = openBundle()
  let index = 0
  let before: ReceiptFacts | undefined
  const origins = new Set<string>()

  function judge(receipt: Uint8Array): JudgedReceipt {
    const at = { index: index++ }
    try {
      const facts = verifyReceipt(receipt, trustedKeys)
      if (before !== undefined) verifyFollows(facts, before)
      accept(facts)
      before = facts
      origins.add(facts.origin)
      return { ...at, facts }
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { ...at, refused: error }
    }
  }

  return {
    push: (chunk) => reader.push(chunk).map(judge),
    end() {
      const head = reader.end()
      for (const origin of origins)
        if (origin !== head.origin) throw refuted(`it says ${head.origin}, and its receipts are of ${origin}`)
      return head
    },
  }
}

function verifyFollows(facts: ReceiptFacts, before: ReceiptFacts): void {
  if (facts.record <= before.record)
    throw refuted(`record ${facts.record} stands behind record ${before.record}`)
  if (!sameCheckpoint(facts.checkpoint, before.checkpoint))
    throw refuted(`record ${facts.record} is under another checkpoint than record ${before.record}`)
}

function sameCheckpoint(a: Checkpoint, b: Checkpoint): boolean {
  return a.origin === b.origin && a.size === b.size && sameBytes(a.root, b.root)
}

function refuted(why: string): Refusal {
  return new Refusal("receipt.refuted", `not a bundle that was made: ${why}`)
}
