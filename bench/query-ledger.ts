/**
 * A ledger's directory with many events in segments, as a search process needs it: no log, no journal. Made by several
 * processes, each some of the segments; the same events whatever their number. 10 million take about 7 minutes of processor
 * time and 2 GB of disk.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { realDisk } from "../src/journal/disk.ts"
import { BloomCache } from "../src/store/bloom-cache.ts"
import { formatEntry, parseEntry } from "../src/store/catalogue-entry.ts"
import { openDuckdb } from "../src/store/duckdb.ts"
import { writeSegment } from "../src/store/segment.ts"
import { NOON, placeRecords, writeJournal } from "../test/support/journal-file.ts"
import { blocksOver } from "../test/support/segments.ts"
import { createEventMaker } from "./segment-events.ts"

/** What a server makes a segment of. */
const SEGMENT = 40_000
/** 10 million events in four days. */
const MICROS_APART = 34_560

/** When the last of so many events was received. */
export const endOf = (events: number): number => NOON + events * MICROS_APART

export async function makeLedger(dir: string, events: number, processes: number): Promise<void> {
  mkdirSync(join(dir, "tmp"), { recursive: true })
  const workers = Array.from({ length: processes }, (_, index) =>
    fork(import.meta.filename, [dir, String(events), String(index), String(processes)]),
  )
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, "exit"))[0] as number))
  if (codes.some((code) => code !== 0)) throw new Error("a process that makes segments failed")
  const lines = workers.flatMap((_, index) =>
    readFileSync(partPath(dir, index), "utf8").split("\n").slice(0, -1),
  )
  const entries = lines.map((line) => parseEntry(`${line}\n`)).sort((a, b) => a.first - b.first)
  writeFileSync(join(dir, "catalogue.ndjson"), entries.map(formatEntry).join(""))
}

const partPath = (dir: string, index: number): string => join(dir, "tmp", `part-${index}.ndjson`)

async function makePart(dir: string, events: number, index: number, of: number): Promise<void> {
  const limits = { memoryBytesMax: 512 * 2 ** 20, threads: 1, tempBytesMax: 2 ** 30 }
  const db = await openDuckdb({ ...limits, tempDir: join(dir, "tmp", `spill-${index}`), folders: [dir] })
  const blooms = new BloomCache({ db, dir, disk: realDisk, bytesMax: 2 ** 26 })
  const middle = Math.floor(Math.ceil(events / SEGMENT) / 2)
  let lines = ""
  for (let segment = index; segment * SEGMENT < events; segment += of) {
    const make = createEventMaker(segment + 1)
    const first = segment * SEGMENT
    const count = Math.min(SEGMENT, events - first)
    const at = (i: number) => NOON + (first + i) * MICROS_APART
    const given = Array.from({ length: count }, (_, i) => ({ body: make(at(i)), receivedAt: at(i) + 40_000 }))
    const records = placeRecords(given, first)
    const journalDir = join(dir, "tmp", `journal-${index}`)
    const end = await writeJournal(journalDir, records, 400)
    const blocks = blocksOver(records, 10_000)
    const { entry } = await writeSegment({
      db,
      disk: realDisk,
      dir,
      journalDir,
      end,
      blocks,
      entries: [],
      blooms,
    })
    rmSync(journalDir, { recursive: true })
    if (entry.rows !== count) throw new Error(`a segment of ${count} records holds ${entry.rows}`)
    lines += formatEntry(entry)
    if (segment === middle) writeFileSync(needlePath(dir), idOf(given[count >> 1]?.body ?? ""))
  }
  writeFileSync(partPath(dir, index), lines)
  db.close()
}

/** Holds the auditID of an event in the middle. */
export const needlePath = (dir: string): string => join(dir, "needle")

function idOf(event: string): string {
  return /"auditID":"([^"]*)"/.exec(event)?.[1] ?? ""
}

if (import.meta.main) {
  const [dir = "", events, index, of] = process.argv.slice(2)
  await makePart(dir, Number(events), Number(index), Number(of))
}
