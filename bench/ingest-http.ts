/**
 * What taking events over HTTP costs: a sender in this process, the real webhook, redaction and journal in another.
 *
 *     node bench/ingest-http.ts [--seconds 5] [--rate 40000] [--connections 4] [--events 400] [--no-redaction] [--json]
 *     [--form webhook|jsonline|jsonline-event|bulk|loki|otlp]
 *
 * `--rate` is events a second, 0 as fast as it goes. Latency is counted from when a request was due, not from when the
 * sender got round to it. CPU is the server process alone; sealing and search are not part of it.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { gunzipSync } from "node:zlib"
import { FORMS, type InsertBody, insertBody } from "./insert-bodies.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rate: { type: "string", default: "0" },
    connections: { type: "string", default: "4" },
    events: { type: "string", default: "400" },
    form: { type: "string", default: "webhook" },
    "no-redaction": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    server: { type: "string" },
  },
})
const SECONDS_MAX = 60
const WARM_MS = 1_000
/** Prepared bodies, sent in turns; every event in them is a recorded one. */
const BODIES = 16

type Usage = { readonly cpuMicros: number; readonly rssBytes: number; readonly rssBytesMax: number }

if (values.server === undefined) await drive()
else await serve(values.server)

async function serve(dir: string): Promise<void> {
  const { createApi, createMetrics, CredentialTable } = await import("../src/api/index.ts")
  const { compileRedaction } = await import("../src/event/redact.ts")
  const { DEFAULT_LIMITS } = await import("../src/intake/limits.ts")
  const { openJournal, realDisk } = await import("../src/journal/index.ts")
  for (const name of ["journal", "tmp"]) mkdirSync(join(dir, name), { recursive: true })
  const metrics = createMetrics({ log: "bench", seriesMax: 2000, sources: [], redactionRules: [] })
  const clock = () => Date.now() * 1000
  const journal = await openJournal({
    place: {
      dir: join(dir, "journal"),
      tmp: join(dir, "tmp"),
      damaged: join(dir, "damaged"),
      disk: realDisk,
    },
    sealed: { records: 0, segmented: 0 },
    clock,
    steady: () => performance.now() * 1000,
    onSync: metrics.fsync,
    onFatal(error) {
      throw error
    },
  })
  const api = await createApi({
    listen: { address: "127.0.0.1", port: 0, insecure: false },
    tls: undefined,
    credentials: await CredentialTable.open([], async () => ""),
    anonymousSource: "local",
    deliver: (batch) => journal.append(batch),
    redactor: values["no-redaction"] ? undefined : { redact: compileRedaction(), key: Buffer.alloc(32) },
    limits: DEFAULT_LIMITS,
    search: { query: () => (async function* () {})(), file: () => (async function* () {})() },
    searchLimits: { rowsMax: 1, timeoutMs: 1 },
    log: { sealed: { checkpoint: "" }, readTile: async () => undefined },
    health: () => [],
    metrics,
    clock,
    onLoss: () => undefined,
    onImported: async () => undefined,
    onDismissed: async () => undefined,
    onTrouble: (trouble) => console.error(trouble),
  })
  const [url] = await api.listen()
  let rssBytesMax = 0
  setInterval(() => {
    rssBytesMax = Math.max(rssBytesMax, process.memoryUsage.rss())
  }, 50).unref()
  process.on("message", () => {
    const { user, system } = process.cpuUsage()
    const usage: Usage = { cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), rssBytesMax }
    process.send?.({ usage })
  })
  process.on("disconnect", () => process.exit(0))
  process.send?.({ url })
}

async function drive(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
  const child = fork(import.meta.filename, ["--server", dir, ...process.argv.slice(2)])
  try {
    const [{ url }] = (await once(child, "message")) as [{ url: string }]
    await measure(child, url)
  } finally {
    child.disconnect()
    await once(child, "exit")
    rmSync(dir, { recursive: true, force: true })
  }
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send("usage")
  const [{ usage }] = (await once(child, "message")) as [{ usage: Usage }]
  return usage
}

