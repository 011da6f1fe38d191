/**
 * Milliseconds until a ledger of many segments answers, and of queries there: what serve reads at its start (catalogue, names of
 * files), the search process until it is ready, the first query over one hour and the next ones.
 *
 *     node bench/many-segments.ts [--segments 10000] [--events 2000]
 *
 * Segments of the newest four hours are real; older ones, which no query opens, are links to one of them under names and
 * ranges of their own. 14 segments an hour: 10,000 are a month.
 */
import { createHash } from "node:crypto"
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import { realDisk } from "../src/journal/disk.ts"
import { madeSegments } from "../src/seal/made-segments.ts"
import { openSearch } from "../src/search/index.ts"
import { BloomCache } from "../src/store/bloom-cache.ts"
import { type CatalogueEntry, formatEntry } from "../src/store/catalogue-entry.ts"
import { openDuckdb } from "../src/store/duckdb.ts"
import { writeSegment } from "../src/store/segment.ts"
import { bloomPath, segmentName, segmentPath } from "../src/store/segment-name.ts"
import { NOON, placeRecords, writeJournal } from "../test/support/journal-file.ts"
import { blocksOver } from "../test/support/segments.ts"
import { print } from "./figures.ts"
import { cpuMicros } from "./processes.ts"
import { createEventMaker } from "./segment-events.ts"

const { values } = parseArgs({
  options: {
    segments: { type: "string", default: "10000" },
    events: { type: "string", default: "2000" },
  },
})
const [SEGMENTS, EVENTS] = [Number(values.segments), Number(values.events)]
const PER_HOUR = 14
const REAL = Math.min(SEGMENTS, 4 * PER_HOUR)
const HOUR = 3_600e6
const SPAN = Math.floor(HOUR / PER_HOUR)
const END = NOON + SEGMENTS * SPAN
const RUNS = 5

const dir = mkdtempSync(join(tmpdir(), "tallystick-bench-"))
try {
  await make()
  print(await measure())
} finally {
  rmSync(dir, { recursive: true, force: true })
}

async function measure(): Promise<Record<string, number | string>> {
  const [began, before] = [performance.now(), process.cpuUsage()]
  const search = openSearch({
    dir,
    made: () => madeSegments(dir, SEGMENTS * EVENTS),
    onSegment: () => Promise.resolve(),
    heldByJournal: () => [],
    onTrouble: (trouble) => {
      throw trouble
    },
  })
  await search.ready()
  const ready = performance.now() - began
  const [own, child] = [process.cpuUsage(before), cpuMicros(search.pid) / 1000]
  const ask = async (text: string): Promise<number> => {
    const since = performance.now()
    const request = { text, now: END, rowsMax: 10_000, timeoutMs: 60_000 }
    for await (const message of search.query(request, new AbortController().signal)) {
      if (message.kind !== "end") continue
      if (message.rows === 0 || message.partial !== undefined)
        throw new Error(`${message.rows} rows of ${text}`)
    }
    return performance.now() - since
  }
  const median = async (text: string): Promise<number> => {
    const times = []
    for (let i = 0; i < RUNS; i++) times.push(await ask(text))
    return times.sort((a, b) => a - b)[RUNS >> 1] ?? 0
  }
  const firstAndMedian = async (text: string): Promise<string> =>
    [await ask(text), await median(text)].map((ms) => Math.round(ms)).join(" / ")
  const hour = "_time:[now-2h, now-1h) verb:=get"
  const first = await ask(`${hour} | stats count() n`)
  const figures = {
    segments: SEGMENTS,
    "start: ready for queries, ms": ready,
    "of it CPU here / in the search process, ms": `${Math.round((own.user + own.system) / 1000)} / ${child}`,
    "one hour, first query, ms": first,
    "one hour, count, ms": await median(`${hour} | stats count() n`),
    "one hour, 8 columns, 100 newest, ms": await median(
      `${hour} | fields _time, user.username, verb, objectRef.resource, objectRef.namespace, objectRef.name, responseStatus.code, sourceIPs | limit 100`,
    ),
    "newest 50, with bytes, first query / later ones, ms": await firstAndMedian(
      "* | sort by (_time desc) limit 50",
    ),
  }
  await search.close()
  return figures
}

async function make(): Promise<void> {
  for (const name of ["tmp", "journal"]) mkdirSync(join(dir, name), { recursive: true })
  const limits = { memoryBytesMax: 512 * 2 ** 20, threads: 1, tempBytesMax: 2 ** 30 }
  const db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp", "spill"), folders: [dir] })
  const blooms = new BloomCache({ db, dir, disk: realDisk, bytesMax: 2 ** 26 })
  const event = createEventMaker(1)
  const real: CatalogueEntry[] = []
  for (let i = SEGMENTS - REAL; i < SEGMENTS; i++) {
    const at = (n: number) => NOON + i * SPAN + Math.floor((n * SPAN) / EVENTS)
    const given = Array.from({ length: EVENTS }, (_, n) => ({ body: event(at(n)), receivedAt: at(n) }))
    const records = placeRecords(given, i * EVENTS)
    const journalDir = join(dir, "tmp", "journal")
    const end = await writeJournal(journalDir, records, 400)
    const blocks = blocksOver(records, EVENTS)
    const made = await writeSegment({ db, disk: realDisk, dir, journalDir, end, blocks, entries: [], blooms })
    rmSync(journalDir, { recursive: true })
    real.push(made.entry)
  }
  db.close()
  const [model] = real
  if (model === undefined) throw new Error("no segment was made")
  const older = Array.from({ length: SEGMENTS - REAL }, (_, i) => linkTo(model, i))
  writeFileSync(join(dir, "catalogue.ndjson"), [...older, ...real].map(formatEntry).join(""))
}

function linkTo(model: CatalogueEntry, i: number): CatalogueEntry {
  const [first, timeMin] = [i * EVENTS, NOON + i * SPAN]
  const sha256 = createHash("sha256").update(String(i)).digest("hex") // no two segments of a ledger have the same
  const range = { first, last: first + EVENTS - 1, receivedAt: timeMin, sha256 }
  const name = segmentName(range)
  mkdirSync(dirname(segmentPath(dir, name)), { recursive: true })
  linkSync(segmentPath(dir, model.name), segmentPath(dir, name))
  linkSync(bloomPath(dir, model.name), bloomPath(dir, name))
  const times = {
    timeMin,
    timeMax: timeMin + SPAN - 1,
    receivedMin: timeMin,
    receivedMax: timeMin + SPAN - 1,
  }
  return { ...model, ...times, ...range, name }
}
