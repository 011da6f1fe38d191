/**
 * Milliseconds of the queries of design §9, through the search process as `serve` asks it. Median of five, warm.
 * Usage: node bench/query.ts [--events 1000000] [--dir DIR]. Without --dir the ledger is made in a temporary folder and
 * removed; with it, it is made once and used again. `--events 10000000` is the size the budget speaks of. Prints a table, and
 * the figures as JSON in the last line.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { realDisk } from "../src/journal/disk.ts"
import { openSearch, type SearchProcess } from "../src/search/index.ts"
import { BloomCache } from "../src/store/bloom-cache.ts"
import { type CatalogueEntry, formatEntry } from "../src/store/catalogue-entry.ts"
import { openDuckdb } from "../src/store/duckdb.ts"
import { writeSegment } from "../src/store/segment.ts"
import { NOON, placeRecords, writeJournal } from "../test/support/journal-file.ts"
import { blocksOver } from "../test/support/segments.ts"
import { createEventMaker } from "./segment-events.ts"

const { values } = parseArgs({
  options: { events: { type: "string", default: "1000000" }, dir: { type: "string" } },
})
const EVENTS = Number(values.events)
const SEGMENT = 120_000
/** 10 million events in four days. */
const MICROS_APART = 34_560
const END = NOON + EVENTS * MICROS_APART
const RUNS = 5

const dir = values.dir ?? mkdtempSync(join(tmpdir(), "tallystick-bench-query-"))
if (!existsSync(join(dir, "catalogue.ndjson"))) await makeLedger()
const search = openSearch({
  dir,
  onSegment: () => Promise.resolve(),
  onTrouble: (trouble) => console.error(trouble.message),
})
await search.ready()

const needle = readFileSync(join(dir, "needle"), "utf8")
const hour = "_time:[now-2h, now-1h)"
const QUERIES: readonly (readonly [what: string, text: string])[] = [
  ["hour filter, count", `${hour} objectRef.resource:=secrets verb:=get | stats count() n`],
  [
    "hour filter, 8 columns, 100 newest",
    `${hour} objectRef.resource:=secrets | fields _time, user.username, verb, objectRef.resource, objectRef.namespace, objectRef.name, responseStatus.code, sourceIPs | limit 100`,
  ],
  ["day, group by user", "_time:24h | stats by (user.username) count() n | sort by (n desc) limit 10"],
  ["hits over 24 h", "_time:24h | stats by (_time:1h) count() hits"],
  ["auditID needle, with bytes", `auditID:="${needle}"`],
  ["auditID that is not there", `auditID:="${needle}0"`],
  ["newest 50, with bytes", "* | sort by (_time desc) limit 50"],
  ["newest 50 of a rare filter, with bytes", "objectRef.resource:=certificates verb:=delete | limit 50"],
  ["text scan: contains", `raw:"no such thing in it" | stats count() n`],
  ["text scan: regexp with a literal", `raw:~"no such thing [a-z]+" | stats count() n`],
  ["text scan: any case", `raw:i("no such thing") | stats count() n`],
  ["word in the sentence", "nosuchword | stats count() n"],
  ["inner field", "requestObject.spec.replicas:>3 | stats count() n"],
  [
    "inner field behind a typed filter",
    "objectRef.resource:=deployments requestObject.spec.replicas:>3 | stats count() n",
  ],
  ["everything, different users", "* | stats count_uniq(user.username) users"],
  ["everything, counted", "* | stats count() n"],
]

const figures: { what: string; ms: number; cpuMs: number; rows: number }[] = []
for (const [what, text] of QUERIES) {
  const times: number[] = []
  let rows = await count(search, text)
  const cpu = childCpuMs()
  for (let i = 0; i < RUNS; i++) {
    const began = performance.now()
    rows = await count(search, text)
    times.push(performance.now() - began)
    if (times[0]! > 3_000) break
  }
  const cpuMs = (childCpuMs() - cpu) / times.length
  times.sort((a, b) => a - b)
  const ms = times[times.length >> 1] ?? 0
  figures.push({ what, ms, cpuMs, rows })
  console.log(
    `${what.padEnd(42)} ${ms.toFixed(1).padStart(9)} ms ${cpuMs.toFixed(0).padStart(7)} ms CPU ${String(rows).padStart(6)} rows`,
  )
}
await search.close()
if (values.dir === undefined) rmSync(dir, { recursive: true, force: true })
console.log(JSON.stringify({ events: EVENTS, figures }))

/** Processor time of the child so far: says more than the clock where others work on the machine too. Linux, else 0. */
function childCpuMs(): number {
  const path = `/proc/${search.pid}/stat`
  if (!existsSync(path)) return 0
  const fields = readFileSync(path, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function count(process: SearchProcess, text: string): Promise<number> {
  const request = { text, now: END, rowsMax: 10_000, timeoutMs: 120_000 }
  for await (const message of process.query(request, new AbortController().signal)) {
    if (message.kind !== "end") continue
    if (message.partial !== undefined) console.log(`partial: ${message.partial}`)
    return message.rows
  }
  return 0
}

async function makeLedger(): Promise<void> {
  mkdirSync(join(dir, "tmp"), { recursive: true })
  const limits = { memoryBytesMax: 512 * 2 ** 20, threads: 2, tempBytesMax: 4 * 2 ** 30 }
  const db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp", "spill"), folders: [dir] })
  const blooms = new BloomCache({ db, dir, disk: realDisk, bytesMax: 2 ** 26 })
  const make = createEventMaker(1)
  const entries: CatalogueEntry[] = []
  let lines = ""
  for (let first = 0; first < EVENTS; first += SEGMENT) {
    const count = Math.min(SEGMENT, EVENTS - first)
    const at = (i: number) => NOON + (first + i) * MICROS_APART
    const given = Array.from({ length: count }, (_, i) => ({
      body: Buffer.from(make(at(i))),
      receivedAt: at(i) + 40_000,
    }))
    const records = placeRecords(given, first)
    const journalDir = join(dir, "journal")
    const end = await writeJournal(journalDir, records, 400)
    const blocks = blocksOver(records, 10_000)
    const { entry } = await writeSegment({
      db,
      disk: realDisk,
      dir,
      journalDir,
      end,
      blocks,
      entries,
      blooms,
    })
    rmSync(journalDir, { recursive: true })
    entries.push(entry)
    lines += formatEntry(entry)
    const middle = given[count >> 1]?.body.toString() ?? ""
    if (first <= EVENTS / 2) writeFileSync(join(dir, "needle"), /"auditID":"([^"]*)"/.exec(middle)?.[1] ?? "")
  }
  writeFileSync(join(dir, "catalogue.ndjson"), lines)
  db.close()
}
