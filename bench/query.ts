/**
 * Milliseconds of the queries in docs/FIGURES.md, through the search process as `serve` asks it. Median of five, warm.
 * Usage: node bench/query.ts [--events 1000000] [--dir DIR]. Without --dir the ledger is made in a temporary folder and
 * removed; with it, it is made once and used again. `--events 10000000` is the size the budget speaks of. Prints a table, and
 * the figures as JSON in the last line.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { openSearch, type SearchProcess } from "../src/search/index.ts"
import { cpuMicros } from "./processes.ts"
import { endOf, makeLedger, needlePath } from "./query-ledger.ts"

const { values } = parseArgs({
  options: { events: { type: "string", default: "1000000" }, dir: { type: "string" } },
})
const EVENTS = Number(values.events)
const END = endOf(EVENTS)
const RUNS = 5

const dir = values.dir ?? mkdtempSync(join(tmpdir(), "tallystick-bench-query-"))
if (!existsSync(join(dir, "catalogue.ndjson"))) {
  const began = performance.now()
  await makeLedger(dir, EVENTS, availableParallelism())
  console.log(`${"made, s".padEnd(42)}  ${((performance.now() - began) / 1000).toFixed(0)}`)
}
const search = openSearch({
  dir,
  onSegment: () => Promise.resolve(),
  heldByJournal: () => [],
  onTrouble: (trouble) => console.error(trouble.message),
})
await search.ready()

const needle = readFileSync(needlePath(dir), "utf8")
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
  const cpu = cpuMicros(search.pid)
  for (let i = 0; i < RUNS; i++) {
    const began = performance.now()
    rows = await count(search, text)
    times.push(performance.now() - began)
    if (times[0]! > 3_000) break
  }
  const cpuMs = (cpuMicros(search.pid) - cpu) / 1000 / times.length
  times.sort((a, b) => a - b)
  const ms = times[times.length >> 1] ?? 0
  figures.push({ what, ms, cpuMs, rows })
  console.log(
    `${what.padEnd(42)}  ${ms.toFixed(1).padStart(9)} ms ${cpuMs.toFixed(0).padStart(7)} ms CPU ${String(rows).padStart(6)} rows`,
  )
}
await search.close()
if (values.dir === undefined) rmSync(dir, { recursive: true, force: true })
console.log(JSON.stringify({ events: EVENTS, figures }))

async function count(process: SearchProcess, text: string): Promise<number> {
  const request = { text, now: END, rowsMax: 10_000, timeoutMs: 120_000 }
  for await (const message of process.query(request, new AbortController().signal)) {
    if (message.kind !== "end") continue
    if (message.partial !== undefined) console.log(`partial: ${message.partial}`)
    return message.rows
  }
  return 0
}
