import { toHex } from "../base/bytes.ts"
import type { OpenedCheckpoint } from "./checkpoint.ts"
import type { VerifierKey } from "./verifier-key.ts"

/**
 * How many witnesses stand for a checkpoint. A key counts once, whatever names it is given under (c2sp.org/tlog-policy calls
 * two such witnesses duplicates), and the log's own key is no witness of itself.
 */
export function witnessesOf({
  signedBy,
  cosignedBy,
}: Pick<OpenedCheckpoint, "signedBy" | "cosignedBy">): number {
  const own = rawKeys(signedBy)
  return [...rawKeys(cosignedBy.map(({ key }) => key))].filter((key) => !own.has(key)).length
}

/** Of keys given, how many witnesses they are at most. */
export function witnessesAmong(keys: readonly VerifierKey[]): number {
  return rawKeys(keys.filter(({ kind }) => kind === "cosignature")).size
}

function rawKeys(keys: readonly VerifierKey[]): Set<string> {
  return new Set(keys.map(({ publicKey }) => toHex(publicKey)))
}
