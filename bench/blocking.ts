/**
 * What a request of the API server waits for in the modes `blocking` and `blocking-strict`: one event a POST, each
 * acknowledged on its own, while the same process seals and another makes segments.
 *
 *     node bench/blocking.ts [--seconds 20] [--rates 50,200,1000] [--connections 32]
 *
 * Latency is counted from when the event was due, so a server that falls behind cannot hide it. Beside it stands what the
 * disk alone takes: one fdatasync of an appended event after the other, in this process, before anything else runs.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startServer } from "../test/support/server.ts"
import { print } from "./figures.ts"
import { quantile, Sender } from "./sender.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    rates: { type: "string", default: "50,200,1000" },
    connections: { type: "string", default: "32" },
  },
})
const WARM_MS = 2_000
const SYNCS = 300
const EVENT_BYTES = 1_500

const dir = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
try {
  print(await measure())
} finally {
  rmSync(dir, { recursive: true, force: true })
}

async function measure(): Promise<Record<string, string | number>> {
  const disk = await syncTimes()
  const figures: Record<string, string | number> = {
    "disk alone, fdatasync p50 / p99 ms": `${quantile(disk, 0.5)} / ${quantile(disk, 0.99)}`,
  }
  const server = await startServer(join(dir, "data"), { args: ["--set", "log.level=error"] })
  try {
    const sender = new Sender(1)
    const load = (rate: number, ms: number) =>
      sender.load({ url: server.url, rate, connections: Number(values.connections), ms })
    await load(200, WARM_MS)
    for (const rate of values.rates.split(",").map(Number)) {
      const { latencies, refused } = await load(rate, Number(values.seconds) * 1000)
      const [p50, p99] = [0.5, 0.99].map((share) => quantile(latencies, share))
      figures[`${rate} events/s, ack p50 / p99 / most ms`] = `${p50} / ${p99} / ${quantile(latencies, 1)}`
      figures[`${rate} events/s, refused`] = refused
    }
  } finally {
    await server.end()
  }
  return figures
}

/** Milliseconds of each, sorted. */
async function syncTimes(): Promise<readonly number[]> {
  const file = await open(join(dir, "sync"), "a")
  const times: number[] = []
  for (let i = 0; i < SYNCS; i++) {
    const began = performance.now()
    await file.write(Buffer.alloc(EVENT_BYTES, "x"))
    await file.datasync()
    times.push(performance.now() - began)
  }
  await file.close()
  return times.sort((a, b) => a - b)
}
