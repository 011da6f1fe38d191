import { assert } from "../base/assert.ts"
import { bisect } from "../base/bisect.ts"
import { sameBytes } from "../base/bytes.ts"
import type { Micros } from "../base/time.ts"
import { formatRecord, type Words } from "../event/record.ts"
import type { Block } from "../tlog/block.ts"
import { HASH_BYTES, type Hash, treeRoot } from "../tlog/merkle.ts"
import { blockSalts, hintOf, recordDigest, recordHash, SALT_BYTES, saltAt } from "../tlog/record-hash.ts"
import type { Damage } from "./verdict.ts"

/** One record as some file holds it. */
export type Reread = {
  readonly number: number
  readonly receivedAt: Micros
  readonly source: string
  readonly n: number
  readonly kind: string
  readonly words: Words
  /** The exact bytes and the block's seed, or what is left of them once they are erased. */
  readonly content:
    | { readonly kind: "kept"; readonly seed: Uint8Array; readonly body: Uint8Array }
    | { readonly kind: "erased"; readonly size: number; readonly digest: Hash }
  /** {@link hintOf} its hash when it was sealed; it convicts a single record of a damaged block. */
  readonly hint?: number | undefined
}

/** What the records of consecutive blocks add to the count of each source, in order. */
export type SourceRun = {
  readonly source: string
  readonly firstN: number
  readonly count: number
  readonly first: number
}

type Salts = { readonly seed: Uint8Array; readonly block: Block; readonly bytes: Uint8Array }

export type Rechecked = {
  readonly damages: readonly Damage[]
  readonly runs: readonly SourceRun[]
  /** Numbers of the blocks whose records are all there and hash to the root. */
  readonly wholeBlocks: number
}

/**
 * Hashes the records of consecutive blocks again, given in any order (compacted segments are sorted otherwise), and
 * compares each block's root. Memory: about 70 bytes per record of the range.
 */
export class Recheck {
  readonly #blocks: readonly Block[]
  readonly #first: number
  readonly #count: number
  readonly #hashes: Uint8Array
  readonly #seen: Uint8Array
  readonly #suspect: Uint8Array
  readonly #n: Float64Array
  readonly #source: Uint32Array
  readonly #sources = new Map<string, number>()
  readonly #damages: Damage[] = []
  readonly #path: string
  #unreadable = false
  readonly #range: { readonly first: number; readonly last: number } | undefined
  /** Of the block that was added to last. */
  #salts: Salts | undefined
  /** Of all blocks that were added to: rows that stand with their like go from block to block and back. */
  readonly #saltsOf = new Map<Block, Salts>()

  /** `range`: of the file, where it may have records of blocks that nobody can read. What they should be, nothing says. */
  constructor(
    blocks: readonly Block[],
    path: string,
    range?: { readonly first: number; readonly last: number },
  ) {
    const [first] = blocks
    const last = blocks.at(-1)
    assert(first !== undefined && last !== undefined, "there is a block to check")
    this.#blocks = blocks
    this.#path = path
    this.#range = range
    this.#first = first.first
    this.#count = last.first + last.count - first.first
    this.#hashes = new Uint8Array(this.#count * HASH_BYTES)
    this.#seen = new Uint8Array(this.#count)
    this.#suspect = new Uint8Array(this.#count)
    this.#n = new Float64Array(this.#count)
    this.#source = new Uint32Array(this.#count)
  }

  add(record: Reread): void {
    const at = record.number - this.#first
    const inside = at >= 0 && at < this.#count
    const { first, last } = this.#range ?? { first: 0, last: -1 }
    if (!inside && first <= record.number && record.number <= last) return
    if (!inside || this.#seen[at] === 1) {
      this.#inserted(record.number, inside ? "the record is there twice" : "outside the range of its file")
      return
    }
    this.#seen[at] = 1
    this.#n[at] = record.n
    this.#source[at] = this.#idOf(record.source)
    const hash = this.#hash(record)
    this.#hashes.set(hash, at * HASH_BYTES)
    if (record.hint !== undefined && record.hint !== hintOf(hash)) this.#suspect[at] = 1
  }

  /** Some rows of the file cannot be read: what is missing now may stand in them. */
  unreadable(): void {
    this.#unreadable = true
  }

