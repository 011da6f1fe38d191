import { sameBytes } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"
import { HASH_BYTES, type Hash, nodeHash, treeRoot } from "./merkle.ts"
import { consistencyPath } from "./path.ts"

/** The hashes that show how the tree over all `leafHashes` extends the one over the first `olderSize` (RFC 6962 §2.1.2). */
export function proveConsistency(olderSize: number, leafHashes: readonly Hash[]): Hash[] {
  return consistencyPath({ older: olderSize, newer: leafHashes.length }).map(({ start, end }) =>
    treeRoot(leafHashes.slice(start, end)),
  )
}

/** A tree as a checkpoint names it; origins are compared where given. */
export type TreeHead = { readonly origin?: string; readonly size: number; readonly root: Hash }

export type ConsistencyClaim = {
  readonly older: TreeHead
  readonly newer: TreeHead
  readonly proof: readonly Hash[]
}

/**
 * Checks that `newer` is `older` with entries added only at its end (RFC 9162 §2.1.4.2).
 * Throws `proof.refuted` when it is not, so that a forgotten result fails closed.
 */
export function verifyConsistency({ older, newer, proof }: ConsistencyClaim): void {
  if (older.origin !== newer.origin) throw refuted("they name different logs")
  if (!isCount(older.size) || !isCount(newer.size)) throw refuted("sizes are not integers from 0 to 2^53-1")
  if (older.size === 0) throw refuted("an empty tree commits to nothing")
  if (older.size > newer.size) throw refuted("the older tree is larger")
  if (older.size === newer.size) {
    if (proof.length > 0) throw refuted("equal sizes need no proof")
    if (!sameBytes(older.root, newer.root)) throw refuted("equal sizes, different roots")
    return
  }

  if (older.root.length !== HASH_BYTES || proof.some((step) => step.length !== HASH_BYTES)) {
    throw refuted("a hash does not have 32 bytes")
  }
  const roots = climb({ older, newer, proof })
  if (roots === undefined) throw refuted("the proof has the wrong length")
  if (!sameBytes(roots.older, older.root)) throw refuted("it does not lead to the older root")
  if (!sameBytes(roots.newer, newer.root)) throw refuted("it does not lead to the newer root")

  function refuted(why: string): Refusal {
    return new Refusal("proof.refuted", `size ${newer.size} does not extend size ${older.size}: ${why}`)
  }
}

/** The two roots the proof leads to; undefined where its length does not fit the sizes. */
function climb({ older, newer, proof }: ConsistencyClaim): { older: Hash; newer: Hash } | undefined {
  let [at, last] = [older.size - 1, newer.size - 1]
  while (isOdd(at)) [at, last] = [half(at), half(last)]

  // at is 0 where the older size is a power of two: then its root is the first step, and the proof leaves it out.
  const [first, ...steps] = at === 0 ? [older.root, ...proof] : proof
  if (first === undefined) return undefined
  const roots = { older: first, newer: first }
  for (const step of steps) {
    if (last === 0) return undefined
    if (isOdd(at) || at === last) {
      roots.older = nodeHash(step, roots.older)
      roots.newer = nodeHash(step, roots.newer)
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)]
    } else {
      roots.newer = nodeHash(roots.newer, step)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 ? roots : undefined
}

// Sizes pass 2^32. JavaScript's >> and & are 32-bit and Math.log2 rounds (2^49-1 gives 49), so: arithmetic.
const isOdd = (n: number) => n % 2 === 1
const half = (n: number) => Math.floor(n / 2)
