import { asBuffer } from "../base/buffer.ts"
import { ifBase64, ifHex, toBase64, toBytes, toHex, utf8 } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"
import { SEED_BYTES } from "../tlog/record-hash.ts"

/**
 * `log/tail`: what the log has beside its full tiles. One line per seed of a block in full tiles whose records are in no
 * segment yet, then one line per block that no full tile covers; the last of these may be decided and not committed.
 *
 *     seed <block number> <first record> <count> <seed, 32 hex digits>
 *     block <block number> <seed, or - once its records are in a segment> <base64 of the block text>
 *
 * Blocks are appended; the file is rewritten when a tile fills and when seeds go.
 */
export type Tail = { readonly seeds: readonly TailSeed[]; readonly blocks: readonly TailBlock[] }

export type TailSeed = {
  readonly number: number
  readonly first: number
  readonly count: number
  readonly seed: Uint8Array
}

export type TailBlock = {
  readonly number: number
  readonly seed: Uint8Array | undefined
  readonly text: string
}

export function formatTail({ seeds, blocks }: Tail): string {
  const seedLines = seeds.map(
    ({ number, first, count, seed }) => `seed ${number} ${first} ${count} ${toHex(seed)}\n`,
  )
  return [...seedLines, ...blocks.map(formatTailBlock)].join("")
}

export function formatTailBlock({ number, seed, text }: TailBlock): string {
  return `block ${number} ${seed === undefined ? "-" : toHex(seed)} ${toBase64(toBytes(text))}\n`
}

/**
 * Inverse of {@link formatTail}: refuses any text it would not have written. A last line without its newline was being
 * appended when the process ended, so nothing was decided by it: it is left out, and counted in `tornBytes`.
 */
export function parseTail(file: Uint8Array): Tail & { readonly tornBytes: number } {
  const bytes = asBuffer(file)
  const end = bytes.lastIndexOf("\n") + 1
  const lines = bytes.toString("latin1", 0, end).split("\n").slice(0, -1)
  const seeds: TailSeed[] = []
  const blocks: TailBlock[] = []
  for (const line of lines) {
    const [word, number = "", ...rest] = line.split(" ")
    if (word === "seed" && blocks.length === 0) seeds.push(parseSeed(line, number, rest))
    else if (word === "block") blocks.push(parseBlockLine(line, number, rest))
    else throw malformed(line)
    const last = blocks.at(-2)
    if (last !== undefined && last.number + 1 !== blocks.at(-1)?.number) throw malformed(line)
  }
  return { seeds, blocks, tornBytes: bytes.length - end }
}

function parseSeed(line: string, number: string, [first, count, seed = ""]: readonly string[]): TailSeed {
  const parsed = {
    number: Number(number),
    first: Number(first),
    count: Number(count),
    seed: seedOf(line, seed),
  }
  const counted = [parsed.number, parsed.first, parsed.count].every(isCount)
  if (!counted || formatTail({ seeds: [parsed], blocks: [] }) !== `${line}\n`) throw malformed(line)
  return parsed
}

function parseBlockLine(line: string, number: string, [seed = "", text = ""]: readonly string[]): TailBlock {
  const parsed = {
    number: Number(number),
    seed: seed === "-" ? undefined : seedOf(line, seed),
    text: textOf(line, text),
  }
  if (!isCount(parsed.number) || formatTailBlock(parsed) !== `${line}\n`) throw malformed(line)
  return parsed
}

function seedOf(line: string, hex: string): Uint8Array {
  const seed = ifHex(hex)
  if (seed?.length !== SEED_BYTES) throw malformed(line)
  return seed
}

function textOf(line: string, base64: string): string {
  const bytes = ifBase64(base64)
  const text = bytes === undefined ? undefined : utf8(bytes)
  if (text === undefined) throw malformed(line)
  return text
}

function malformed(line: string): Refusal {
  return new Refusal("ledger.damaged", `not a line of log/tail: ${JSON.stringify(line.slice(0, 80))}`)
}
