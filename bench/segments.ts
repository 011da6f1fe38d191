/**
 * Microseconds and bytes per event of making segments: from journal to verified, synced Parquet, then
 * compaction; and of marking duplicates, of filling a tail, of a needle. One thread, as `serve` does it.
 * Usage: node bench/segments.ts [audit log as JSON lines]. Without a file events are synthetic; with one
 * they are its own, each with ids and times of its own. Prints a table, and the figures as JSON in the last
 * line.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { realDisk } from "../src/journal/disk.ts"
import { bloomKey } from "../src/store/bloom.ts"
import { BloomCache } from "../src/store/bloom-cache.ts"
import type { CatalogueEntry } from "../src/store/catalogue-entry.ts"
import { compact } from "../src/store/compact.ts"
import { openDuckdb } from "../src/store/duckdb.ts"
import { DUCKDB_ENVIRONMENT } from "../src/store/duckdb-environment.ts"
import { markDuplicates } from "../src/store/duplicates.ts"
import { relationSql } from "../src/store/relation.ts"
import { writeSegment } from "../src/store/segment.ts"
import { segmentPath } from "../src/store/segment-name.ts"
import { stageJournal } from "../src/store/stage.ts"
import { createTail, dropTail, loadStaged, removeStaged } from "../src/store/table.ts"
import { NOON, placeRecords, writeJournal } from "../test/support/journal-file.ts"
import { seededRandom } from "../test/support/random.ts"
import { blocksOver } from "../test/support/segments.ts"
import { createEventMaker, type EventMaker } from "./segment-events.ts"

// As the search process is started: the environment is read before anything runs.
if (process.env.MALLOC_ARENA_MAX === undefined) {
  const env = { ...process.env, ...DUCKDB_ENVIRONMENT }
  process.exit(spawnSync(process.execPath, process.argv.slice(1), { env, stdio: "inherit" }).status ?? 1)
}

const SEGMENTS = 4
const RECORDS = 40_000
/** Of a batch as the webhook sends it. */
const PER_GROUP = 400
const PER_BLOCK = 10_000
const MICROS_APART = 25

type Figure = { readonly what: string; readonly cpu: number; readonly wall: number; readonly bytes?: number }
const figures: Figure[] = []

/** Runs `act` and notes its time per record. */
async function measure<T>(what: string, records: number, act: () => Promise<T>): Promise<T> {
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  const result = await act()
  const wall = ((performance.now() - began) * 1000) / records
  const used = process.cpuUsage(cpu)
  figures.push({ what, cpu: (used.user + used.system) / records, wall })
  return result
}

function note(what: string, bytes: number): void {
  figures.push({ what, cpu: 0, wall: 0, bytes })
}

/** Events of a log, again and again, each time as other requests of the same kind. */
function createReplay(path: string): EventMaker {
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean)
  const random = seededRandom(7)
  const hex = (length: number) =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("")
  return (at) => {
    const line = lines[Math.floor(random() * lines.length)] ?? "{}"
    const time = new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)
    return line
      .replace(/"auditID":"[^"]*"/, `"auditID":"${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}"`)
      .replace(/"(requestReceivedTimestamp|stageTimestamp)":"[^"]*"/g, `"$1":"${time}${100 + (at % 900)}Z"`)
      .replace(/"resourceVersion":"\d+"/g, () => `"resourceVersion":"${Math.floor(random() * 1e6) + 8e7}"`)
  }
}

const root = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
const journalDir = join(root, "journal")
mkdirSync(join(root, "tmp"), { recursive: true })
const make = process.argv[2] === undefined ? createEventMaker(1) : createReplay(process.argv[2])

async function fillJournal(segment: number) {
  const at = (i: number) => NOON + (segment * RECORDS + i) * MICROS_APART
  const given = Array.from({ length: RECORDS }, (_, i) => ({ body: make(at(i)), receivedAt: at(i) + 40_000 }))
  const records = placeRecords(given, segment * RECORDS)
  const end = await writeJournal(journalDir, records, PER_GROUP)
  const bytes = given.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)
  return { end, blocks: blocksOver(records, PER_BLOCK), bytes, needle: given[RECORDS >> 1]?.body ?? "" }
}

