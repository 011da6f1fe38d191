import { formatMicros, type Micros } from "../base/time.ts"
import type { OpenedCheckpoint } from "../tlog/checkpoint.ts"
import { formatVerifierKey, type VerifierKey } from "../tlog/verifier-key.ts"
import type { BlocksOnDisk } from "./log-on-disk.ts"
import type { TrustedKeys } from "./trusted-keys.ts"
import type { Damage } from "./verdict.ts"

/** A key that its reader knows to be in other hands: what it signed is believed as far as blocks sealed before. */
export type RevokedKey = { readonly key: VerifierKey; readonly from: Micros }

/**
 * What revoked keys leave of a ledger. A checkpoint that only they vouch for, in person or through a change of keys sealed
 * after that time, and whose newest block was sealed after it, is the work of whoever holds the key: every block from that
 * time on is told. A thief can write an earlier time into blocks as well; what stops that is a remembered or cosigned
 * checkpoint, as with every rewriting (THREATS.md).
 */
export function revokedDamages(
  { checkpoint, signedBy }: OpenedCheckpoint,
  { given, rotations }: TrustedKeys,
  { revoked, blocks }: { readonly revoked: readonly RevokedKey[]; readonly blocks: BlocksOnDisk },
): Damage[] {
  if (revoked.length === 0) return []
  const from = new Map(revoked.map(({ key, from }) => [formatVerifierKey(key), from]))
  const good = new Set([...given].filter((key) => !from.has(key)))
  for (const { older, newer, lastSize } of rotations) {
    const sealedAt = blocks.at(lastSize)?.sealedAt ?? Number.POSITIVE_INFINITY
    const [by, to] = [formatVerifierKey(older), formatVerifierKey(newer)]
    const believed = good.has(by) || sealedAt < (from.get(by) ?? 0)
    if (believed && !from.has(to)) good.add(to)
  }
  const signers = signedBy.map(formatVerifierKey)
  if (signers.some((key) => good.has(key))) return []
  const since = Math.min(...revoked.map(({ from }) => from))
  const first = blocks.firstSealedFrom(since)
  if (first === undefined) return []
  const detail = `sealed at or after ${formatMicros(since)}, from when on the keys that vouch for it are revoked: ${signers.join(", ")}`
  return [
    {
      thing: "block",
      cause: "unknown key",
      first,
      last: checkpoint.size - 1,
      path: "log/checkpoint",
      detail,
    },
  ]
}
