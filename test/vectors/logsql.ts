import assert from "node:assert/strict"
import { isRefusal } from "../../src/base/refusal.ts"
import { canLiveTail, formatQuery, parseQuery, runPipes } from "../../src/query/index.ts"
import { json, type VectorCase, type VectorFile, type VectorRow } from "./row.ts"

type Pairs = readonly (readonly [name: string, value: string])[]
type ParseTable = {
  readonly accepted: readonly (readonly [text: string, canonical: string])[]
  readonly refused: readonly string[]
  readonly canLiveTail: readonly (readonly [text: string, can: boolean])[]
}
type PipeTable = {
  readonly cases: readonly {
    readonly pipe: string
    readonly in: readonly Pairs[]
    readonly out: readonly Pairs[]
  }[]
}

export const LOGSQL_VECTORS: readonly VectorRow[] = [
  { pattern: /^logsql-parse\.json$/, cases: parseCases },
  { pattern: /^logsql-(pipes|stats)\.json$/, cases: pipeCases },
]

function parseCases(file: VectorFile): readonly VectorCase[] {
  const { accepted, refused, canLiveTail: tails } = json<ParseTable>(file)
  return [
    ...accepted.map(([text, canonical]) => ({
      name: `accepted: ${text}`,
      run: () => assert.equal(formatQuery(parseQuery(text)), canonical),
    })),
    ...refused.map((text) => ({
      name: `refused: ${text}`,
      run: () => checkRefused(text),
      ...(SINCE_ACCEPTED.has(text) ? { skip: "refused in 2025, a filter on any field since" } : {}),
    })),
    ...tails.map(([text, can]) => ({
      name: `live tail: ${text}`,
      run: () => assert.equal(canLiveTail(parseQuery(text)), can),
    })),
  ]
}

/** VictoriaLogs 1.52 reads them, and so do we. */
const SINCE_ACCEPTED = new Set(["*:foo"])

/** Refused for whatever reason a query is: unknown words as well as what nobody can run. */
function checkRefused(text: string): void {
  assert.throws(
    () => parseQuery(text),
    (error) => isRefusal(error),
  )
}

/** Rows of the tables that VictoriaLogs itself answers otherwise since. */
const CHANGED_SINCE: ReadonlyMap<string, string> = new Map([
  [
    "stats by (_time:1d offset 2h) count(*) as rows",
    "VictoriaLogs v1.52 begins the days of `offset 2h` at 22:00 UTC, which is midnight at UTC+02:00; the table had 02:00",
  ],
])

/**
 * Rows may come in any order unless a pipe sorts all of them, fields always; an empty field is an absent one.
 */
function pipeCases(file: VectorFile): readonly VectorCase[] {
  return json<PipeTable>(file).cases.map(({ pipe, in: given, out }) => ({
    name: pipe,
    ...skipOf(pipe),
    run: () => {
      const inOrder = /\b(sort|order)\b/i.test(pipe) && !/\bpartition\b/i.test(pipe)
      const [actual, expected] = [runPipes(pipe, given), out].map((rows) => {
        const texts = rows.map(textOf)
        return inOrder ? texts : texts.sort()
      })
      assert.deepEqual(actual, expected)
    },
  }))
}

function skipOf(pipe: string): Pick<VectorCase, "skip"> {
  const skip = CHANGED_SINCE.get(pipe)
  return skip === undefined ? {} : { skip }
}

function textOf(row: Pairs): string {
  return JSON.stringify(row.filter(([, value]) => value !== "").sort())
}