const db = await openDuckdb({
  memoryBytesMax: 512 * 1024 * 1024,
  threads: 1,
  tempDir: join(root, "spill"),
  tempBytesMax: 4 * 2 ** 30,
  folders: [root],
})
const blooms = new BloomCache({ db, dir: root, disk: realDisk, bytesMax: 2 ** 26 })
const entries: CatalogueEntry[] = []
const shared = { db, disk: realDisk, dir: root, journalDir, entries, blooms }
const sum = (of: (entry: CatalogueEntry) => number) => entries.reduce((total, entry) => total + of(entry), 0)

const journals: Awaited<ReturnType<typeof fillJournal>>[] = []
for (let i = 0; i < SEGMENTS; i++) journals.push(await fillJournal(i))
const received = journals.reduce((total, { bytes }) => total + bytes, 0)
const needle = journals.at(-1)?.needle ?? ""
for (const [i, filled] of journals.entries()) {
  const { entry } = await measure(`segment ${i}: journal to Parquet`, RECORDS, () =>
    writeSegment({ ...shared, end: filled.end, blocks: filled.blocks }),
  )
  entries.push(entry)
  if (i < journals.length - 1) continue
  const request = { journalDir, end: filled.end, first: i * RECORDS, path: join(root, "tmp", "tail") }
  const staged = await measure("  of it: staging", RECORDS, () => stageJournal(request))
  await createTail(db, "tail")
  await measure("  of it: typed columns", RECORDS, () => loadStaged(db, "tail", staged))
  const search = { db, dir: root, table: "tail", first: staged.first, earlier: [], blooms }
  await measure("  of it: duplicates, none there", RECORDS, () =>
    markDuplicates({ ...search, entries: entries.slice(0, -1) }),
  )
  await dropTail(db, "tail")
  await removeStaged(staged)
}
const records = SEGMENTS * RECORDS
note("received", received / records)
note("fresh", sum(({ bytes }) => bytes) / records)

const auditID = /"auditID":"([^"]*)"/.exec(needle)?.[1] ?? ""
await measure("needle by auditID, with bytes (per query)", 1, async () => {
  const key = bloomKey(auditID)
  const found = await blooms.prune(entries, key === undefined ? [] : [key])
  const files = found.map(({ name }) => segmentPath(root, name))
  await db.query(`SELECT raw FROM ${relationSql({ files, tables: [] })} WHERE "auditID" = $1`, [auditID])
})
const compacted = await measure("compaction", records, () =>
  compact({ db, disk: realDisk, dir: root, compaction: { entries, order: "key" } }),
)
note("compacted", compacted.bytes / records)

for (const { what, cpu, wall, bytes } of figures) {
  const value =
    bytes === undefined ? `${cpu.toFixed(1)} µs CPU, ${wall.toFixed(1)} µs` : `${bytes.toFixed(0)} bytes`
  const ratio = bytes === undefined ? "" : `  1/${(received / records / bytes).toFixed(1)}`
  console.log(`${what.padEnd(42)} ${value}${ratio}`)
}
console.log(`resident ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB, the generator included`)
const columns = await db.query(
  `SELECT path_in_schema, sum(total_compressed_size) / ${records} AS b FROM parquet_metadata($1) GROUP BY 1 ORDER BY b DESC LIMIT 8`,
  [segmentPath(root, compacted.name)],
)
const largest = [...columns.batches()].flatMap((batch) =>
  Array.from(
    { length: batch.count },
    (_, i) => `${batch.text(0, i)} ${batch.column(1).float(i)?.toFixed(1)}`,
  ),
)
console.log(`largest columns, compacted: ${largest.join(", ")}`)
console.log(JSON.stringify(figures))
db.close()
rmSync(root, { recursive: true })
