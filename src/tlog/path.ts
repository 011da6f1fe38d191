import { isCount } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"

/**
 * What proofs are made of: each step of one is the root over a range of leaves. The ranges follow from the sizes alone,
 * so that a proof can be planned before anything is read.
 */

/** The leaves from `start` up to and without `end`. */
export type Range = { readonly start: number; readonly end: number }

/** A complete subtree: the leaves from index × 2^level up to (index + 1) × 2^level. */
export type Node = { readonly level: number; readonly index: number }

/** Largest size or index the log can speak of: JavaScript's integers are exact up to here. */
export const SIZE_MAX = Number.MAX_SAFE_INTEGER

/** PATH(index, D[size]) of RFC 6962 §2.1.1: the ranges beside the way from the leaf to the root, nearest first. */
export function inclusionPath({ index, size }: { readonly index: number; readonly size: number }): Range[] {
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw new Refusal("proof.outOfRange", `a log of ${size} entries has no entry ${index}`)
  }
  const ranges: Range[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    if (index < middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  return ranges.reverse()
}

/** PROOF(older, D[newer]) of RFC 6962 §2.1.2: the ranges both trees are made of. Empty where the sizes are equal. */
export function consistencyPath({
  older,
  newer,
}: {
  readonly older: number
  readonly newer: number
}): Range[] {
  if (!isCount(older) || !isCount(newer) || older < 1 || older > newer) {
    throw new Refusal("proof.outOfRange", `a log of ${newer} entries does not extend one of ${older}`)
  }
  const ranges: Range[] = []
  let [start, end] = [0, newer]
  while (older < end) {
    const middle = start + splitOf(end - start)
    if (older <= middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  // Where the older tree is one complete subtree of the newer, its root is known to whoever checks.
  if (start > 0) ranges.push({ start, end })
  return ranges.reverse()
}

/** The complete subtrees a range of a proof is made of, in order, largest first. */
export function completeNodes({ start, end }: Range): Node[] {
  const nodes: Node[] = []
  for (let at = start; at < end; ) {
    let [level, width] = [0, 1]
    while (at + width * 2 <= end && at % (width * 2) === 0) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** Largest power of two below `count`, which is 2 or more. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}
