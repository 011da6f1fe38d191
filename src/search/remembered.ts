import type { Values } from "../query/tree.ts"

/** Of all that is remembered. A segment's counts of fields are some 5 KB; clients choose the keys of maps. */
const CHARS_MAX = 16 * 1024 * 1024

/** What was counted over whole segments, which never change: by segment. Those unused longest are forgotten first. */
export class Remembered {
  readonly #charsMax: number
  /** A Map keeps the order of insertion. */
  readonly #known = new Map<string, { readonly values: Values; readonly chars: number }>()
  #chars = 0

  constructor(charsMax = CHARS_MAX) {
    this.#charsMax = charsMax
  }

  get(sha256: string): Values | undefined {
    const found = this.#known.get(sha256)
    if (found === undefined) return undefined
    this.#known.delete(sha256)
    this.#known.set(sha256, found)
    return found.values
  }

  put(sha256: string, values: Values): void {
    if (this.#known.has(sha256)) return
    const chars = values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
    this.#known.set(sha256, { values, chars })
    this.#chars += chars
    for (const [oldest, { chars: freed }] of this.#known) {
      if (this.#chars <= this.#charsMax) return
      this.#known.delete(oldest)
      this.#chars -= freed
    }
  }
}
