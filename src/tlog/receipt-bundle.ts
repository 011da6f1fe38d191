import { concat, toBytes, utf8 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { isOrigin } from "./note-text.ts"
import { RECEIPT_LENGTH_MAX } from "./receipt.ts"

/**
 * Many receipts in one file (docs/FORMAT.md, "Bundle of receipts"): a head that names the ledger and says how many there are, then each
 * receipt as it would stand in a file of its own, after a line with its size. Written and read as a stream.
 *
 *     tallystick/bundle/v1
 *     ledger.example.com/prod
 *     2
 *
 *     receipt 1934
 *     tallystick/receipt/v1
 *     …
 */
export type BundleHead = {
  readonly origin: string
  /** Receipts that follow: at least 1, at most {@link BUNDLE_RECEIPTS_MAX}. */
  readonly count: number
}

const HEAD = "tallystick/bundle/v1"
/** What one bundle may hold: more is several questions, and nobody reads it. */
export const BUNDLE_RECEIPTS_MAX = 100_000
/** The longest head or size line. An origin has 255 bytes at most. */
const LINES_BYTES_MAX = 512
const LF = 0x0a

export function formatBundleHead({ origin, count }: BundleHead): string {
  return `${HEAD}\n${origin}\n${count}\n`
}

/** One receipt as it stands in a bundle. */
export function formatBundled(receipt: string): string {
  return `\nreceipt ${toBytes(receipt).length}\n${receipt}`
}

/** Whether a file begins as a bundle does; nothing else is checked. */
export function isBundle(start: Uint8Array): boolean {
  return utf8(start.subarray(0, HEAD.length + 1)) === `${HEAD}\n`
}

/** Cuts a bundle into its receipts while it is read. Refuses (`receipt.malformed`) any text that the printers did not write. */
export interface BundleReader {
  /** The receipts that are whole now, in order. They are not looked at. */
  push(chunk: Uint8Array): readonly Uint8Array[]
  /** The head, once nothing follows. Refuses a bundle that is cut off. */
  end(): BundleHead
}

export function openBundle(): BundleReader {
  let head: BundleHead | undefined
  let taken = 0
  /** Size of the receipt under way. */
  let due: number | undefined
  let held: Uint8Array[] = []
  let heldBytes = 0

  /** The bytes up to the `lines`-th newline, or nothing while they are not all there. */
  function takeLines(lines: number): string | undefined {
    const all = gather()
    let end = 0
    for (let found = 0; found < lines; found++) {
      const at = all.indexOf(LF, end)
      if (at < 0 && all.length < LINES_BYTES_MAX) return undefined
      if (at < 0 || at >= LINES_BYTES_MAX) throw malformed("a line is longer than any that belongs there")
      end = at + 1
    }
    return utf8(take(end))
  }

  function gather(): Uint8Array {
    const all = held.length === 1 && held[0] !== undefined ? held[0] : concat(held)
    held = [all]
    return all
  }

  function take(count: number): Uint8Array {
    const all = gather()
    held = [all.subarray(count)]
    heldBytes -= count
    return all.subarray(0, count)
  }

  /** Whether anything could be taken. */
  function step(receipts: Uint8Array[]): boolean {
    if (head === undefined) {
      const text = takeLines(3)
      if (text !== undefined) head = parseHead(text)
      return head !== undefined
    }
    if (due === undefined) {
      if (taken === head.count && heldBytes > 0)
        throw malformed(`something follows its ${head.count} receipts`)
      const text = takeLines(2)
      if (text !== undefined) due = parseSize(text)
      return due !== undefined
    }
    if (heldBytes < due) return false
    receipts.push(take(due))
    taken += 1
    due = undefined
    return true
  }

  return {
    push(chunk) {
      held.push(chunk)
      heldBytes += chunk.length
      const receipts: Uint8Array[] = []
      while (heldBytes > 0 && step(receipts));
      return receipts
    },
    end() {
      if (head === undefined || taken < head.count || heldBytes > 0)
        throw malformed(`it is cut off after ${taken} of ${head?.count ?? "its"} receipts`)
      return head
    },
  }
}

function parseHead(text: string): BundleHead {
  const [, origin = "", size = ""] = text.split("\n")
  const head = { origin, count: Number(size) }
  const possible = head.count >= 1 && head.count <= BUNDLE_RECEIPTS_MAX
  if (formatBundleHead(head) !== text || !possible || !isOrigin(origin))
    throw malformed(`it does not start as a bundle of 1 to ${BUNDLE_RECEIPTS_MAX} receipts does`)
  return head
}

function parseSize(text: string): number {
  const size = Number(/^\nreceipt (\d{1,9})\n$/.exec(text)?.[1])
  // A UTF-16 unit is at most three bytes.
  if (`\nreceipt ${size}\n` !== text || size === 0 || size > 3 * RECEIPT_LENGTH_MAX)
    throw malformed("a receipt is expected where something else stands")
  return size
}

function malformed(why: string): Refusal {
  return new Refusal("receipt.malformed", `not a bundle of receipts: ${why}`)
}
