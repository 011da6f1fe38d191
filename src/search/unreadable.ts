import type { CatalogueEntry } from "../store/catalogue.ts"
import { hashFile } from "../store/hash-file.ts"
import { segmentPath } from "../store/segment-name.ts"

/** How long files are looked through after one query failed over them; 260 MB a second. What is left waits for the next. */
const LOOK_MS_MAX = 10_000

/**
 * Segment files that are not as they were recorded: a disk rots, somebody edits. Looked for when the engine cannot read
 * what a query needs; from then on queries go without them and say so. What happened to them, `verify` tells.
 */
export class UnreadableFiles {
  readonly #dir: string
  readonly #sound = new Set<string>()
  readonly #bad = new Set<string>()

  constructor(dir: string) {
    this.#dir = dir
  }

  get count(): number {
    return this.#bad.size
  }

  readable(segments: readonly CatalogueEntry[]): readonly CatalogueEntry[] {
    return this.#bad.size === 0 ? segments : segments.filter(({ name }) => !this.#bad.has(name))
  }

  /** Hashes files not hashed before, newest first; true when one more is not as it was recorded. */
  async find(segments: readonly CatalogueEntry[], stop: AbortSignal): Promise<boolean> {
    const until = performance.now() + LOOK_MS_MAX
    const before = this.#bad.size
    for (const { name, sha256 } of segments.toReversed()) {
      if (this.#bad.has(name) || this.#sound.has(name)) continue
      if (stop.aborted || performance.now() >= until) break
      const found = await hashFile(segmentPath(this.#dir, name)).catch(() => undefined)
      if (found?.sha256 === sha256) this.#sound.add(name)
      else this.#bad.add(name)
    }
    return this.#bad.size > before
  }
}
