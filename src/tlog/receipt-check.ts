import { sameBytes, utf8 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { formatRecord, type RecordLine } from "../event/record.ts"
import { type Block, blockLeafHash, formatBlock } from "./block.ts"
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts"
import { verifyInclusion } from "./inclusion.ts"
import { parseReceipt, type Receipt } from "./receipt.ts"
import { recordDigest, recordHash } from "./record-hash.ts"
import type { VerifierKey } from "./verifier-key.ts"

/** What a receipt proves to whoever trusts the keys it was checked with. */
export type ReceiptFacts = {
  readonly origin: string
  /** Number of the record in the ledger. */
  readonly record: number
  readonly line: RecordLine
  /** The exact bytes that were received; undefined where the receipt withholds them. */
  readonly body: Uint8Array | undefined
  readonly block: Block
  readonly checkpoint: Checkpoint
  /** The ledger's own keys, of those given, that signed the checkpoint: at least one. */
  readonly signedBy: readonly VerifierKey[]
  /** The witnesses, of the keys given, that cosigned it, and when by their clocks. */
  readonly cosignedBy: readonly { readonly key: VerifierKey; readonly atSeconds: number }[]
}

/**
 * Checks a receipt with nothing but the keys its reader trusts: the ledger's, and those of witnesses where wanted.
 * Throws `receipt.malformed` where it is no receipt, `receipt.refuted` or `proof.refuted` where a part of it does not
 * fit another, `note.unsigned` or `note.refuted` where the ledger did not sign it.
 */
export function verifyReceipt(
  text: string | Uint8Array,
  trustedKeys: readonly (VerifierKey | string)[],
): ReceiptFacts {
  const whole = typeof text === "string" ? text : utf8(text)
  if (whole === undefined) throw new Refusal("receipt.malformed", "not a receipt: it is not UTF-8")
  const { line, body, index, path, block, proof } = parseReceipt(whole)

  verifyBody({ line, body })
  const leafHash = recordHash(formatRecord(line))
  verifyInclusion({ index, size: block.count, leafHash, proof: path, root: block.root })
  const { checkpoint, signedBy, cosignedBy } = openCheckpoint(proof.checkpoint, trustedKeys)
  if (checkpoint.origin !== block.origin) {
    throw new Refusal("receipt.refuted", "the block and the checkpoint are of different ledgers")
  }
  verifyInclusion({
    index: block.number,
    size: checkpoint.size,
    leafHash: blockLeafHash(formatBlock(block)),
    proof: proof.path,
    root: checkpoint.root,
  })
  return {
    origin: block.origin,
    record: block.first + index,
    line,
    body: body.kind === "given" ? body.bytes : undefined,
    block,
    checkpoint,
    signedBy,
    cosignedBy,
  }
}

/** Throws `receipt.refuted` unless the record's line commits to this body. */
function verifyBody({ line, body }: Pick<Receipt, "line" | "body">): void {
  if (body.kind === "withheld") return
  if (body.bytes.length !== line.size) {
    throw new Refusal(
      "receipt.refuted",
      `the body has ${body.bytes.length} bytes, the record says ${line.size}`,
    )
  }
  if (!sameBytes(recordDigest({ salt: body.salt, body: body.bytes }), line.digest)) {
    throw new Refusal("receipt.refuted", "the body is not the one the record commits to")
  }
}
