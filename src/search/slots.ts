import { Refusal } from "../base/refusal.ts"

/** Places for queries that run at once; others wait in line, and when the line is full they are refused. */
export class Slots {
  readonly #waitingMax: number
  readonly #line: (() => void)[] = []
  #free: number

  constructor(count: number, waitingMax: number) {
    this.#free = count
    this.#waitingMax = waitingMax
  }

  /** Resolves with what to call at the end. Refuses `search.busy`, or `store.interrupted` when `stop` aborts first. */
  async enter(stop: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else {
      if (this.#line.length >= this.#waitingMax) {
        throw new Refusal("search.busy", `${this.#waitingMax} queries are waiting already`)
      }
      await this.#wait(stop)
    }
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#line.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #wait(stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        stop.removeEventListener("abort", leave)
        resolve()
      }
      const leave = () => {
        this.#line.splice(this.#line.indexOf(enter), 1)
        reject(new Refusal("store.interrupted", "nobody waits for the answer"))
      }
      this.#line.push(enter)
      stop.addEventListener("abort", leave, { once: true })
    })
  }
}
