/**
 * The whole ledger under load: a sender in this process, `tallystick start` with its search process as a user runs it.
 * Says how many events a second are acknowledged, sealed and searchable, what an event costs of CPU, memory, bytes at
 * rest, and how fast `verify` reads it all again.
 *
 *     node bench/end-to-end.ts [--seconds 20] [--rate 0] [--connections 6] [--json]
 *
 * `--rate` is events a second, 0 as fast as it goes. No event is sent twice: ids and times in the bodies are written anew.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startServer, tallystick } from "../test/support/server.ts"
import { createEventMaker } from "./segment-events.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    rate: { type: "string", default: "0" },
    connections: { type: "string", default: "6" },
    json: { type: "boolean", default: false },
  },
})
const SECONDS_MAX = 700
const EVENTS = 400
/** Bodies prepared; each is written over and sent again. */
const BODIES = 64
const TIMES = ['"requestReceivedTimestamp":"', '"stageTimestamp":"']
const CLOCK_TICKS = 100
const WAIT_MS_MAX = 120_000

let serial = 0
const seconds = Math.min(SECONDS_MAX, Number(values.seconds))
const dir = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
const server = await startServer(join(dir, "data"), { args: ["--set", "log.level=error"] })
try {
  const figures = await measure()
  if (values.json) console.log(JSON.stringify(figures))
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(38)} ${value}`)
} finally {
  if (server.child.exitCode === null) await server.end()
  rmSync(dir, { recursive: true, force: true })
}

type Body = { readonly bytes: Buffer; readonly ids: readonly number[]; readonly times: readonly number[] }

async function measure(): Promise<Record<string, string | number>> {
  const bodies = prepare()
  const before = cpuOf()
  const began = performance.now()
  const sent = await load(bodies, seconds * 1000)
  const sendMs = performance.now() - began
  const sealedMs = await until("tallystick_unsealed_records", began)
  const after = cpuOf()
  const searchable = await searchableMs(sent.acked)
  const caughtUp = performance.now() - began
  const memory = { server: peakMib(server.child.pid), search: peakMib(childrenOf(server.child.pid)[0]) }
  await until("tallystick_unsegmented_records", began, 40_000)
  const rest = bytesAtRest(join(dir, "data", "segments"))
  const key = (await tallystick(["keys", "show", "--public", "--dir", join(dir, "data")])).stdout.trim()
  await server.end()
  const verify = await verifyRate(key)
  const latency = (share: number) =>
    Number((sent.latencies[Math.floor(sent.latencies.length * share)] ?? 0).toFixed(1))
  return {
    "events acknowledged": sent.acked,
    "requests refused": sent.refused,
    "bytes per event": Math.round(sent.bytes / sent.acked),
    "events/s acknowledged": Math.round((sent.acked / sendMs) * 1000),
    "events/s acknowledged and sealed": Math.round((sent.acked / sealedMs) * 1000),
    "events/s ack + sealed + searchable": Math.round((sent.acked / caughtUp) * 1000),
    "first count over all ms": Math.round(searchable),
    "ack p50 ms": latency(0.5),
    "ack p99 ms": latency(0.99),
    "ack max ms": latency(0.999999),
    "CPU µs/event, intake and sealing": micros(after.server - before.server, sent.acked),
    "CPU µs/event, segments and search": micros(after.search - before.search, sent.acked),
    "peak RSS MiB, intake": memory.server,
    "peak RSS MiB, search": memory.search,
    "received / at rest":
      rest.records === 0
        ? "no segment"
        : Number((sent.bytes / sent.acked / (rest.bytes / rest.records)).toFixed(2)),
    "bytes at rest per event": rest.records === 0 ? "no segment" : Math.round(rest.bytes / rest.records),
    "verify events/s": verify,
  }
}

function prepare(): Body[] {
  const make = createEventMaker(1)
  return Array.from({ length: BODIES }, (_, body) => {
    const items = Array.from({ length: EVENTS }, (_, i) => make(Date.now() * 1000 + body * EVENTS + i))
    const text = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(",")}]}\n`
    const bytes = Buffer.from(text)
    return { bytes, ids: offsets(bytes, '"auditID":"'), times: TIMES.flatMap((key) => offsets(bytes, key)) }
  })
}

function offsets(bytes: Buffer, key: string): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) found.push(at + key.length)
  return found
}

/** New ids and the time of now: the body of another moment. */
function renew({ bytes, ids, times }: Body): void {
  for (const at of ids) bytes.write((serial++).toString(16).padStart(8, "0"), at, "latin1")
  const now = `${new Date().toISOString().slice(0, -1)}000Z`
  for (const at of times) bytes.write(now, at, "latin1")
}

type Loaded = { acked: number; refused: number; bytes: number; readonly latencies: number[] }

async function load(bodies: readonly Body[], ms: number): Promise<Loaded> {
  const [rate, connections] = [Number(values.rate), Number(values.connections)]
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(server.url)
  const loaded: Loaded = { acked: 0, refused: 0, bytes: 0, latencies: [] }
  const began = performance.now()
  const free = [...bodies]
  let turn = 0
  const post = (body: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { "content-length": body.length }
      const sent = request(
        { hostname, port, path: "/audit/bench", method: "POST", headers, agent },
        (response) => {
          response.resume().on("end", () => resolve(response.statusCode ?? 0))
        },
      )
      sent.on("error", reject).end(body)
    })
  async function sender(): Promise<void> {
    for (;;) {
      const mine = turn++
      const due = rate === 0 ? performance.now() : began + (mine * EVENTS * 1000) / rate
      if (due - began > ms || performance.now() - began > ms) return
      if (due > performance.now())
        await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
      const body = free.pop()
      if (body === undefined) throw new Error("more connections than bodies")
      renew(body)
      const status = await post(body.bytes)
      free.unshift(body)
      loaded.latencies.push(performance.now() - Math.max(due, began))
      if (status !== 200) loaded.refused++
      else {
        loaded.acked += EVENTS
        loaded.bytes += body.bytes.length
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, sender))
  agent.destroy()
  loaded.latencies.sort((a, b) => a - b)
  return loaded
}

/** Milliseconds since `began` when a gauge has come down to `most`. */
async function until(gauge: string, began: number, most = 0): Promise<number> {
  for (;;) {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const value = Number(new RegExp(`^${gauge}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN)
    if (value <= most || performance.now() - began > WAIT_MS_MAX + seconds * 1000)
      return performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
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
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const [, first, last] = /^(\d+)-(\d+)-[0-9a-f]+\.parquet$/.exec(entry.name) ?? []
    if (first === undefined || last === undefined) continue
    bytes += statSync(join(entry.parentPath, entry.name)).size
    records += Number(last) - Number(first) + 1
  }
  return { bytes, records }
}

function cpuOf(): { server: number; search: number } {
  const search = childrenOf(server.child.pid).reduce((sum, pid) => sum + cpuMicros(pid), 0)
  return { server: cpuMicros(server.child.pid), search }
}

function cpuMicros(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
  return ((Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS) * 1e6
}

function childrenOf(pid: number | undefined): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()
  return text === "" ? [] : text.split(" ").map(Number)
}

function peakMib(pid: number | undefined): number {
  return Math.round(
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
  )
}

function micros(total: number, events: number): number {
  return Number((total / events).toFixed(1))
}
