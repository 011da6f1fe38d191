import { foldRight, type Hash, pushLeaf } from "./merkle.ts"

/** All of a tree that is needed to grow it: the roots of its complete subtrees, largest first; at most 53. */
export type Frontier = { readonly size: number; readonly complete: readonly Hash[] }

export const EMPTY_FRONTIER: Frontier = { size: 0, complete: [] }

/** The frontier with one leaf more. About one node hash on average. */
export function appendLeaf({ size, complete }: Frontier, leaf: Hash): Frontier {
  const grown = [...complete]
  pushLeaf(grown, size, leaf)
  return { size: size + 1, complete: grown }
}

/** Root of the tree the frontier belongs to. */
export function frontierRoot({ complete }: Frontier): Hash {
  return foldRight(complete)
}
