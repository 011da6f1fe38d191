/**
 * How fast `verify` reads a ledger again: `node bench/verify.ts [records = 500000] [readers = cores]`. Builds the ledger
 * with the code that builds all of them, in the system's folder for temporary files.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { verifyLedger } from "../src/seal/verify.ts"
import { buildLedger } from "../test/support/built-ledger.ts"
import { cpuMicrosOfAll } from "./processes.ts"
import { createEventMaker } from "./segment-events.ts"

const [records = "500000", readers = String(availableParallelism())] = process.argv.slice(2)
const root = await mkdtemp(join(tmpdir(), "tallystick-bench-"))
try {
  const dir = join(root, "ledger")
  let bytes = 0
  const make = createEventMaker(1)
  const body = (at: number) => {
    const event = make(at)
    bytes += event.length
    return event
  }
  const size = { records: Number(records), perBlock: 10_000, perBatch: 10_000, perSegment: 100_000 }
  const { vkey } = await buildLedger({ dir, body, ...size, hints: true })
  for (const columns of [false, true]) {
    const [begin, cpu] = [performance.now(), cpuMicrosOfAll(process.pid)]
    const { verdict } = await verifyLedger({
      dir,
      keys: [vkey],
      remembered: undefined,
      now: 0,
      readers: Number(readers),
      columns,
    })
    const seconds = (performance.now() - begin) / 1000
    const result = {
      what: columns ? "verify --columns" : "verify",
      readers: Number(readers),
      answer: verdict.answer,
      records: verdict.records,
      bytesPerRecord: Math.round(bytes / Number(records)),
      seconds: Number(seconds.toFixed(2)),
      cpuMicrosPerRecord: Number(((cpuMicrosOfAll(process.pid) - cpu) / verdict.records).toFixed(1)),
      recordsPerSecond: Math.round(verdict.records / seconds),
      parentRssMiB: Math.round(process.memoryUsage().rss / 1024 / 1024),
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }
} finally {
  await rm(root, { recursive: true, force: true })
}
