/**
 * Small changes of queries that are known: of the published tables and of our own corners. Each one is read by a real
 * VictoriaLogs and here, both accept it or both refuse it, and print the same; and pipes make the same rows of the same rows.
 * There are half a million, so a seed chooses among them: `SEEDS=1-30 QUERIES=5000` asks more.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { isRefusal } from "../../src/base/refusal.ts"
import { runPipes } from "../../src/query/index.ts"
import { differenceOf } from "./answers.ts"
import { compareReading } from "./compare-reading.ts"
import { CORNERS } from "./corners.ts"
import { DIFFERENCES } from "./differences.ts"
import { openChoose } from "./language/index.ts"
import { variationsOf } from "./language/vary.ts"
import { PIPE_DIFFERENCES, UNSTABLE } from "./language-differences.ts"
import { fromEnvironment } from "./seeds.ts"
import { ask, onRows, type Rows, startVictoriaLogs, type VictoriaLogs } from "./victoria-logs.ts"

const PROGRAM = process.env.VICTORIA_LOGS ?? ""
const skip = PROGRAM === "" ? "VICTORIA_LOGS names no program: see .ci/run" : false
const { seeds, count } = fromEnvironment({ seeds: [1], count: 2_000 })
const AT_ONCE = 8

const TABLE: { accepted: [string, string][]; refused: string[] } = JSON.parse(
  readFileSync(new URL("../fixtures/logsql-parse.json", import.meta.url), "utf8"),
)
const QUERIES = [
  ...TABLE.accepted.map(([text]) => text),
  ...TABLE.refused,
  ...CORNERS.flatMap(({ pipes }) => pipes.map((pipe) => `* | ${pipe}`)),
]

let theirs: VictoriaLogs

before(async () => {
  if (skip === false) theirs = await startVictoriaLogs(PROGRAM)
})
after(async () => {
  if (skip === false) await theirs.end()
})

for (const seed of seeds) {
  test(`changes of known queries are read alike, seed ${seed}`, { skip }, async () => {
    const choose = openChoose(seed)
    const queries = Array.from({ length: count }, () => choose.one(variationsOf(choose.one(QUERIES))))
    await compareReading(queries, theirs)
  })

  test(`changes of known pipes make the same rows, seed ${seed}`, { skip }, async () => {
    const choose = openChoose(seed)
    const asked = Array.from({ length: count }, () => {
      const { rows, pipes } = choose.one(CORNERS)
      return { rows, pipe: choose.one(variationsOf(choose.one(pipes))) }
    })
    const stable = asked.filter(({ pipe }) => !UNSTABLE.test(pipe) && !isKnown(pipe))
    const found: string[] = []
    for (let at = 0; at < stable.length; at += AT_ONCE) {
      const some = stable.slice(at, at + AT_ONCE)
      const answers = await Promise.all(some.map(({ rows, pipe }) => ask(theirs.url, onRows(rows, pipe))))
      some.forEach(({ rows, pipe }, i) => {
        const [here, there] = [answerHere(pipe, rows), answers[i] ?? "refused"]
        // What only one refuses, the test above is about.
        const difference = here === "refused" || there === "refused" ? undefined : differenceOf(here, there)
        if (difference !== undefined) found.push(`${pipe}\n    ${difference}`)
      })
    }
    assert.equal(found.length, 0, `${found.length} of ${stable.length}:\n${found.slice(0, 20).join("\n")}`)
  })
}

function isKnown(pipe: string): boolean {
  return (
    PIPE_DIFFERENCES.some((known) => known.pipe.test(pipe.trim())) ||
    DIFFERENCES.some(({ query }) => query.test(`| ${pipe.trim()}`))
  )
}

function answerHere(pipe: string, rows: Rows): Rows | "refused" {
  try {
    return runPipes(pipe, rows)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return "refused"
  }
}
