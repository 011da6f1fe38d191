import { formatVerifierKey, parseVerifierKey } from "../tlog/verifier-key.ts"
import type { KeyRotation } from "./key-rotation.ts"

/** The keys a reader gave, and those that took over from them. */
export type TrustedKeys = {
  readonly given: ReadonlySet<string>
  /** Given ones and those that follow from them. */
  readonly keys: readonly string[]
  /** The changes that lead from a given key, in their order. */
  readonly rotations: readonly KeyRotation[]
}

/** Follows changes of keys from the given ones on. Each was signed by the key before, so nothing else is trusted. Pure. */
export function trustedKeys(given: readonly string[], rotations: readonly KeyRotation[]): TrustedKeys {
  const keys = new Set(given.map((key) => formatVerifierKey(parseVerifierKey(key))))
  const followed: KeyRotation[] = []
  for (const rotation of rotations.toSorted((a, b) => a.lastSize - b.lastSize)) {
    if (!keys.has(formatVerifierKey(rotation.older))) continue
    followed.push(rotation)
    keys.add(formatVerifierKey(rotation.newer))
  }
  return { given: new Set(given), keys: [...keys], rotations: followed }
}
