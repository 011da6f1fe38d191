import { readdirSync } from "node:fs"
import { join, relative, sep } from "node:path"
import { bisect } from "../base/bisect.ts"
import { asBuffer } from "../base/buffer.ts"
import { utf8 } from "../base/bytes.ts"
import { readIfThere } from "../base/read-if-there.ts"
import { isRefusal } from "../base/refusal.ts"
import { isMissing } from "../base/system-error.ts"
import type { Micros } from "../base/time.ts"
import { type Block, parseBlock } from "../tlog/block.ts"
import { decodeBundle } from "../tlog/bundle.ts"
import { TILE_WIDTH, tilePath } from "../tlog/tile.ts"
import { parseTail, type Tail } from "./tail.ts"

/** The bytes of a file under `log/`; undefined where there is none. */
export function logReader(dir: string): (path: string) => Uint8Array | undefined {
  return (path) => readIfThere(join(dir, "log", path))
}

/** Every file under a folder, relative to it, with `/`; none where the folder is not there. */
export function filesUnder(folder: string): string[] {
  // Many files, few folders: 20,000 names are read at every start of a large ledger.
  const prefixes = new Map<string, string>()
  const prefixOf = (parent: string): string => {
    const known = prefixes.get(parent)
    if (known !== undefined) return known
    const below = relative(folder, parent).split(sep).join("/")
    const prefix = below === "" ? "" : `${below}/`
    prefixes.set(parent, prefix)
    return prefix
  }
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => prefixOf(entry.parentPath) + entry.name)
      .sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** What `log/tail` holds that can be read. */
export type TailContent = Tail & {
  /** Why it is not as a ledger writes it; then every line that can be read by itself was taken. */
  readonly damaged: string | undefined
}

export function tailContent(dir: string): TailContent {
  const bytes = readIfThere(join(dir, "log", "tail")) ?? new Uint8Array()
  try {
    return { ...parseTail(bytes), damaged: undefined }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { ...tailLines(bytes), damaged: error.message }
  }
}

function tailLines(bytes: Uint8Array): Tail {
  const lines = asBuffer(bytes).toString("latin1").split("\n")
  const read = lines.flatMap((line) => {
    try {
      return [parseTail(Buffer.from(`${line}\n`, "latin1"))]
    } catch (error) {
      if (isRefusal(error)) return []
      throw error
    }
  })
  return { seeds: read.flatMap(({ seeds }) => seeds), blocks: read.flatMap(({ blocks }) => blocks) }
}

/** Every seed in it, by block number. */
export function seedsIn({ seeds, blocks }: Tail): Map<number, Uint8Array> {
  const ofBlocks = blocks.flatMap(({ number, seed }) => (seed === undefined ? [] : [[number, seed] as const]))
  return new Map([...seeds.map(({ number, seed }) => [number, seed] as const), ...ofBlocks])
}

/** Blocks of a log that was verified, looked up by the records in them; one bundle in memory at a time. */
export class BlocksOnDisk {
  readonly #read: (path: string) => Uint8Array | undefined
  readonly #tail: ReadonlyMap<number, Uint8Array>
  readonly #bundleFirsts: readonly number[]
  readonly #size: number

  constructor(log: {
    readonly read: (path: string) => Uint8Array | undefined
    readonly tail: readonly { readonly number: number; readonly text: Uint8Array }[]
    readonly bundleFirsts: readonly number[]
    readonly size: number
  }) {
    this.#read = log.read
    this.#tail = new Map(log.tail.map(({ number, text }) => [number, text]))
    this.#bundleFirsts = log.bundleFirsts
    this.#size = log.size
  }

  /** The blocks that hold records from `first` to `last`, in order; those that cannot be read are left out. */
  over(first: number, last: number): Block[] {
    const blocks: Block[] = []
    for (let bundle = this.#bundleOf(first); bundle < this.#bundleFirsts.length; bundle++) {
      if ((this.#bundleFirsts[bundle] ?? 0) > last) break
      blocks.push(
        ...this.#blocksIn(bundle).filter((block) => block.first <= last && block.first + block.count > first),
      )
    }
    return blocks
  }

  at(number: number): Block | undefined {
    return this.#blocksIn(Math.floor(number / TILE_WIDTH)).find((block) => block.number === number)
  }

  /** Number of the first block sealed then or later. Times of a log that was verified never go back. */
  firstSealedFrom(time: Micros): number | undefined {
    const before = bisect(this.#size, (number) => (this.at(number)?.sealedAt ?? 0) < time)
    return before < this.#size ? before : undefined
  }

  #bundleOf(record: number): number {
    const begun = bisect(this.#bundleFirsts.length, (at) => (this.#bundleFirsts[at] ?? 0) <= record)
    return Math.max(0, begun - 1)
  }

  #blocksIn(bundle: number): Block[] {
    return this.#textsIn(bundle).flatMap((bytes) => {
      const text = utf8(bytes)
      try {
        return text === undefined ? [] : [parseBlock(text)]
      } catch (error) {
        if (isRefusal(error)) return []
        throw error
      }
    })
  }

  #textsIn(bundle: number): Uint8Array[] {
    const first = bundle * TILE_WIDTH
    if (first + TILE_WIDTH <= this.#size) return this.#filled(bundle)
    const numbers = Array.from({ length: this.#size - first }, (_, i) => first + i)
    return numbers.flatMap((number) => this.#tail.get(number) ?? [])
  }

  #filled(bundle: number): Uint8Array[] {
    try {
      const bytes = this.#read(tilePath("entries", bundle))
      return bytes === undefined ? [] : decodeBundle(bytes, TILE_WIDTH)
    } catch (error) {
      if (isRefusal(error)) return []
      throw error
    }
  }
}
