import { Refusal } from "../base/refusal.ts"

/** Places for what may run at once; others wait in line, in the order in which they came. */
export class Slots {
  readonly #most: () => number
  readonly #line: (() => void)[] = []
  #inside = 0

  /** `most` is asked each time somebody comes or leaves. */
  constructor(most: () => number) {
    this.#most = most
  }

  get most(): number {
    return this.#most()
  }

  get waiting(): number {
    return this.#line.length
  }

  get hasRoom(): boolean {
    return this.#line.length === 0 && this.#inside < this.#most()
  }

  /** Resolves with what to call at the end. Refuses `store.interrupted` when `stop` aborts first. */
  async enter(stop: AbortSignal): Promise<() => void> {
    if (this.hasRoom) this.#inside++
    else await this.#wait(stop)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#inside--
      this.#admit()
    }
  }

  #admit(): void {
    while (this.#inside < this.#most()) {
      const next = this.#line.shift()
      if (next === undefined) return
      this.#inside++
      next()
    }
  }

  #wait(stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        stop.removeEventListener("abort", leave)
        resolve()
      }
      const leave = () => {
        const at = this.#line.indexOf(enter)
        if (at >= 0) this.#line.splice(at, 1)
        reject(new Refusal("store.interrupted", "nobody waits for the answer"))
      }
      if (stop.aborted) return leave()
      this.#line.push(enter)
      stop.addEventListener("abort", leave, { once: true })
    })
  }
}
