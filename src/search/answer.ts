import { assert } from "../base/assert.ts"
import type { FileMessage, QueryMessage } from "./message.ts"
import { WINDOW } from "./message.ts"

export type AnyMessage = QueryMessage | FileMessage

/** Messages of one query on their way to its reader. At most a window of them is ever here: the child waits for `more`. */
export class Answer {
  readonly #messages: AnyMessage[] = []
  #failure: Error | undefined
  #wake: (() => void) | undefined
  /** The child will send nothing more. */
  ended = false

  put(message: AnyMessage): void {
    assert(this.#messages.length <= WINDOW, "the child keeps to its window")
    if (message.kind === "end") this.ended = true
    this.#messages.push(message)
    this.#wake?.()
  }

  /** The reader hears of it after what has come already. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#wake?.()
  }

  async next(): Promise<AnyMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
