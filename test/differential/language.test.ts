/**
 * Queries in the whole language, many of them nonsense, read by a real VictoriaLogs and here: both accept them or both
 * refuse, and print the same text. Its live tail names a query that it cannot follow, as it understood it. And rows of
 * odd values through every pipe: the same rows must come out.
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { isRefusal } from "../../src/base/refusal.ts"
import { formatQuery, parseQuery } from "../../src/query/index.ts"
import { type Server, startServer, temporaryFolder } from "../support/server.ts"
import { differenceOf } from "./answers.ts"
import { type Choose, ODD, openChoose, openLanguage } from "./language/index.ts"
import {
  PIPE_DIFFERENCES,
  PRINT_DIFFERENCES,
  READING_DIFFERENCES,
  type ReadingDifference,
  samePrint,
} from "./language-differences.ts"
import { fromEnvironment } from "./seeds.ts"
import { ask, onRows, type Rows, startVictoriaLogs, type VictoriaLogs } from "./victoria-logs.ts"

const PROGRAM = process.env.VICTORIA_LOGS ?? ""
const skip = PROGRAM === "" ? "VICTORIA_LOGS names no program: see .ci/run" : false
const { seeds, count } = fromEnvironment({ seeds: [1], count: 1_500 })
/** Every so many read queries, one is asked. */
const ASKED_PART = 5
const AT_ONCE = 8

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let ours: Server
let theirs: VictoriaLogs

before(async () => {
  if (skip !== false) return
  folder = await temporaryFolder()
  ours = await startServer(`${folder.path}/ledger`)
  theirs = await startVictoriaLogs(PROGRAM)
})

after(async () => {
  if (skip !== false) return
  await ours.end()
  await theirs.end()
  await folder.remove()
})

for (const seed of seeds) {
  test(`queries of the whole language are read alike, seed ${seed}`, { skip }, async () => {
    const language = openLanguage(seed)
    await compareReading(Array.from({ length: count }, () => language.query()))
  })

  test(`broken queries are refused alike, seed ${seed}`, { skip }, async () => {
    const language = openLanguage(seed + 1)
    const choose = openChoose(seed)
    await compareReading(Array.from({ length: count }, () => broken(language.query(), choose)))
  })

  test(`odd rows through every pipe, seed ${seed}`, { skip }, async () => {
    const choose = openChoose(seed)
    const language = openLanguage(seed)
    const queries: string[] = []
    while (queries.length < count / ASKED_PART) {
      const pipe = language.pipe()
      if (!UNSTABLE.test(pipe)) queries.push(onRows(oddRows(choose), pipe))
    }
    await comparePipes(queries)
  })
}

/** Pipes whose answer is not decided by their rows, those that measure files, and queries about other records. */
const UNSTABLE =
  /\b(limit|head|offset|skip|first|last|sample|rand|now|any|row_any|row_min|row_max|field_min|field_max|rank|stream_context|blocks_count|block_stats|query_stats)\b|facets \d| \| /

/** Rows with the same fields: whether one is there must not hang on what stands beside it. */
function oddRows(choose: Choose): Rows {
  const names = [...new Set(choose.some(6, () => choose.one(ROW_FIELDS)))]
  return choose.some(5, () => Object.fromEntries(names.map((name) => [name, choose.one(ROW_VALUES)])))
}

const ROW_FIELDS = ["a", "b", "c", "n", "t", "l", "j", "_msg", "a.b", "x y", "é", "A", "7", "in", "by"]
const ROW_VALUES = [
  ...ODD.values,
  ...[
    '["a","b",1]',
    '{"a":"x","b":{"c":5}}',
    'a=1 b="x y" c',
    "[]",
    "[1",
    "foo-bar baz",
    "<13>x",
    "null",
    "00",
    "0x",
  ],
  ...[
    "1767322800",
    "1767322800123",
    "1e400",
    "12abc",
    "10.0.0.256",
    "1m5",
    "2026-13-01T00:00:00Z",
    "0.1",
    "1e-7",
    "5s",
  ],
]