  finish(): Rechecked {
    let wholeBlocks = 0
    for (const block of this.#blocks) if (this.#checkBlock(block)) wholeBlocks++
    return { damages: this.#damages, runs: this.#runs(), wholeBlocks }
  }

  #hash(record: Reread): Hash {
    const { content } = record
    if (content.kind === "erased") {
      const { size, digest } = content
      return recordHash(formatRecord({ ...record, size, digest }))
    }
    const block = this.#blockOf(record.number)
    const salt = saltAt(this.#saltsFor(block, content.seed), record.number - block.first)
    const digest = recordDigest({ salt, body: content.body })
    return recordHash(formatRecord({ ...record, size: content.body.length, digest }))
  }

  #saltsFor(block: Block, seed: Uint8Array): Uint8Array {
    const known = this.#salts?.block === block ? this.#salts : this.#saltsOf.get(block)
    if (known !== undefined && (known.seed === seed || sameBytes(known.seed, seed))) {
      this.#salts = known
      return known.bytes
    }
    const bytes =
      seed.length === SALT_BYTES ? blockSalts(seed, block.count) : new Uint8Array(block.count * SALT_BYTES)
    this.#salts = { seed, block, bytes }
    this.#saltsOf.set(block, this.#salts)
    return bytes
  }

  #blockOf(number: number): Block {
    const last = this.#salts?.block
    if (last !== undefined && number >= last.first && number < last.first + last.count) return last
    const begun = bisect(this.#blocks.length, (at) => (this.#blocks[at]?.first ?? 0) <= number)
    const block = this.#blocks[begun - 1]
    assert(block !== undefined, "a record in the range is in a block of it")
    return block
  }

  /** Whether all records of the block are there and make its root; if not, says which are to blame. */
  #checkBlock(block: Block): boolean {
    const start = block.first - this.#first
    const missing = this.#ranges(start, block.count, (at) => this.#seen[at] === 0)
    for (const [first, last] of missing) {
      const cause = this.#unreadable ? "unreadable" : "missing"
      const detail = this.#unreadable
        ? "the file cannot be read there"
        : "sealed, and not in its file any more"
      this.#damages.push({ thing: "record", cause, first, last, path: this.#path, detail })
    }
    if (missing.length > 0) return false
    const hashes = Array.from({ length: block.count }, (_, i) => this.#hashAt(start + i))
    if (sameBytes(treeRoot(hashes), block.root)) return true

    const suspects = this.#ranges(start, block.count, (at) => this.#suspect[at] === 1)
    const exact = suspects.length > 0
    const blamed = exact ? suspects : [[block.first, block.first + block.count - 1] as const]
    const detail = exact
      ? `not what was sealed in block ${block.number}`
      : `one or more of these are not what was sealed in block ${block.number}`
    for (const [first, last] of blamed) {
      this.#damages.push({ thing: "record", cause: "changed", first, last, path: this.#path, detail })
    }
    return false
  }

  #hashAt(at: number): Hash {
    return this.#hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
  }

  #ranges(
    start: number,
    count: number,
    is: (at: number) => boolean,
  ): (readonly [first: number, last: number])[] {
    const ranges: (readonly [number, number])[] = []
    for (let at = start; at < start + count; at++) {
      if (!is(at)) continue
      const from = at
      while (at + 1 < start + count && is(at + 1)) at++
      ranges.push([this.#first + from, this.#first + at])
    }
    return ranges
  }

  /** Gapless stretches per source; a gap begins a new stretch, which whoever joins them all will notice. */
  #runs(): SourceRun[] {
    const open = new Map<number, { source: string; firstN: number; count: number; first: number }>()
    const runs: SourceRun[] = []
    const names = [...this.#sources.keys()]
    for (let at = 0; at < this.#count; at++) {
      if (this.#seen[at] === 0) continue
      const id = this.#source[at] ?? 0
      const n = this.#n[at] ?? 0
      const run = open.get(id)
      if (run !== undefined && run.firstN + run.count === n) run.count++
      else {
        const begun = { source: names[id] ?? "", firstN: n, count: 1, first: this.#first + at }
        open.set(id, begun)
        runs.push(begun)
      }
    }
    return runs
  }

  #idOf(source: string): number {
    const known = this.#sources.get(source)
    if (known !== undefined) return known
    const id = this.#sources.size
    this.#sources.set(source, id)
    return id
  }

  #inserted(number: number, detail: string): void {
    const place = { first: number, last: number, path: this.#path }
    this.#damages.push({ thing: "record", cause: "inserted", ...place, detail })
  }
}
