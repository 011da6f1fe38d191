import { ifBase64, oneLine, toBase64, toBytes } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { formatRecord, parseRecord, type RecordLine } from "../event/record.ts"
import { type Block, formatBlock, parseBlock } from "./block.ts"
import type { Hash } from "./merkle.ts"
import { parseNote } from "./note.ts"
import { formatPath, formatTlogProof, parsePath, parseTlogProof, type TlogProof } from "./proof-file.ts"
import { SALT_BYTES } from "./record-hash.ts"

/**
 * One self-contained text that proves one record (docs/FORMAT.md, "Receipt"). Exactly one text per receipt: what is
 * parsed is written back and compared, so that no byte is without meaning.
 */
export type Receipt = {
  readonly line: RecordLine
  readonly body: GivenBody | { readonly kind: "withheld" }
  /** Place of the record in its block, from 0. */
  readonly index: number
  /** From the record's hash to the block's root. */
  readonly path: readonly Hash[]
  readonly block: Block
  /** From the block text to the signed checkpoint; its index is the block's number, and it carries nothing extra. */
  readonly proof: TlogProof
}

/** The exact bytes and what opens the record's digest. */
export type GivenBody = { readonly kind: "given"; readonly salt: Uint8Array; readonly bytes: Uint8Array }

const HEAD = "tallystick/receipt/v1"
const BLOCK_LINES = 7
/** Longest receipt read, in UTF-16 units: a body of 64 MiB, the default limit of intake, in base64 with room to spare. */
export const RECEIPT_LENGTH_MAX = 128 * 1024 * 1024

export function formatReceipt({ line, body, index, path, block, proof }: Receipt): string {
  const opened = body.kind === "given" ? formatBody(body) : "body withheld\n"
  const inBlock = formatPath({ index, path })
  return `${HEAD}\n${formatRecord(line)}\n${opened}\n${inBlock}\n${formatBlock(block)}\n${formatTlogProof(proof)}`
}

/** Text where the bytes stand on one line, else base64. The encoding lies outside the record's hash. */
function formatBody({ salt, bytes }: GivenBody): string {
  const text = oneLine(bytes)
  const lines = text === undefined ? `body base64\n${toBase64(bytes)}` : `body text\n${text}`
  return `salt ${toBase64(salt)}\n${lines}\n`
}

/** Inverse of {@link formatReceipt}: refuses any text it would not have written. Proves nothing yet. */
export function parseReceipt(text: string): Receipt {
  if (text.length > RECEIPT_LENGTH_MAX) throw malformed(`it is longer than ${RECEIPT_LENGTH_MAX}`)
  if (!text.isWellFormed()) throw malformed("it is not Unicode")
  try {
    const read = readLines(text)
    if (read.line() !== HEAD) throw malformed(`it does not start with ${HEAD}`)
    const receipt: Receipt = {
      line: parseRecord(read.line()),
      body: parseBody(read),
      ...parsePath(read.paragraph()),
      block: parseBlock(`${read.lines(BLOCK_LINES).join("\n")}\n`),
      proof: parseTlogProof(read.rest()),
    }
    parseNote(receipt.proof.checkpoint)
    if (receipt.proof.extra !== undefined) throw malformed("its proof carries something extra")
    if (receipt.proof.index !== receipt.block.number) throw malformed("its proof is of another block")
    if (formatReceipt(receipt) !== text) throw malformed("it is not written as a receipt is")
    return receipt
  } catch (error) {
    if (!isRefusal(error) || error.code === "receipt.malformed") throw error
    throw malformed(error.message, error)
  }
}

function parseBody(read: LineReader): Receipt["body"] {
  const first = read.line()
  if (first === "body withheld") {
    read.line()
    return { kind: "withheld" }
  }
  const salt = ifBase64(first.slice("salt ".length))
  const encoding = read.line()
  const text = read.line()
  const bytes = encoding === "body base64" ? ifBase64(text) : toBytes(text)
  read.line()
  if (salt?.length !== SALT_BYTES || bytes === undefined)
    throw malformed("its salt or its body is not base64")
  return { kind: "given", salt, bytes }
}

type LineReader = {
  /** The next line, without its newline; empty after the last. */
  line(): string
  lines(count: number): string[]
  /** The lines up to a blank one, which is skipped. */
  paragraph(): string[]
  /** Skips a blank line and takes everything after it. */
  rest(): string
}

/** Reads line by line: a body of megabytes is not to be split into a list. Writing back shows what was skipped. */
function readLines(text: string): LineReader {
  let at = 0
  function line(): string {
    const end = text.indexOf("\n", at)
    const taken = end < 0 ? "" : text.slice(at, end)
    at = end < 0 ? text.length : end + 1
    return taken
  }
  function paragraph(): string[] {
    const taken: string[] = []
    for (let next = line(); next !== ""; next = line()) taken.push(next)
    return taken
  }
  function rest(): string {
    line()
    return text.slice(at)
  }
  return { line, lines: (count) => Array.from({ length: count }, line), paragraph, rest }
}

function malformed(why: string, cause?: unknown): Refusal {
  return new Refusal("receipt.malformed", `not a receipt: ${why}`, {}, cause)
}
