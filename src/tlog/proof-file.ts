import { fromBase64, toBase64 } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { HASH_BYTES, type Hash } from "./merkle.ts"

/**
 * That an entry is in a log, in one text (c2sp.org/tlog-proof):
 *
 *     c2sp.org/tlog-proof@v1
 *     index 3
 *     nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
 *
 *     <the signed checkpoint>
 */
export type TlogProof = {
  /** Whatever the maker added. Nothing vouches for it. Absent or at least one byte. */
  readonly extra?: Uint8Array
  /** Index of the entry in the log. */
  readonly index: number
  readonly path: readonly Hash[]
  /** The signed note, as it was received. */
  readonly checkpoint: string
}

const HEAD = "c2sp.org/tlog-proof@v1"
/** A path in a tree of 2^63 leaves. */
export const PATH_LENGTH_MAX = 63

export function formatTlogProof({ extra, index, path, checkpoint }: TlogProof): string {
  const extraLine = extra === undefined ? "" : `extra ${toBase64(extra)}\n`
  return `${HEAD}\n${extraLine}${formatPath({ index, path })}\n${checkpoint}`
}

/** Inverse of {@link formatTlogProof}: refuses any text it would not have written. Looks into no checkpoint. */
export function parseTlogProof(text: string): TlogProof {
  try {
    const split = text.indexOf("\n\n")
    const [, second = "", ...rest] = text.slice(0, split).split("\n")
    const extra = second.startsWith("extra ") ? fromBase64(second.slice("extra ".length)) : undefined
    const proof = {
      ...parsePath(extra === undefined ? [second, ...rest] : rest),
      checkpoint: text.slice(split + 2),
      ...(extra === undefined ? {} : { extra }),
    }
    const possible = split > 0 && proof.checkpoint !== "" && extra?.length !== 0 && text.isWellFormed()
    if (!possible || formatTlogProof(proof) !== text) throw malformed(text)
    return proof
  } catch (error) {
    if (isRefusal(error) && error.code !== "proof.malformed") throw malformed(text, error)
    throw error
  }
}

/** `index <N>` and the hashes, a line each. */
export function formatPath({ index, path }: Pick<TlogProof, "index" | "path">): string {
  return `index ${index}\n${path.map((hash) => `${toBase64(hash)}\n`).join("")}`
}

/** Inverse of {@link formatPath} over its lines. The caller writes it back and compares. */
export function parsePath(lines: readonly string[]): Pick<TlogProof, "index" | "path"> {
  const [first = "", ...hashes] = lines
  if (hashes.length > PATH_LENGTH_MAX) throw malformed("a path of more than 63 hashes")
  const index = Number(first.slice("index ".length))
  const path = hashes.map(fromBase64)
  if (first !== `index ${index}` || !isCount(index) || path.some((hash) => hash.length !== HASH_BYTES)) {
    throw malformed(lines.join("\n"))
  }
  return { index, path }
}

function malformed(text: string, cause?: unknown): Refusal {
  return new Refusal("proof.malformed", `not a proof: ${JSON.stringify(text.slice(0, 80))}`, {}, cause)
}
