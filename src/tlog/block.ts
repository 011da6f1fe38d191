import { fromBase64, sameBytes, toBase64, toBytes } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { formatMicros, type Micros, parseMicros } from "../base/time.ts"
import { HASH_BYTES, type Hash, leafHash } from "./merkle.ts"
import { isOrigin } from "./note-text.ts"

/**
 * The records sealed together, as the log's entry names them:
 *
 *     tallystick/block/v1
 *     ledger.example.com/prod
 *     1
 *     3 2
 *     nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
 *     2026-11-20T18:24:19.000000Z
 *     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 */
export type Block = {
  readonly origin: string
  /** Index in the log. */
  readonly number: number
  /** Number of its first record. */
  readonly first: number
  /** Records in it, 1 or more. */
  readonly count: number
  /** Root over the record hashes, which are the leaf hashes. */
  readonly root: Hash
  readonly sealedAt: Micros
  /** Leaf hash of the text of the block before; zeros for block 0. */
  readonly previous: Hash
}

const HEAD = "tallystick/block/v1"

/** What block 0 names as the block before it. */
export const NO_BLOCK: Hash = new Uint8Array(HASH_BYTES)

/** Seven lines, each with its newline. These bytes are the log's entry. */
export function formatBlock({ origin, number, first, count, root, sealedAt, previous }: Block): string {
  const lines = [
    HEAD,
    origin,
    number,
    `${first} ${count}`,
    toBase64(root),
    formatMicros(sealedAt),
    toBase64(previous),
  ]
  return lines.map((line) => `${line}\n`).join("")
}

/** Inverse of {@link formatBlock}: refuses any text it would not have written, and numbers no ledger gives. */
export function parseBlock(text: string): Block {
  const [, origin = "", number = "", records = "", root = "", sealedAt = "", previous = ""] = text.split(
    "\n",
    8,
  )
  const [first = "", count = ""] = records.split(" ", 3)
  try {
    const block: Block = {
      origin,
      number: Number(number),
      first: Number(first),
      count: Number(count),
      root: fromBase64(root),
      sealedAt: parseMicros(sealedAt),
      previous: fromBase64(previous),
    }
    if (!isPossible(block) || formatBlock(block) !== text) throw malformed(text)
    return block
  } catch (error) {
    if (isRefusal(error) && error.code !== "block.malformed") throw malformed(text, error)
    throw error
  }
}

function isPossible({ origin, number, first, count, root, previous }: Block): boolean {
  const counted = isCount(number) && isCount(first) && isCount(count) && isCount(first + count) && count >= 1
  const starts = number === 0 ? first === 0 : first >= number // every block before has a record
  const chained = previous.length === HASH_BYTES && sameBytes(previous, NO_BLOCK) === (number === 0)
  return isOrigin(origin) && counted && starts && chained && root.length === HASH_BYTES
}

/** The log's leaf hash of a block text, which the next block names: SHA-256(0x00 ‖ text). */
export function blockLeafHash(text: string): Hash {
  return leafHash(toBytes(text))
}

/** Checks that `next` names the block with the text `previousText` as the one before it. Throws `proof.refuted`. */
export function verifyBlockFollows(next: Block, previousText: string): void {
  const previous = parseBlock(previousText)
  if (next.origin !== previous.origin) throw refuted("they name different ledgers")
  if (next.number !== previous.number + 1) throw refuted("their numbers are not neighbours")
  if (next.first !== previous.first + previous.count) throw refuted("their records are not neighbours")
  if (!sameBytes(next.previous, blockLeafHash(previousText))) throw refuted("it names another text")

  function refuted(why: string): Refusal {
    return new Refusal(
      "proof.refuted",
      `block ${next.number} does not follow block ${previous.number}: ${why}`,
    )
  }
}

function malformed(text: string, cause?: unknown): Refusal {
  return new Refusal("block.malformed", `not a block text: ${JSON.stringify(text.slice(0, 80))}`, {}, cause)
}
