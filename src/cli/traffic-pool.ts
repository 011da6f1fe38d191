import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import type { Seen, TakeCells } from "../policy/traffic.ts"
import type { TrafficAnswer, TrafficJob, TrafficSetup } from "./traffic-worker.ts"

/** Batches that wait with each worker: one is read while the next is on its way. */
const WAITING_MAX = 2

export type TrafficTotal = { readonly seen: Seen; readonly notUnderstood: number }

/** Threads that make cells of events, each of what it is given. Must be stopped. */
export class TrafficPool {
  readonly #members: readonly Member[]
  readonly #free: ArrayBuffer[] = []
  #wake: (() => void) | undefined
  #fail: (trouble: unknown) => void = () => undefined
  readonly #failed = new Promise<never>((_, reject) => {
    this.#fail = reject
  })

  constructor(size: number, setup: TrafficSetup, onCells: TakeCells) {
    this.#failed.catch(() => undefined) // whoever waits hears of it; nobody may wait
    this.#members = Array.from({ length: size }, () => new Member(setup))
    for (const member of this.#members) {
      member.worker.on("message", (message: TrafficAnswer) => {
        try {
          this.#hear(member, message, onCells)
        } catch (error) {
          this.#fail(error)
        }
      })
      member.worker.on("error", this.#fail)
    }
  }

  /** A buffer of at least so many bytes, for a batch. */
  buffer(bytesMin: number): ArrayBuffer {
    const free = this.#free.pop()
    return free !== undefined && free.byteLength >= bytesMin ? free : new ArrayBuffer(bytesMin)
  }

  /** Takes the batch at once; what comes back resolves when there is room for the next. */
  send(job: Exclude<TrafficJob, { kind: "end" }>): Promise<void> | undefined {
    const member = this.#members.reduce((a, b) => (b.waiting < a.waiting ? b : a))
    member.waiting++
    member.worker.postMessage(job, [job.buffer])
    return this.#hasRoom() ? undefined : this.#room()
  }

  /** Resolves when every worker has handed over its cells; the totals are of each. */
  async end(): Promise<readonly TrafficTotal[]> {
    for (const { worker } of this.#members) worker.postMessage({ kind: "end" } satisfies TrafficJob)
    return await Promise.race([this.#failed, Promise.all(this.#members.map(({ total }) => total))])
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()))
  }

  #hasRoom(): boolean {
    return this.#members.some(({ waiting }) => waiting < WAITING_MAX)
  }

  async #room(): Promise<void> {
    while (!this.#hasRoom()) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([this.#failed, woken])
    }
  }

  #hear(member: Member, message: TrafficAnswer, onCells: TakeCells): void {
    if (message.kind === "cells") onCells(message.cells, message.whole)
    else if (message.kind === "end") member.settle(message)
    else {
      member.waiting--
      this.#free.push(message.buffer)
      this.#wake?.()
    }
  }
}

class Member {
  readonly worker: Worker
  readonly total: Promise<TrafficTotal>
  settle: (total: TrafficTotal) => void = () => undefined
  waiting = 0

  constructor(setup: TrafficSetup) {
    this.worker = new Worker(new URL(`./traffic-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: setup,
    })
    this.total = new Promise((resolve) => {
      this.settle = resolve
    })
  }
}
