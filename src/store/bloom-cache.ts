import type { Disk } from "../journal/disk.ts"
import { type Bloom, type BloomKey, bloomOf, mayHold, readBloom } from "./bloom.ts"
import type { CatalogueEntry } from "./catalogue-entry.ts"
import type { Duckdb } from "./duckdb.ts"
import { makeBloom } from "./segment-file.ts"
import { bloomPath, segmentPath } from "./segment-name.ts"

export type BloomCacheOptions = {
  readonly db: Duckdb
  readonly dir: string
  /** Undefined: read only; a filter that is missing is made in memory alone. */
  readonly disk: Disk | undefined
  /** Kept in memory: 60 KB for a segment of 40,000 records. */
  readonly bytesMax: number
}

/** The filters of segments, those used last in memory. */
export class BloomCache {
  readonly #options: BloomCacheOptions
  /** By sha256 of the segment; a Map keeps the order of insertion, so the first is the one unused longest. */
  readonly #kept = new Map<string, Bloom>()
  #bytes = 0

  constructor(options: BloomCacheOptions) {
    this.#options = options
  }

  async get(entry: CatalogueEntry): Promise<Bloom> {
    const kept = this.#kept.get(entry.sha256)
    const bloom = kept ?? (await this.#load(entry))
    this.#keep(entry.sha256, bloom)
    return bloom
  }

  /** Those of the segments that may hold one of the keys. */
  async prune(
    entries: readonly CatalogueEntry[],
    keys: readonly BloomKey[],
  ): Promise<readonly CatalogueEntry[]> {
    const kept: CatalogueEntry[] = []
    for (const entry of entries) {
      const bloom = await this.get(entry)
      if (keys.some(({ high, low }) => mayHold(bloom, high, low))) kept.push(entry)
    }
    return kept
  }

  async #load({ name, sha256 }: CatalogueEntry): Promise<Bloom> {
    const { db, dir, disk } = this.#options
    const path = bloomPath(dir, name)
    const found = await readBloom(path, sha256)
    if (found !== undefined) return found
    if (disk === undefined) return bloomOf(db, segmentPath(dir, name))
    await makeBloom(db, disk, dir, { name, sha256 })
    return (await readBloom(path, sha256)) ?? bloomOf(db, segmentPath(dir, name))
  }

  #keep(sha256: string, bloom: Bloom): void {
    if (!this.#kept.delete(sha256)) this.#bytes += bloom.bits.byteLength
    this.#kept.set(sha256, bloom)
    for (const [oldest, { bits }] of this.#kept) {
      if (this.#bytes <= this.#options.bytesMax || oldest === sha256) return
      this.#kept.delete(oldest)
      this.#bytes -= bits.byteLength
    }
  }
}