async function measure(child: ChildProcess, url: string): Promise<void> {
  const seconds = Math.min(SECONDS_MAX, Number(values.seconds))
  const [rate, connections, events] = [Number(values.rate), Number(values.connections), Number(values.events)]
  const bodies = prepare(events)
  await load({ url, bodies, rate, connections, events, ms: WARM_MS })
  const before = await usageOf(child)
  const own = process.cpuUsage()
  const { acked, refused, latencies, ms } = await load({
    url,
    bodies,
    rate,
    connections,
    events,
    ms: seconds * 1000,
  })
  const after = await usageOf(child)
  const { user, system } = process.cpuUsage(own)

  latencies.sort((a, b) => a - b)
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  const bytes = bodies.reduce((sum, { body }) => sum + body.length, 0) / bodies.length / events
  const figures = {
    "events/s acked": Math.round((acked / ms) * 1000),
    "MB/s": Number(((acked * bytes) / ms / 1000).toFixed(1)),
    "bytes per event": Math.round(bytes),
    "ack p50 ms": Number(at(0.5).toFixed(1)),
    "ack p99 ms": Number(at(0.99).toFixed(1)),
    "ack max ms": Number(at(1).toFixed(1)),
    "server CPU µs/event": Number(((after.cpuMicros - before.cpuMicros) / acked).toFixed(2)),
    "sender CPU µs/event": Number(((user + system) / acked).toFixed(2)),
    "requests refused": refused,
    "server RSS MiB, end / most": `${mib(after.rssBytes)} / ${mib(after.rssBytesMax)}`,
  }
  if (values.json) console.log(JSON.stringify(figures))
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(28)} ${value}`)
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}

/** Recorded events, or lines; each body begins at another one, so that no two are alike. */
function prepare(events: number): InsertBody[] {
  const path = join(import.meta.dirname, "../test/fixtures/real/own-1.20.2-audit.jsonl.gz")
  const lines = gunzipSync(readFileSync(path)).toString("utf8").trimEnd().split("\n")
  const form = FORMS.find((name) => name === values.form)
  return Array.from({ length: BODIES }, (_, body) => {
    if (form !== undefined) return insertBody(form, events, lines, body * 50)
    const items = Array.from({ length: events }, (_, i) => lines[(body * 50 + i) % lines.length])
    const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(",")}]}\n`
    return { path: "/audit/bench?timeout=30s", contentType: "application/json", body: Buffer.from(list) }
  })
}

type Load = {
  readonly url: string
  readonly bodies: readonly InsertBody[]
  readonly rate: number
  readonly connections: number
  readonly events: number
  readonly ms: number
}
type Loaded = { acked: number; refused: number; readonly latencies: number[]; ms: number }

async function load({ url, bodies, rate, connections, events, ms }: Load): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  const loaded: Loaded = { acked: 0, refused: 0, latencies: [], ms: 0 }
  const began = performance.now()
  let turn = 0

  async function sender(): Promise<void> {
    for (;;) {
      const mine = turn++
      const due = rate === 0 ? performance.now() : began + (mine * events * 1000) / rate
      if (due - began > ms || performance.now() - began > ms) return
      if (due > performance.now())
        await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
      const body = bodies[mine % bodies.length]
      if (body === undefined) return
      const status = await send(body)
      if (status === 200 || status === 204) loaded.acked += events
      else loaded.refused++
      loaded.latencies.push(performance.now() - due)
    }
  }
  function send({ path, contentType, body }: InsertBody): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": contentType, "content-length": body.length }
      const sent = request({ hostname, port, path, method: "POST", headers, agent }, (response) => {
        response.resume()
        response.on("end", () => resolve(response.statusCode ?? 0))
      })
      sent.on("error", reject)
      sent.end(body)
    })
  }

  await Promise.all(Array.from({ length: connections }, sender))
  agent.destroy()
  loaded.ms = performance.now() - began
  return loaded
}
