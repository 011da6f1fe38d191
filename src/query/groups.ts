/** A table of groups in memory: a key of several values → what is counted for it. */
export class Groups<T> {
  readonly #groups = new Map<string, { readonly key: readonly string[]; readonly value: T }>()

  /** What is held for the key; made by `start` when it is new. */
  at(key: readonly string[], start: () => T): { readonly value: T; readonly fresh: boolean } {
    const name = key.length === 1 ? (key[0] ?? "") : JSON.stringify(key)
    const known = this.#groups.get(name)
    if (known !== undefined) return { value: known.value, fresh: false }
    const value = start()
    this.#groups.set(name, { key, value })
    return { value, fresh: true }
  }

  get size(): number {
    return this.#groups.size
  }

  entries(): Iterable<{ readonly key: readonly string[]; readonly value: T }> {
    return this.#groups.values()
  }
}

/** Bytes a group costs, roughly: its key and the table's place for it. */
export function weighKey(key: readonly string[]): number {
  let bytes = 160
  for (const part of key) bytes += 4 * part.length
  return bytes
}
