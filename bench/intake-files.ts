/** MB/s of the file tail and of an import, without a journal: `node bench/intake-files.ts [log.jsonl]`. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib"
import type { NewRecord } from "../src/event/record.ts"
import { compileRedaction } from "../src/event/redact.ts"
import { openFileTail } from "../src/intake/file-tail.ts"
import { importRecords } from "../src/intake/import.ts"
import type { Deliver } from "../src/intake/source.ts"

const CONTENT_BYTES = 200_000_000
const CHUNK_BYTES = 256 * 1024
const [path = join(import.meta.dirname, "../test/fixtures/real/own-1.20.2-audit.jsonl.gz")] =
  process.argv.slice(2)
const file = await readFile(path)
const sample = path.endsWith(".gz") ? gunzipSync(file) : file
const content = Buffer.concat(Array(Math.ceil(CONTENT_BYTES / sample.length)).fill(sample))
const list = Buffer.concat([
  Buffer.from('{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":['),
  Buffer.from(content.toString("latin1").trimEnd().replaceAll("\n", ","), "latin1"),
  Buffer.from("]}"),
])
const redactor = { redact: compileRedaction(), key: new Uint8Array(32) }
const stop = new AbortController().signal
const common = { redactor, pause: async () => undefined, onTrouble: () => undefined }

async function measure(name: string, run: (deliver: Deliver) => Promise<unknown>): Promise<void> {
  let records = 0
  const deliver = async (batch: readonly NewRecord[]) => {
    records += batch.length
    return { first: records - batch.length, count: batch.length }
  }
  const began = performance.now()
  const cpu = process.cpuUsage()
  await run(deliver)
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const rate = `${(content.length / 1e6 / seconds).toFixed(0)} MB/s`.padStart(9)
  const events = `${(records / seconds).toFixed(0)} events/s`.padStart(16)
  console.log(`${name.padEnd(24)}${rate}${events}   ${((user + system) / records).toFixed(1)} µs CPU/event`)
}

const folder = await mkdtemp(join(tmpdir(), "tallystick-bench-"))
try {
  await writeFile(join(folder, "audit.log"), content)
  await measure("tail", async (deliver) => {
    const tail = await openFileTail({
      ...common,
      files: [{ path: join(folder, "audit.log"), source: "c/a", from: "start" }],
      positionsPath: join(folder, "positions.json"),
      delivered: async function* () {},
      clock: () => Date.now() * 1000,
      onLoss: async () => undefined,
    })
    while (await tail.step(deliver, stop));
    await tail.close()
  })
  const inputs = [
    ["import, JSON lines", content],
    ["import, gzip", gzipSync(content, { level: 1 })],
    ["import, zstd", zstdCompressSync(content)],
    ["import, one EventList", list],
  ] as const
  for (const [name, bytes] of inputs) {
    await measure(name, (deliver) =>
      importRecords(chunks(bytes), { ...common, source: "c/a", id: "bench", deliver, stop }),
    )
  }
} finally {
  await rm(folder, { recursive: true })
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES)
}
