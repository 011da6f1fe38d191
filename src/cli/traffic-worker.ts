import { parentPort, workerData } from "node:worker_threads"
import { assert } from "../base/assert.ts"
import type { ToldApart } from "../policy/told-apart.ts"
import { type Cell, type Seen, Traffic } from "../policy/traffic.ts"
import { SightingSink } from "./traffic-sightings.ts"

/** What a worker is given. The buffer comes back when it was read. */
export type TrafficJob =
  | { readonly kind: "lines"; readonly buffer: ArrayBuffer; readonly size: number }
  /** Where each event ends and the next begins. */
  | { readonly kind: "events"; readonly buffer: ArrayBuffer; readonly ends: readonly number[] }
  | { readonly kind: "end" }

export type TrafficAnswer =
  | { readonly kind: "free"; readonly buffer: ArrayBuffer }
  | { readonly kind: "cells"; readonly cells: readonly Cell[]; readonly whole: boolean }
  | { readonly kind: "end"; readonly seen: Seen; readonly notUnderstood: number }

export type TrafficSetup = { readonly apart: ToldApart }

const port = parentPort
assert(port !== null, "this file is a worker")
const { apart } = workerData as TrafficSetup
const traffic = new Traffic({ apart, onCells: (cells, whole) => answer({ kind: "cells", cells, whole }) })
const sink = new SightingSink((sighting) => traffic.add(sighting))

port.on("message", (job: TrafficJob) => {
  if (job.kind === "end") {
    traffic.flush()
    answer({ kind: "end", seen: traffic.seen, notUnderstood: sink.notUnderstood })
    port.close()
    return
  }
  if (job.kind === "lines") sink.wholeLines(Buffer.from(job.buffer, 0, job.size))
  else {
    const bytes = new Uint8Array(job.buffer)
    let from = 0
    for (const end of job.ends) {
      sink.part(bytes, from, end)
      from = end
    }
  }
  answer({ kind: "free", buffer: job.buffer }, [job.buffer])
})

function answer(message: TrafficAnswer, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}
