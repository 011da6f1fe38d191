import { sha256 } from "#sha256"

/** A SHA-256: 32 bytes. */
export type Hash = Uint8Array
export const HASH_BYTES = 32

/** Root of a tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array())

/** Hash of one entry: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Hash {
  const bytes = new Uint8Array(1 + entry.length)
  bytes.set(entry, 1)
  return sha256(bytes)
}

// One scratch for all: a node is hashed without awaiting, and 10,000 of them make no garbage.
const node = new Uint8Array(1 + 2 * HASH_BYTES)
node[0] = 1

/** Hash of two neighbours: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  node.set(left, 1)
  node.set(right, 1 + HASH_BYTES)
  return sha256(node)
}

/** The root over leaf hashes, in their order (RFC 6962 §2.1). One node hash per leaf. */
export function treeRoot(leafHashes: readonly Hash[]): Hash {
  const complete: Hash[] = []
  for (const [index, leaf] of leafHashes.entries()) pushLeaf(complete, index, leaf)
  return foldRight(complete)
}

/**
 * Takes the leaf at `index` onto `complete`, the roots of the complete subtrees of the `index` leaves before it,
 * largest first: joins what becomes complete. Changes `complete`.
 */
export function pushLeaf(complete: Hash[], index: number, leaf: Hash): void {
  let hash = leaf
  // Sizes pass 2^32, where JavaScript's >> and & have 32 bits: arithmetic.
  for (let rest = index; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    hash = nodeHash(complete.pop() ?? hash, hash)
  }
  complete.push(hash)
}

/** The root over complete subtrees, largest first. */
export function foldRight(complete: readonly Hash[]): Hash {
  let root = complete.at(-1)
  if (root === undefined) return EMPTY_ROOT
  for (let at = complete.length - 2; at >= 0; at--) root = nodeHash(complete[at] ?? root, root)
  return root
}
