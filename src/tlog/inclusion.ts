import { sameBytes } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"
import { HASH_BYTES, type Hash, nodeHash, treeRoot } from "./merkle.ts"
import { inclusionPath } from "./path.ts"

/** The hashes that lead from leaf `index` to the root over `leafHashes`, nearest first (RFC 6962 §2.1.1). */
export function proveInclusion(index: number, leafHashes: readonly Hash[]): Hash[] {
  return inclusionPath({ index, size: leafHashes.length }).map(({ start, end }) =>
    treeRoot(leafHashes.slice(start, end)),
  )
}

export type InclusionClaim = {
  /** Index of the leaf, from 0. */
  readonly index: number
  /** Leaves in the tree. */
  readonly size: number
  readonly leafHash: Hash
  readonly proof: readonly Hash[]
  readonly root: Hash
}

/**
 * Checks that `leafHash` is leaf `index` of the tree with `size` leaves and that `root` (RFC 9162 §2.1.3.2).
 * Throws `proof.refuted` when it is not, so that a forgotten result fails closed.
 */
export function verifyInclusion({ index, size, leafHash, proof, root }: InclusionClaim): void {
  if (!isCount(index) || !isCount(size)) throw refuted("its numbers are not integers from 0 to 2^53-1")
  if (index >= size) throw refuted("the index lies outside the tree")
  if (leafHash.length !== HASH_BYTES) throw refuted("the leaf hash does not have 32 bytes")

  let [at, last, hash] = [index, size - 1, leafHash]
  for (const step of proof) {
    if (last === 0) throw refuted("the proof is too long")
    if (step.length !== HASH_BYTES) throw refuted("a step does not have 32 bytes")
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(step, hash)
      // The rightmost leaf has no sibling on some levels.
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else {
      hash = nodeHash(hash, step)
    }
    ;[at, last] = [half(at), half(last)]
  }
  if (last !== 0) throw refuted("the proof is too short")
  if (!sameBytes(hash, root)) throw refuted("it does not lead to the root")

  function refuted(why: string): Refusal {
    return new Refusal(
      "proof.refuted",
      `entry ${index} is not proved to be in the tree of size ${size}: ${why}`,
    )
  }
}

/**
 * The same within a subtree over the leaves from `start` up to `end`, as mirrors and Merkle tree certificates use them:
 * `start` is a multiple of the smallest power of two that is not below end - start.
 */
export function verifySubtreeInclusion(
  claim: Omit<InclusionClaim, "size"> & { readonly start: number; readonly end: number },
): void {
  const { start, end, index } = claim
  if (!isCount(start) || !isCount(end) || !isSubtree({ start, end }) || index < start) {
    throw new Refusal(
      "proof.refuted",
      `entry ${index} is not proved: [${start}, ${end}) is no subtree that has it`,
    )
  }
  verifyInclusion({ ...claim, index: index - start, size: end - start })
}

function isSubtree({ start, end }: { start: number; end: number }): boolean {
  let width = 1
  while (width < end - start) width *= 2
  return start < end && start % width === 0
}

// Sizes pass 2^32. JavaScript's >> and & have 32 bits, so: arithmetic.
const half = (n: number) => Math.floor(n / 2)