const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[\p{L}\p{N}_.]+|\s+|./gsu

/** A query with a token left out, doubled, put in another's place or swapped with the next. Spaces stay: they join words. */
function broken(query: string, choose: Choose): string {
  const pieces = query.match(TOKEN) ?? []
  const places = pieces.flatMap((piece, at) => (/^\s/.test(piece) ? [] : [at]))
  const which = choose.below(places.length)
  const [at = 0, next = at] = places.slice(which, which + 2)
  const [token = "", behind = ""] = [pieces[at], pieces[next]]
  const change = choose.one(["leave out", "double", "replace", "swap"] as const)
  if (change === "leave out") pieces[at] = " "
  else if (change === "double") pieces[at] = `${token} ${token}`
  else if (change === "replace") pieces[at] = pieces[choose.one(places)] ?? ""
  else [pieces[at], pieces[next]] = [behind, token]
  return pieces.join("")
}

/** Behind it no query can be followed live. */
const END = "\n| uniq by (end_of_query)"

async function compareReading(queries: readonly string[]): Promise<void> {
  const found: string[] = []
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const some = queries.slice(at, at + AT_ONCE)
    const answers = await Promise.all(some.map((query) => readThere(query + END)))
    some.forEach((query, i) => {
      const [here, there] = [readHere(query + END), answers[i] ?? ""]
      if (
        isSame(here, there) ||
        PRINT_DIFFERENCES.some((known) => known.there.test(there)) ||
        READING_DIFFERENCES.some((known) => explains(known, here, there))
      )
        return
      found.push(`${query}\n    here:  ${here}\n    there: ${there.slice(0, 400)}`)
    })
  }
  assert.equal(found.length, 0, `${found.length} of ${queries.length}:\n${found.slice(0, 20).join("\n")}`)
}

function isSame(here: string, there: string): boolean {
  if (here.startsWith(REFUSED) || there.startsWith(REFUSED))
    return here.startsWith(REFUSED) && there.startsWith(REFUSED)
  return samePrint(here) === samePrint(there)
}

function explains({ refused, pattern }: ReadingDifference, here: string, there: string): boolean {
  const [refusing, other] = refused === "there" ? [there, here] : [here, there]
  return refusing.startsWith(REFUSED) && !other.startsWith(REFUSED) && pattern.test(refusing)
}

const REFUSED = "refused: "

function readHere(query: string): string {
  try {
    return formatQuery(parseQuery(query))
  } catch (error) {
    if (!isRefusal(error)) throw error
    return REFUSED + error.message
  }
}

async function readThere(query: string): Promise<string> {
  const answer = await fetch(`${theirs.url}/select/logsql/tail`, {
    method: "POST",
    body: new URLSearchParams({ query }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await answer.text()
  const printed = /^the query \[(.*)\] cannot be used in live tailing/s.exec(text)?.[1]
  // What it says of a query that it cannot read begins with the query.
  return printed ?? REFUSED + text.replace(/^.*?end_of_query\)\]: /s, "")
}

async function comparePipes(queries: readonly string[]): Promise<void> {
  const found: string[] = []
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const some = queries.slice(at, at + AT_ONCE)
    const answers = await Promise.all(
      some.map(async (query) => [query, await ask(ours.url, query), await ask(theirs.url, query)] as const),
    )
    for (const [query, here, there] of answers) {
      const pipe = query.slice(query.lastIndexOf("}) | ") + "}) | ".length)
      // What only VictoriaLogs refuses, the tests above are about.
      const difference = there === "refused" ? undefined : differenceOf(here, there)
      if (difference !== undefined && !PIPE_DIFFERENCES.some((known) => known.pipe.test(pipe)))
        found.push(`${query}\n    ${difference}`)
    }
  }
  assert.equal(found.length, 0, `${found.length} of ${queries.length}:\n${found.slice(0, 20).join("\n")}`)
}
