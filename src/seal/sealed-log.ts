import { bisect } from "../base/bisect.ts"
import { concat, toBytes, utf8 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { type Block, parseBlock } from "../tlog/block.ts"
import { decodeBundle } from "../tlog/bundle.ts"
import { leafHash, treeRoot } from "../tlog/merkle.ts"
import { splitTile, TILE_WIDTH, type Tile, tilePath } from "../tlog/tile.ts"
import { logReader } from "./log-on-disk.ts"
import type { Snapshot } from "./snapshot.ts"

/** Block texts and tiles of a log up to its checkpoint: full ones out of files, the newest out of `log/tail`. */
export class SealedLog {
  readonly #read: (path: string) => Uint8Array | undefined
  readonly #tail: ReadonlyMap<number, Uint8Array>
  readonly #size: number
  #bundle: { readonly index: number; readonly texts: readonly Uint8Array[] } | undefined

  constructor(dir: string, { tail }: Snapshot, size: number) {
    this.#read = logReader(dir)
    this.#tail = new Map(tail.blocks.map(({ number, text }) => [number, toBytes(text)]))
    this.#size = size
  }

  /** Every record below is sealed. */
  get records(): number {
    if (this.#size === 0) return 0
    const last = this.#block(this.#size - 1)
    return last.first + last.count
  }

  blockOf(record: number): Block {
    return this.#block(bisect(this.#size, (number) => this.#block(number).first <= record) - 1)
  }

  tile({ level, index, width }: Tile): Uint8Array {
    const path = tilePath(level, index)
    const bytes = width === TILE_WIDTH ? this.#read(path) : undefined
    if (bytes !== undefined) return bytes
    if (width === TILE_WIDTH || level === "entries") throw unprovable(`log/${path} is gone`)
    const nodes = Array.from({ length: width }, (_, i) => index * TILE_WIDTH + i)
    if (level === 0) return concat(nodes.map((number) => leafHash(this.#text(number))))
    const below = nodes.map((node) => this.tile({ level: level - 1, index: node, width: TILE_WIDTH }))
    return concat(below.map((tile) => treeRoot(splitTile(tile))))
  }

  #block(number: number): Block {
    const text = utf8(this.#text(number))
    if (text === undefined) throw unprovable(`the text of block ${number} is not UTF-8`)
    return parseBlock(text)
  }

  #text(number: number): Uint8Array {
    const index = Math.floor(number / TILE_WIDTH)
    const text = this.#tail.get(number) ?? this.#texts(index)[number % TILE_WIDTH]
    if (text === undefined) throw unprovable(`the text of block ${number} is gone`)
    return text
  }

  #texts(index: number): readonly Uint8Array[] {
    if (this.#bundle?.index === index) return this.#bundle.texts
    const bytes = this.#read(tilePath("entries", index))
    const texts = bytes === undefined ? [] : decodeBundle(bytes, TILE_WIDTH)
    this.#bundle = { index, texts }
    return texts
  }
}

/** Files that do not fit the checkpoint, or are gone: `verify` says more. */
export function unprovable(why: string): Refusal {
  return new Refusal("record.unprovable", why)
}
