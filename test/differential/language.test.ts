/**
 * Queries in the whole language, many of them nonsense, read by a real VictoriaLogs and here: both accept them or both
 * refuse, and print the same text. Its live tail names a query that it cannot follow, as it understood it. And rows of
 * odd values through every pipe: the same rows must come out.
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { type Server, startServer, temporaryFolder } from "../support/server.ts"
import { differenceOf } from "./answers.ts"
import { type Choose, ODD, openChoose, openLanguage } from "./language/index.ts"
import { TOKEN } from "./language/vary.ts"
import { compareReading } from "./compare-reading.ts"
import { PIPE_DIFFERENCES, UNSTABLE } from "./language-differences.ts"
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
    await compareReading(
      Array.from({ length: count }, () => language.query()),
      theirs,
    )
  })

  test(`broken queries are refused alike, seed ${seed}`, { skip }, async () => {
    const language = openLanguage(seed + 1)
    const choose = openChoose(seed)
    await compareReading(
      Array.from({ length: count }, () => broken(language.query(), choose)),
      theirs,
    )
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
