/**
 * All benchmarks, one after the other, each in a process of its own. Prints their tables as they come and writes
 * `bench/out/<time>.json` with everything printed.
 *
 *     npm run bench                     the short ones, about ten minutes
 *     npm run bench -- --quick          the same in two
 *     npm run bench -- verify readers   only these; also constant-load (10 minutes) and query-10m (20 minutes)
 *     npm run bench -- --list           their names
 *
 * Run it on a machine with nothing else to do, and more than once: figures of one run are anecdotes.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false }, list: { type: "boolean", default: false } },
  allowPositionals: true,
})

type Bench = {
  readonly name: string
  /** Where it is not the name. */
  readonly file?: string
  readonly args: readonly string[]
  readonly quick?: readonly string[]
  /** Only when it is asked for by name. */
  readonly long?: boolean
}

/** From the parts to the whole. Targets: docs/FIGURES.md. */
const BENCHES: readonly Bench[] = [
  { name: "slice", args: [] },
  { name: "simulate", args: [] },
  { name: "tlog", args: [] },
  { name: "journal", args: [] },
  { name: "ingest-http", args: ["--seconds", "10"], quick: ["--seconds", "3"] },
  { name: "insert", args: [] },
  { name: "segments", args: [] },
  { name: "verify", args: [], quick: ["100000"] },
  { name: "query", args: [], quick: ["--events", "200000"] },
  { name: "many-segments", args: [], quick: ["--events", "200"] },
  { name: "end-to-end", args: ["--seconds", "30"], quick: ["--seconds", "8"] },
  {
    name: "five-thousand",
    file: "end-to-end",
    args: ["--seconds", "30", "--rate", "5000"],
    quick: ["--seconds", "8", "--rate", "5000"],
  },
  { name: "blocking", args: [], quick: ["--seconds", "5"] },
  { name: "readers", args: [], quick: ["--fill", "40000", "--seconds", "10"] },
  {
    name: "constant-load",
    file: "end-to-end",
    args: ["--seconds", "600", "--rate", "5000"],
    quick: ["--seconds", "20", "--rate", "5000"],
    long: true,
  },
  {
    name: "query-10m",
    file: "query",
    args: ["--events", "10000000"],
    quick: ["--events", "400000"],
    long: true,
  },
]
const MINUTES_MAX = 40

if (values.list) {
  for (const { name, long } of BENCHES) console.log(long === true ? `${name}  (long)` : name)
  process.exit(0)
}
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name))
if (unknown.length > 0) throw new Error(`there is no ${unknown.join(", ")}; see --list`)
const chosen = BENCHES.filter(({ name, long }) =>
  positionals.length > 0 ? positionals.includes(name) : long !== true,
)
const results: Record<string, string> = {}
for (const { name, file = name, args, quick } of chosen) {
  const given = values.quick ? (quick ?? args) : args
  const title = [name, ...given].join(" ")
  console.log(`\n== ${title}`)
  results[title] = await run(join(import.meta.dirname, `${file}.ts`), given)
}
const out = join(import.meta.dirname, "out")
mkdirSync(out, { recursive: true })
const [cpu] = cpus()
const machine = {
  cpu: cpu?.model,
  cores: cpus().length,
  memoryGib: Math.round(totalmem() / 2 ** 30),
  node: process.version,
}
const path = join(out, `${new Date().toISOString().replaceAll(":", "")}.json`)
writeFileSync(path, `${JSON.stringify({ machine, results: mapValues(results, figuresOf) }, null, 2)}\n`)
console.log(`\nwritten to ${path}`)

async function run(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] })
  const late = setTimeout(() => child.kill(), MINUTES_MAX * 60_000)
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk
    process.stdout.write(chunk)
  })
  const [code] = (await once(child, "close")) as [number | null]
  clearTimeout(late)
  return code === 0 ? text : `${text}\nended with ${code ?? "a signal"}`
}

/** Lines of a name and a value, two spaces or more between them; other lines as they are. */
function figuresOf(text: string): Record<string, string> | string {
  const rows = text.split("\n").flatMap((line) => {
    const [, name, value] = /^(\S.*?)\s{2,}(\S.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return rows.length === 0 ? text : Object.fromEntries(rows)
}

function mapValues<A, B>(values: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]))
}
