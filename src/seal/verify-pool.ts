import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { extname } from "node:path"
import type { Done, Job } from "./verify-job.ts"

type Message = { readonly done?: Done; readonly failed?: string }

/** What became of a job: its result, or why there is none. */
export type Outcome = { readonly done: Done } | { readonly failed: string }

/** A segment takes seconds; a damaged file that sends its reader round in circles must not hold up all others. */
const JOB_MS_MAX = 10 * 60_000

/** Child processes that read segment files; each does one job at a time. Must be closed. */
export class VerifyPool {
  /** Readers at work at once, at most. */
  readonly size: number
  readonly #folder: string
  readonly #idle: Reader[] = []
  readonly #all = new Set<Reader>()
  readonly #waiting: (() => void)[] = []

  readonly #stop: AbortSignal | undefined
  readonly #onStop = () => {
    for (const reader of this.#all) reader.kill()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** `folder` is all that the children may read. `stop` ends them; what waits for them rejects with its reason. */
  constructor(folder: string, size: number, stop?: AbortSignal) {
    this.#folder = folder
    this.size = size
    this.#stop = stop
    stop?.addEventListener("abort", this.#onStop)
  }

  /** Waits for a free child. A child that dies over a file is replaced; its job comes back as failed. */
  async run(job: Job): Promise<Outcome> {
    const reader = await this.#take()
    const outcome = await reader.run(job)
    this.#stop?.throwIfAborted()
    if (reader.alive) this.#idle.push(reader)
    else this.#all.delete(reader)
    this.#waiting.shift()?.()
    return outcome
  }

  /** Resolves when no child is left. */
  async close(): Promise<void> {
    this.#stop?.removeEventListener("abort", this.#onStop)
    await Promise.all([...this.#all].map((reader) => reader.end()))
  }

  async #take(): Promise<Reader> {
    for (;;) {
      this.#stop?.throwIfAborted()
      const idle = this.#idle.pop()
      if (idle?.alive) return idle
      if (idle !== undefined) this.#all.delete(idle)
      else if (this.#all.size < this.size) {
        const reader = new Reader(this.#folder)
        this.#all.add(reader)
        return reader
      } else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}

class Reader {
  readonly #child: ChildProcess
  #settle: ((outcome: Outcome) => void) | undefined
  #ended: string | undefined

  constructor(folder: string) {
    const child = new URL(`./verify-child${extname(import.meta.url)}`, import.meta.url)
    this.#child = fork(child, [folder], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    })
    this.#child.on("message", (message: Message) => this.#hear(message))
    this.#child.on("error", (error) => this.#fail(error.message))
    this.#child.once("exit", (code, signal) => this.#fail(`it ended with ${signal ?? code}`))
  }

  get alive(): boolean {
    return this.#ended === undefined
  }

  run(job: Job): Promise<Outcome> {
    if (this.#ended !== undefined) return Promise.resolve({ failed: this.#ended })
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#child.kill("SIGKILL"), JOB_MS_MAX)
      this.#settle = (outcome) => {
        clearTimeout(late)
        this.#settle = undefined
        resolve(outcome)
      }
      this.#child.send(job, (error) => {
        if (error !== null) this.#fail(error.message)
      })
    })
  }

  kill(): void {
    this.#child.kill("SIGKILL")
  }

  async end(): Promise<void> {
    const exit = this.alive ? once(this.#child, "exit") : undefined
    if (this.#child.connected) this.#child.disconnect()
    await exit
  }

  #hear({ done, failed }: Message): void {
    if (done !== undefined) this.#settle?.({ done })
    else if (failed !== undefined) this.#settle?.({ failed })
  }

  #fail(why: string): void {
    this.#ended ??= `its reader failed: ${why}`
    this.#settle?.({ failed: this.#ended })
  }
}
