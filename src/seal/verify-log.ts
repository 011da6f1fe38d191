import { sameBytes, toBase64, utf8 } from "../base/bytes.ts"
import { isRefusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { type Block, NO_BLOCK, parseBlock } from "../tlog/block.ts"
import { decodeBundle } from "../tlog/bundle.ts"
import type { Checkpoint } from "../tlog/checkpoint.ts"
import { HASH_BYTES, type Hash, leafHash } from "../tlog/merkle.ts"
import { TILE_WIDTH, tilePath } from "../tlog/tile.ts"
import { appendToEdge, EMPTY_EDGE, edgeRoot, type TileEdge } from "../tlog/tile-edge.ts"
import type { Damage } from "./verdict.ts"

/** What the log's files say, read one bundle at a time. */
export type LogToVerify = {
  readonly checkpoint: Checkpoint
  /** Bytes of a file under `log/`, undefined where there is none. */
  readonly read: (path: string) => Uint8Array | undefined
  /** Block texts after the last full bundle, from `log/tail`: committed ones and those only decided. */
  readonly tail: readonly { readonly number: number; readonly text: Uint8Array }[]
  /** A checkpoint accepted before: the log must have had this root at this size. */
  readonly remembered: Checkpoint | undefined
  readonly onProgress?: (blocks: number) => void
}

export type LogVerdict = {
  readonly damages: readonly Damage[]
  /** First record of every bundle, for finding the block of a record; a bundle that cannot be read has the one before's. */
  readonly bundleFirsts: readonly number[]
  /** Records under the checkpoint; up to the last block that could be read. */
  readonly records: number
  readonly newest: Micros | undefined
  /** Tiles and bundles that belong to the log; any other file under `log/tile` was put there. */
  readonly files: ReadonlySet<string>
}

/**
 * Follows every block text from the first: its numbers, its chain line, its place in every tile, the root the checkpoint
 * signs and the root that was remembered. Constant memory: one bundle and the right edge of the tree.
 */
export function verifyLog(log: LogToVerify): LogVerdict {
  const walk = new Walk(log)
  for (let index = 0; index * TILE_WIDTH < log.checkpoint.size; index++) walk.bundle(index)
  walk.end()
  return walk
}

class Walk implements LogVerdict {
  readonly damages: Damage[] = []
  readonly bundleFirsts: number[] = []
  readonly files = new Set<string>()
  records = 0
  newest: Micros | undefined

  readonly #log: LogToVerify
  /** Grown with what the texts hash to, and with what the tiles of level 0 say: they differ where one was changed. */
  #fromTexts: TileEdge = EMPTY_EDGE
  #fromTiles: TileEdge = EMPTY_EDGE
  #rememberedRoots: { texts: Hash; tiles: Hash } | undefined
  #previous: Hash | undefined = NO_BLOCK
  /** False after block texts that cannot be read: the next one says where it begins, and nothing contradicts it. */
  #counted = true
  /** The leaf of the block before, by its text and by its tile: the next chain line says which of two is right. */
  #last:
    | { readonly number: number; readonly text: Hash | undefined; readonly tile: Hash | undefined }
    | undefined

  constructor(log: LogToVerify) {
    this.#log = log
  }

  bundle(index: number): void {
    const { size } = this.#log.checkpoint
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH)
    const texts = this.#texts(index, width)
    const tile = width === TILE_WIDTH ? this.#tile(index) : undefined
    this.bundleFirsts.push(this.records)
    for (let at = 0; at < width; at++) {
      const text = texts?.[at]
      const inTile = tile?.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
      const number = index * TILE_WIDTH + at
      if (text === undefined) this.#unread(number, inTile)
      else this.#block(number, text, inTile)
    }
    this.#log.onProgress?.(index * TILE_WIDTH + width)
  }

  /** The root that was signed, the root that was remembered, and blocks decided but not committed. */
  end(): void {
    const { checkpoint, remembered } = this.#log
    this.#settle(undefined)
    this.#compareRemembered(remembered)
    const texts = edgeRoot(this.#fromTexts)
    const whole = this.#fromTexts.size === checkpoint.size
    if (whole && !sameBytes(texts, checkpoint.root)) {
      const tiles = sameBytes(edgeRoot(this.#fromTiles), checkpoint.root)
      const found = this.damages.some(({ thing }) => thing === "block" || thing === "bundle")
      if (!tiles || !found) {
        this.damages.push({
          thing: "checkpoint",
          cause: "forked",
          first: 0,
          last: checkpoint.size - 1,
          path: "log/checkpoint",
          detail: `the blocks have root ${toBase64(texts)}, the checkpoint signs ${toBase64(checkpoint.root)}`,
        })
      }
    }
    this.#decided()
  }

  #texts(index: number, width: number): Uint8Array[] | undefined {
    const { size } = this.#log.checkpoint
    const first = index * TILE_WIDTH
    if (width < TILE_WIDTH || first + width > Math.floor(size / TILE_WIDTH) * TILE_WIDTH) {
      return this.#tailTexts(first, width)
    }
    const path = tilePath("entries", index)
    this.files.add(path)
    const range = { first, last: first + width - 1, path: `log/${path}` }
    const bytes = this.#log.read(path)
    if (bytes === undefined) {
      this.damages.push({ thing: "bundle", cause: "missing", ...range, detail: "the block texts are gone" })
      return undefined
    }
    try {
      return decodeBundle(bytes, width)
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.damages.push({ thing: "bundle", cause: "changed", ...range, detail: error.message })
      return undefined
    }
  }

  #tailTexts(first: number, width: number): Uint8Array[] | undefined {
    const byNumber = new Map(this.#log.tail.map(({ number, text }) => [number, text]))
    const texts: Uint8Array[] = []
    for (let number = first; number < first + width; number++) {
      const text = byNumber.get(number)
      if (text === undefined) {
        const last = first + width - 1
        const detail = "the block texts are gone"
        this.damages.push({
          thing: "block",
          cause: "truncated",
          first: number,
          last,
          path: "log/tail",
          detail,
        })
        break
      }
      texts.push(text)
    }
    return texts
  }

  #tile(index: number): Uint8Array | undefined {
    const path = tilePath(0, index)
    const bytes = this.#log.read(path)
    return bytes?.length === TILE_WIDTH * HASH_BYTES ? bytes : undefined
  }

  #block(number: number, text: Uint8Array, inTile: Hash | undefined): void {
    const block = parse(text)
    this.#settle(block?.previous)
    const ofText = leafHash(text)
    const disputed = inTile !== undefined && !sameBytes(ofText, inTile)
    this.#last = { number, text: ofText, tile: inTile }
    // Whoever changed a text is told by the hashes; what the changed text says is not worth a second word.
    if (!disputed) this.#read(number, block)
    else if (block !== undefined) this.#advance(block)
    this.#counted = !disputed && block !== undefined
  }

  #read(number: number, block: Block | undefined): void {
    const damage = (cause: Damage["cause"], detail: string) =>
      this.damages.push({ thing: "block", cause, first: number, last: number, detail })
    if (block === undefined) {
      damage("changed", "not a block text")
      return
    }
    if (block.origin !== this.#log.checkpoint.origin) damage("forked", `it names the ledger ${block.origin}`)
    if (block.number !== number) damage("reordered", `it calls itself block ${block.number}`)
    else if (this.#counted && block.first !== this.records) {
      damage("changed", `it begins at record ${block.first}, not ${this.records}`)
    } else if (this.#previous !== undefined && !sameBytes(block.previous, this.#previous)) {
      damage("changed", "its chain line names another text than the block before it")
    }
    this.#advance(block)
  }

  #advance(block: Block): void {
    this.newest = block.sealedAt
    this.records = block.first + block.count
  }

  #unread(number: number, inTile: Hash | undefined): void {
    this.#settle(undefined)
    this.#last = { number, text: undefined, tile: inTile }
    this.#counted = false
  }

  /** Takes the leaf before into the tree, once the chain line after it has said which one it is. */
  #settle(chainLine: Hash | undefined): void {
    const last = this.#last
    this.#last = undefined
    if (last === undefined) return
    const { number, text, tile } = last
    const byChain = [text, tile].find(
      (leaf) => leaf !== undefined && chainLine !== undefined && sameBytes(leaf, chainLine),
    )
    const leaf = byChain ?? text ?? tile
    this.#previous = leaf
    if (text !== undefined && tile !== undefined && leaf !== text) {
      const detail = "its text does not hash to the leaf that its tile and the next block name"
      this.damages.push({ thing: "block", cause: "changed", first: number, last: number, detail })
    }
    if (leaf === undefined) return
    this.#fromTexts = this.#append(this.#fromTexts, leaf, true)
    this.#fromTiles = this.#append(this.#fromTiles, tile ?? leaf, false)
    if (this.#fromTexts.size === this.#log.remembered?.size) {
      this.#rememberedRoots = { texts: edgeRoot(this.#fromTexts), tiles: edgeRoot(this.#fromTiles) }
    }
  }

  #append(edge: TileEdge, leaf: Hash, compare: boolean): TileEdge {
    const grown = appendToEdge(edge, leaf)
    for (const { tile, bytes } of compare ? grown.full : []) {
      const path = tilePath(tile.level, tile.index)
      this.files.add(path)
      const stored = this.#log.read(path)
      if (stored !== undefined && sameBytes(stored, bytes)) continue
      const first = tile.index * TILE_WIDTH ** (Number(tile.level) + 1)
      this.damages.push({
        thing: "tile",
        cause: stored === undefined ? "missing" : "changed",
        first,
        last: first + TILE_WIDTH ** (Number(tile.level) + 1) - 1,
        path: `log/${path}`,
        detail: "it does not hold what the block texts hash to",
      })
    }
    return grown.edge
  }

  #compareRemembered(remembered: Checkpoint | undefined): void {
    if (remembered === undefined || remembered.size === 0) return
    const { checkpoint } = this.#log
    const path = "log/checkpoint"
    if (remembered.size > checkpoint.size) {
      const detail = `${remembered.size} blocks were accepted before, ${checkpoint.size} are left`
      const range = { first: checkpoint.size, last: remembered.size - 1 }
      this.damages.push({ thing: "checkpoint", cause: "truncated", ...range, path, detail })
      return
    }
    const roots = this.#rememberedRoots
    const agrees =
      roots !== undefined &&
      (sameBytes(roots.texts, remembered.root) || sameBytes(roots.tiles, remembered.root))
    if (agrees) return
    this.damages.push({
      thing: "checkpoint",
      cause: "forked",
      first: 0,
      last: remembered.size - 1,
      path,
      detail: `the first ${remembered.size} blocks are not those that were accepted before`,
    })
  }

  /** Blocks that `log/tail` holds beyond the checkpoint: a crash may leave them, but only as a continuation. */
  #decided(): void {
    const { checkpoint, tail } = this.#log
    let previous = this.#previous
    let edge = this.#fromTexts
    for (const { number, text } of tail.filter(({ number }) => number >= checkpoint.size)) {
      const block = parse(text)
      const follows =
        block?.number === number && previous !== undefined && sameBytes(block.previous, previous)
      if (!follows) {
        const detail = "decided after the checkpoint, but it does not follow it"
        this.damages.push({
          thing: "block",
          cause: "changed",
          first: number,
          last: number,
          path: "log/tail",
          detail,
        })
      }
      previous = leafHash(text)
      // A crash between their files and the checkpoint leaves the files.
      const grown = appendToEdge(edge, previous)
      edge = grown.edge
      for (const { tile } of grown.full) {
        this.files.add(tilePath(tile.level, tile.index))
        if (tile.level === 0) this.files.add(tilePath("entries", tile.index))
      }
    }
  }
}

function parse(bytes: Uint8Array): Block | undefined {
  try {
    const text = utf8(bytes)
    return text === undefined ? undefined : parseBlock(text)
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
