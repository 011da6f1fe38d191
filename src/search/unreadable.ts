import { statSync } from "node:fs"
import type { CatalogueEntry } from "../store/catalogue.ts"
import { hashFile } from "../store/hash-file.ts"
import { segmentPath } from "../store/segment-name.ts"

/** How long files are looked through for one query; 260 MB a second. What is left waits for the next. */
const LOOK_MS_MAX = 10_000
/** Files that are gone and of which something is known still. */
const FEW = 1_000

/**
 * Segment files that are not as they were recorded: a disk rots, somebody edits. Two things lead to them: the engine cannot
 * read what a query needs; or a file that a query is about to read is no longer the one it was, by what the system says of
 * it. Queries go without them and say so. What happened to them, `verify` tells; one that is as it was recorded again is
 * read again.
 */
export class UnreadableFiles {
  readonly #dir: string
  /** As the system described the file when it was first used, or found sound. */
  readonly #known = new Map<string, string>()
  readonly #sound = new Set<string>()
  readonly #bad = new Map<string, { readonly entry: CatalogueEntry; readonly look: string }>()
  /** Left out until they are hashed. */
  readonly #changed = new Map<string, CatalogueEntry>()

  constructor(dir: string) {
    this.#dir = dir
  }

  /** Files that answers are without. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#bad.keys(), ...this.#changed.keys()])
  }

  /** Those of all segments that can be read. What is known of others is forgotten: they were merged. */
  readable(segments: readonly CatalogueEntry[]): readonly CatalogueEntry[] {
    const isMuch = this.#known.size > 2 * segments.length + FEW
    if (isMuch || this.names.size > 0) this.#forgetOthers(segments)
    return this.#bad.size === 0 ? segments : segments.filter(({ name }) => !this.#bad.has(name))
  }

  #forgetOthers(segments: readonly CatalogueEntry[]): void {
    const names = new Set(segments.map(({ name }) => name))
    for (const known of [this.#known, this.#sound, this.#bad, this.#changed])
      for (const name of known.keys()) if (!names.has(name)) known.delete(name)
  }

  /** Whether it is still the file it was. To be asked of those that are read, at 5 µs each; what is not is left out. */
  isSame(entry: CatalogueEntry): boolean {
    const { name } = entry
    const look = this.#look(entry)
    const known = this.#known.get(name)
    if (known === undefined && look.startsWith(`${entry.bytes} `)) this.#known.set(name, look)
    if (look === this.#known.get(name)) return true
    this.#changed.set(name, entry)
    return false
  }

  /** Hashes what changed since it was looked at: a copy that was put back is sound, whatever its date. */
  async settle(stop: AbortSignal): Promise<void> {
    const again = [...this.#bad.values()].filter(({ entry, look }) => look !== this.#look(entry))
    const changed = [...this.#changed.values(), ...again.map(({ entry }) => entry)]
    await this.#hash(changed, stop)
  }

  /** Hashes files not hashed before, newest first; true when one more is not as it was recorded. */
  async find(segments: readonly CatalogueEntry[], stop: AbortSignal): Promise<boolean> {
    const before = this.#bad.size
    const unknown = segments.filter(({ name }) => !this.#bad.has(name) && !this.#sound.has(name))
    await this.#hash(unknown.toReversed(), stop)
    return this.#bad.size > before
  }

  async #hash(entries: readonly CatalogueEntry[], stop: AbortSignal): Promise<void> {
    const until = performance.now() + LOOK_MS_MAX
    for (const entry of entries) {
      if (stop.aborted || performance.now() >= until) return
      const { name, sha256 } = entry
      const look = this.#look(entry)
      const found = await hashFile(segmentPath(this.#dir, name)).catch(() => undefined)
      this.#changed.delete(name)
      this.#bad.delete(name)
      this.#sound.delete(name)
      if (found?.sha256 !== sha256) this.#bad.set(name, { entry, look })
      else {
        this.#sound.add(name)
        this.#known.set(name, look)
      }
    }
  }

  #look({ name }: CatalogueEntry): string {
    const found = statSync(segmentPath(this.#dir, name), { throwIfNoEntry: false })
    return found === undefined ? "gone" : `${found.size} ${found.ino} ${found.mtimeMs} ${found.ctimeMs}`
  }
}
