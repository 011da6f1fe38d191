/**
 * Readers beside live intake: a ledger filled through its front door, then a constant load of events, and readers who ask
 * again and again: some scan every body, the others ask small questions of the last minutes. Says how long
 * acknowledgements and small questions take. What was filled in is in segments before anybody reads, unless `--backlog`.
 *
 *     node bench/readers.ts [--fill 400000] [--seconds 30] [--rate 5000] [--readers 32] [--scans 4] [--backlog]
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { pause } from "../src/base/loop.ts"
import { startServer } from "../test/support/server.ts"
import { print } from "./figures.ts"
import { gaugeDown } from "./gauge.ts"
import { peakMib, searchOf } from "./processes.ts"
import { quantile, Sender } from "./sender.ts"

const { values } = parseArgs({
  options: {
    fill: { type: "string", default: "400000" },
    seconds: { type: "string", default: "30" },
    rate: { type: "string", default: "5000" },
    readers: { type: "string", default: "32" },
    scans: { type: "string", default: "4" },
    backlog: { type: "boolean", default: false },
  },
})
const [FILL, SECONDS, RATE] = [Number(values.fill), Number(values.seconds), Number(values.rate)]
const [READERS, SCANS] = [Number(values.readers), Number(values.scans)]
const FILL_MS = 500
/** Records that wait to be in segments when all that can be made are made. */
const REST = 40_000
const WAIT_MS_MAX = 120_000
/** Between two questions of one reader: somebody who reads the answer, or a panel that refreshes. */
const THINK_MS = 3_000
const SMALL = [
  "_time:5m | stats by (verb) count() n",
  "_time:5m objectRef.resource:=secrets | fields _time, user.username, verb, objectRef.name | limit 20",
  "_time:5m actor.kind:=human | limit 10",
]
const SCAN = 'raw:"no such thing in it" | stats count() n'

const dir = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
const server = await startServer(join(dir, "data"), { args: ["--set", "log.level=error"] })
try {
  print(await measure())
} finally {
  await server.end()
  rmSync(dir, { recursive: true, force: true })
}

async function measure(): Promise<Record<string, string | number>> {
  const { url } = server
  const sender = new Sender()
  for (let filled = 0; filled < FILL; ) {
    filled += (await sender.load({ url, rate: 0, connections: 4, ms: FILL_MS })).acked
  }
  if (!values.backlog) await gaugeDown(url, "tallystick_unsegmented_records", REST, WAIT_MS_MAX)
  await ask("auditID:* | stats count() as n")
  const stop = new AbortController()
  const kinds = Array.from({ length: READERS }, (_, i) => (i < SCANS ? [SCAN] : SMALL))
  const scans: number[] = []
  const small: number[] = []
  const readers = kinds.map(async (texts, i) => {
    await pause((i * THINK_MS) / READERS, stop.signal) // not all at the same moment
    await read(texts, i < SCANS ? scans : small, stop.signal)
  })
  const sent = await sender.load({ url, rate: RATE, connections: 6, ms: SECONDS * 1000 })
  stop.abort()
  await Promise.all(readers)
  for (const times of [scans, small]) times.sort((a, b) => a - b)
  return {
    "events acknowledged": sent.acked,
    "requests refused": sent.refused,
    "ack p50 ms": quantile(sent.latencies, 0.5),
    "ack p99 ms": quantile(sent.latencies, 0.99),
    "small questions answered": small.length,
    "small question p50 ms": quantile(small, 0.5),
    "small question p95 ms": quantile(small, 0.95),
    "scans finished": scans.length,
    "scan p50 ms": quantile(scans, 0.5),
    "peak RSS MiB, intake": peakMib(server.child.pid),
    "peak RSS MiB, search": peakMib(searchOf(server.child.pid)),
  }
}

async function read(texts: readonly string[], times: number[], stop: AbortSignal): Promise<void> {
  for (let turn = 0; !stop.aborted; turn++) {
    const began = performance.now()
    await ask(texts[turn % texts.length] ?? "*")
    times.push(performance.now() - began)
    if (texts.length > 1) await pause(THINK_MS, stop)
  }
}

async function ask(query: string): Promise<void> {
  const body = new URLSearchParams({ query, timeout: "60s" })
  const answer = await fetch(`${server.url}/select/logsql/query`, { method: "POST", body })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${answer.status} for ${query}: ${text.slice(0, 200)}`)
}
