import { Refusal } from "../base/refusal.ts"
import { Slots } from "./slots.ts"

/** Where one query is among those that run. */
export interface Place {
  /** Before it reads much: it goes to a place for large queries, and waits for one. Once; then it is there already. Refuses `store.interrupted` when `stop` aborts first. */
  grow(stop: AbortSignal): Promise<void>
  leave(): void
}

/** A query that nobody counts. */
export const NO_PLACE: Place = { grow: () => Promise.resolve(), leave: () => undefined }

export type PlaceLimits = {
  /** Queries that have not read much yet, at once. Besides them half as many that have. */
  readonly queriesMax: number
  /** Queries that wait; beyond, they are refused. */
  readonly waitingMax: number
}

/**
 * Places of queries. Whether one is large is seen when it begins to read much: until then it has a place among the small,
 * so however many large ones there are, a small question finds a place.
 */
export class Places {
  readonly #small: Slots
  readonly #large: Slots
  readonly #waitingMax: number

  constructor({ queriesMax, waitingMax }: PlaceLimits) {
    this.#small = new Slots(() => queriesMax)
    this.#large = new Slots(() => Math.max(1, queriesMax >> 1))
    this.#waitingMax = waitingMax
  }

  /** Refuses `search.busy` when too many wait, and `store.interrupted` when `stop` aborts first. */
  async enter(stop: AbortSignal): Promise<Place> {
    if (!this.#small.hasRoom && this.#small.waiting + this.#large.waiting >= this.#waitingMax)
      throw new Refusal("search.busy", `${this.#waitingMax} queries are waiting already`)
    return new Held(await this.#small.enter(stop), (enough) => this.#large.enter(enough))
  }
}

class Held implements Place {
  readonly #enterLarge: (stop: AbortSignal) => Promise<() => void>
  readonly #leaves: (() => void)[]
  #growing: Promise<void> | undefined

  constructor(leave: () => void, enterLarge: (stop: AbortSignal) => Promise<() => void>) {
    this.#leaves = [leave]
    this.#enterLarge = enterLarge
  }

  grow(stop: AbortSignal): Promise<void> {
    this.#growing ??= this.#grow(stop)
    return this.#growing
  }

  async #grow(stop: AbortSignal): Promise<void> {
    this.leave()
    this.#leaves.push(await this.#enterLarge(stop))
  }

  leave(): void {
    for (const leave of this.#leaves.splice(0)) leave()
  }
}
