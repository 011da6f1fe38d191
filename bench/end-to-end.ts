/**
 * The whole ledger under load: a sender in this process, `tallystick start` with its search process as a user runs it.
 * Says how many events a second are acknowledged, sealed and searchable, what an event costs of CPU, memory (and whether it
 * stays flat), bytes at rest, and how fast `verify` reads it all again.
 *
 *     node bench/end-to-end.ts [--seconds 20] [--rate 0] [--connections 6]
 *
 * `--rate` is events a second, 0 as fast as it goes.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startServer, tallystick } from "../test/support/server.ts"
import { print } from "./figures.ts"
import { gaugeDown } from "./gauge.ts"
import { watchMemory } from "./memory.ts"
import { cpuMicros, peakMib, searchOf } from "./processes.ts"
import { quantile, Sender } from "./sender.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    rate: { type: "string", default: "0" },
    connections: { type: "string", default: "6" },
  },
})
const SECONDS_MAX = 700
const WAIT_MS_MAX = 120_000
/** About what queries hold in memory besides segments (search/tail.ts). */
const TAIL_RECORDS = 80_000

const seconds = Math.min(SECONDS_MAX, Number(values.seconds))
const dir = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
const server = await startServer(join(dir, "data"), { args: ["--set", "log.level=error"] })
try {
  print(await measure())
} finally {
  if (server.child.exitCode === null) await server.end()
  rmSync(dir, { recursive: true, force: true })
}

async function measure(): Promise<Record<string, string | number>> {
  const [intake, search] = [server.child.pid, searchOf(server.child.pid)]
  const sender = new Sender()
  const [intakeCpu, searchCpu] = [cpuMicros(intake), cpuMicros(search)]
  const memory = watchMemory({ intake, search })
  const began = performance.now()
  const { url } = server
  const [rate, connections] = [Number(values.rate), Number(values.connections)]
  const ownCpu = process.cpuUsage()
  const sent = await sender.load({ url, rate, connections, ms: seconds * 1000 })
  const { user, system } = process.cpuUsage(ownCpu)
  const sendMs = performance.now() - began
  const flat = memory.end()
  const sealedMs = await until("tallystick_unsealed_records", began)
  // Before it no answer can be whole, and counting a million again and again would be charged to segments.
  await until("tallystick_unsegmented_records", began, TAIL_RECORDS)
  const countMs = await searchableMs(sent.acked)
  const caughtUp = performance.now() - began
  await until("tallystick_unsegmented_records", began, 40_000)
  const segmentedMs = performance.now() - began
  const perEvent = (pid: number | undefined, before: number) => (cpuMicros(pid) - before) / sent.acked
  const cpu = { intake: perEvent(intake, intakeCpu), search: perEvent(search, searchCpu) }
  const peaks = { intake: peakMib(intake), search: peakMib(search) }
  const rest = bytesAtRest(join(dir, "data", "segments"))
  const key = (await tallystick(["keys", "show", "--public", "--dir", join(dir, "data")])).stdout.trim()
  await server.end()
  const each = rest.records === 0 ? Number.NaN : rest.bytes / rest.records
  return {
    "events acknowledged": sent.acked,
    "requests refused": sent.refused,
    "bytes per event": Math.round(sent.bytes / sent.acked),
    "events/s acknowledged": Math.round((sent.acked / sendMs) * 1000),
    "events/s acknowledged and sealed": Math.round((sent.acked / sealedMs) * 1000),
    "events/s ack + sealed + searchable": Math.round((sent.acked / caughtUp) * 1000),
    "events/s ack + sealed + in segments": Math.round((sent.acked / segmentedMs) * 1000),
    "count over all when the sender stops, ms": Math.round(countMs),
    "ack p50 ms": quantile(sent.latencies, 0.5),
    "ack p99 ms": quantile(sent.latencies, 0.99),
    "ack max ms": quantile(sent.latencies, 1),
    "CPU µs/event, intake and sealing": cpu.intake,
    "CPU µs/event, segments and search": cpu.search,
    "CPU µs/event, both, until in segments": cpu.intake + cpu.search,
    "CPU µs/event, this sender, not counted above": (user + system) / sent.acked,
    "peak RSS MiB, intake": peaks.intake,
    "peak RSS MiB, search": peaks.search,
    ...flat,
    "received / at rest": Number((sent.bytes / sent.acked / each).toFixed(2)),
    "bytes at rest per event": Math.round(each),
    "verify events/s": await verifyRate(key),
  }
}

/** Milliseconds since `began` when a gauge has come down to `most`. */
async function until(gauge: string, began: number, most = 0): Promise<number> {
  await gaugeDown(server.url, gauge, most, WAIT_MS_MAX)
  return performance.now() - began
}

async function searchableMs(events: number): Promise<number> {
  const began = performance.now()
  const body = new URLSearchParams({ query: "auditID:* | stats count() as n", timeout: "60s" })
  for (;;) {
    const text = await (await fetch(`${server.url}/select/logsql/query`, { method: "POST", body })).text()
    const found = Number((JSON.parse(text.split("\n")[0] || "{}") as { n?: string }).n ?? 0)
    if (found >= events || performance.now() - began > WAIT_MS_MAX) return performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function verifyRate(key: string): Promise<string> {
  const began = performance.now()
  const ran = await tallystick(["verify", join(dir, "data"), "--key", key, "--json", "--no-remember"])
  const seconds = (performance.now() - began) / 1000
  const { records = 0, answer = "?" } = JSON.parse(ran.stdout || "{}") as {
    records?: number
    answer?: string
  }
  return `${Math.round(records / seconds)} (${answer}, ${records} records in ${seconds.toFixed(1)} s)`
}

function bytesAtRest(folder: string): { bytes: number; records: number } {
  let [bytes, records] = [0, 0]
  if (!existsSync(folder)) return { bytes, records } // too few events for one
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const [, first, last] = /^(\d+)-(\d+)-[0-9a-f]+\.parquet$/.exec(entry.name) ?? []
    if (first === undefined || last === undefined) continue
    bytes += statSync(join(entry.parentPath, entry.name)).size
    records += Number(last) - Number(first) + 1
  }
  return { bytes, records }
}
