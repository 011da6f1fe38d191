import { type Bell, pause, ring } from "../base/loop.ts"
import { Slots } from "./slots.ts"

/** How long a large statement lets small questions go first, each time: as long as it may take itself. */
const PATIENCE_MS = 200

/**
 * Turns of large statements. They take as much of the processors as small ones beside them, and a small question is two or
 * three statements of some milliseconds: before each of its own, a large query waits until no small question is being
 * answered, but not longer than {@link PATIENCE_MS}, so that it goes on however many are asked.
 */
export class Turns {
  readonly #slots: Slots
  readonly #quiet: Bell = new EventTarget()
  #small = 0

  /** `most`: how many at once; asked each time somebody comes or leaves. */
  constructor(most: () => number) {
    this.#slots = new Slots(most)
  }

  get most(): number {
    return this.#slots.most
  }

  get waiting(): number {
    return this.#slots.waiting
  }

  get hasRoom(): boolean {
    return this.#slots.hasRoom
  }

  /** Something small begins; what is returned says that it has ended, or is large. */
  small(): () => void {
    this.#small++
    let ended = false
    return () => {
      if (ended) return
      ended = true
      if (--this.#small === 0) ring(this.#quiet)
    }
  }

  /** Resolves with what to call at the end. Refuses `store.interrupted` when `stop` aborts first. */
  async enter(stop: AbortSignal): Promise<() => void> {
    const leave = await this.#slots.enter(stop)
    if (this.#small > 0) await pause(PATIENCE_MS, stop, this.#quiet)
    return leave
  }
}
