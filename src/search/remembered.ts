import type { Values } from "../query/tree.ts"

/** Of all that is remembered. A segment's counts of fields are some 5 KB; clients choose the keys of maps. */
const CHARS_MAX = 16 * 1024 * 1024

/** Groups of one answer that are worth remembering. */
export const GROUPS_MAX = 1_000

/** What was counted over whole segments, which never change, by segments and question. What was unused longest is forgotten first. */
export class Remembered {
  readonly #charsMax: number
  /** A Map keeps the order of insertion. */
  readonly #known = new Map<string, { readonly groups: readonly Values[]; readonly chars: number }>()
  #chars = 0

  constructor(charsMax = CHARS_MAX) {
    this.#charsMax = charsMax
  }

  get(question: string): readonly Values[] | undefined {
    const found = this.#known.get(question)
    if (found === undefined) return undefined
    this.#known.delete(question)
    this.#known.set(question, found)
    return found.groups
  }

  put(question: string, groups: readonly Values[]): void {
    if (this.#known.has(question) || groups.length > GROUPS_MAX) return
    const chars = groups.flat().reduce((sum, value) => sum + (value?.length ?? 0), question.length)
    this.#known.set(question, { groups, chars })
    this.#chars += chars
    for (const [oldest, { chars: freed }] of this.#known) {
      if (this.#chars <= this.#charsMax) return
      this.#known.delete(oldest)
      this.#chars -= freed
    }
  }
}
