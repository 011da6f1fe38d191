/** What one record of 1.5 KB costs the journal, and how long a start over 64 MiB of it takes. `node bench/journal.ts` */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import type { NewRecord } from "../src/event/record.ts"
import { realDisk } from "../src/journal/disk.ts"
import { GroupWriter } from "../src/journal/group.ts"
import { openJournal } from "../src/journal/journal.ts"
import { initLedger } from "../src/seal/init-ledger.ts"
import { newKey } from "../src/seal/keys.ts"
import { openLedger } from "../src/seal/ledger.ts"
import { openSigner } from "../src/tlog/signer.ts"

const BODY_BYTES = 1500
const root = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
const dir = join(root, "journal")
mkdirSync(dir)
mkdirSync(join(root, "tmp"))

function body(at: number): Buffer {
  const head = `{"kind":"Event","auditID":"${at}","user":{"username":"süß"},"verb":"get","pad":"`
  return Buffer.from(`${head}${"x".repeat(BODY_BYTES - Buffer.byteLength(head) - 2)}"}`)
}

function batch(size: number): NewRecord[] {
  return Array.from({ length: size }, (_, at) => ({
    source: "prod-1/apiserver-0",
    kind: "k8s.audit",
    words: [],
    body: body(at),
  }))
}

const cpuMicros = () => process.cpuUsage().user + process.cpuUsage().system

function encoding(): void {
  const writer = new GroupWriter()
  const records = batch(1000).map((record, n) => ({ ...record, number: n, n, receivedAt: Date.now() * 1000 }))
  for (let i = 0; i < 20; i++) writer.write(records, i)
  const began = performance.now()
  for (let i = 0; i < 100; i++) writer.write(records, i)
  const micros = ((performance.now() - began) * 1000) / 100_000
  console.log(`encode, check and crc32           ${micros.toFixed(2)} µs per record`)
}

async function open(sealed: number) {
  const syncs = { count: 0, seconds: 0, records: 0 }
  const journal = await openJournal({
    place: { dir, tmp: join(root, "tmp"), damaged: join(root, "damaged"), disk: realDisk },
    sealed: { records: sealed, segmented: sealed },
    clock: () => Date.now() * 1000,
    steady: () => Math.floor(performance.now() * 1000),
    onSync: (seconds, records) => {
      syncs.count++
      syncs.seconds += seconds
      syncs.records += records
    },
    onFatal: (error) => {
      throw error
    },
  })
  return { journal, syncs }
}

/** Requests of `size` records; `senders` of them are always waiting. */
async function appending(size: number, senders: number, records: number): Promise<void> {
  const { journal, syncs } = await open(0)
  const request = batch(size)
  const requests = Math.ceil(records / size)
  let sent = 0
  const cpu = cpuMicros()
  const began = performance.now()
  let loop = 0
  const tick = performance.eventLoopUtilization()
  await Promise.all(
    Array.from({ length: senders }, async () => {
      while (sent++ < requests) await journal.append(request)
    }),
  )
  loop = performance.eventLoopUtilization(tick).active
  const seconds = (performance.now() - began) / 1000
  const perRecord = (micros: number) => (micros / (requests * size)).toFixed(2)
  console.log(
    `${String(size).padStart(4)} per request, ${String(senders).padStart(3)} senders   ` +
      `${Math.round((requests * size) / seconds)} records/s, event loop ${perRecord(loop * 1000)} µs, ` +
      `all threads ${perRecord(cpuMicros() - cpu)} µs per record, ${(syncs.records / syncs.count).toFixed(0)} records ` +
      `and ${((syncs.seconds / syncs.count) * 1000).toFixed(2)} ms per sync`,
  )
  await journal.close()
  await journal.forget(journal.next)
  rmSync(dir, { recursive: true })
  mkdirSync(dir)
}

async function restart(): Promise<void> {
  const first = await open(0)
  while (first.journal.position().bytes < 62 * 1024 * 1024) await first.journal.append(batch(200))
  const { next } = first.journal
  await first.journal.close()
  for (const [sealed, what] of [
    [0, "nothing sealed"],
    [next - 100, "nearly all sealed"],
  ] as const) {
    const began = performance.now()
    const { journal } = await open(sealed)
    console.log(`start over ${next} records, ${what}: ${Math.round(performance.now() - began)} ms`)
    await journal.close()
  }
}

/** Blocks of 10,000 over records that are still in memory: what the event loop gives to sealing, and how it shares itself. */
async function sealing(): Promise<void> {
  const signer = openSigner(newKey("ledger.example.com/bench"))
  const clock = () => Date.now() * 1000
  const place = join(root, "ledger")
  await initLedger(place, { signer, clock })
  const onFatal = (error: unknown) => {
    throw error
  }
  const ledger = await openLedger(place, { signer, clock, onFatal })
  for (let at = 0; at < 100; at++) await ledger.journal.append(batch(400))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const began = performance.now()
  const cpu = cpuMicros()
  const blocks = await ledger.sealer.sealOnce()
  const micros = (performance.now() - began) * 1000
  const records = blocks.reduce((sum, { count }) => sum + count, 0)
  delay.disable()
  console.log(
    `seal ${records} records in ${blocks.length} blocks    ${(micros / records).toFixed(2)} µs per record, ` +
      `cpu ${((cpuMicros() - cpu) / records).toFixed(2)} µs, event loop held p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, ` +
      `at most ${(delay.max / 1e6).toFixed(1)} ms`,
  )
  await ledger.journal.append(batch(1))
  const small = performance.now()
  for (let at = 0; at < 50; at++) {
    await ledger.journal.append(batch(1))
    await ledger.sealer.sealOnce()
  }
  console.log(`append and seal one record      ${((performance.now() - small) / 50).toFixed(2)} ms`)
  await ledger.close()
}

encoding()
await sealing()
await appending(1, 64, 20_000)
await appending(10, 32, 60_000)
await appending(100, 8, 100_000)
await appending(400, 8, 100_000)
await restart()
rmSync(root, { recursive: true })
