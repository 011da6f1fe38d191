/**
 * The same rows and the same queries in VictoriaLogs and here: the same rows must come out. Where they do not, the table of
 * differences says why. Run by `npm run test:differential` with VICTORIA_LOGS set to the program.
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { recordedLog } from "../support/recorded.ts"
import { type Server, startServer, temporaryFolder } from "../support/server.ts"
import { CORNERS } from "./corners.ts"
import { DIFFERENCES } from "./differences.ts"
import { AUDIT_ROWS, openGenerator } from "./generator.ts"
import { ask, type Rows, startVictoriaLogs, type VictoriaLogs } from "./victoria-logs.ts"

const PROGRAM = process.env.VICTORIA_LOGS ?? ""
const skip = PROGRAM === "" ? "VICTORIA_LOGS names no program: see .ci/run" : false
const EVENTS = 300
const QUERIES = 300
const SEED = 20_260_101
/** Answers that are compared at once. */
const AT_ONCE = 4

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let ours: Server
let theirs: VictoriaLogs
let rows: Rows

before(async () => {
  if (skip !== false) return
  folder = await temporaryFolder()
  ours = await startServer(`${folder.path}/ledger`)
  theirs = await startVictoriaLogs(PROGRAM)
  // Every n-th, so that all kinds of request are among them.
  const log = recordedLog()
  const every = Math.max(1, Math.floor(log.length / EVENTS))
  const events = log.filter((_, i) => i % every === 0).slice(0, EVENTS)
  const sent = await fetch(`${ours.url}/audit/prod-1/apiserver-0`, {
    method: "POST",
    body: events.join("\n"),
  })
  assert.equal(sent.status, 200)
  const all = await ask(ours.url, "kind:=k8s.audit")
  assert.ok(all !== "refused" && all.length > EVENTS / 2, "the events are there")
  rows = all
  await theirs.insert(all, ["cluster", "kind", "source"])
})

after(async () => {
  if (skip !== false) return
  await ours.end()
  await theirs.end()
  await folder.remove()
})

test("generated queries", { skip }, async (context) => {
  const generator = openGenerator(rows, SEED)
  const queries = [...new Set(Array.from({ length: QUERIES }, () => `${AUDIT_ROWS} ${generator.query()}`))]
  await compareAll(queries, (query, compare) => context.test(query, compare))
})

test("corners", { skip }, async (context) => {
  for (const { rows: given, pipes } of CORNERS) {
    const queries = pipes.map((pipe) => onRows(given, pipe))
    await compareAll(queries, (query, compare) =>
      context.test(query.slice(onRows(given, "").length), compare),
    )
  }
})

test("every difference in the table was seen", { skip }, () => {
  const unseen = DIFFERENCES.filter(({ query }) => !seen.has(query))
  assert.deepEqual(
    unseen.map(({ why }) => why),
    [],
    "take them out of the table",
  )
})

const seen = new Set<RegExp>()

/** Pipes over rows that are written down: both servers take them from the query. */
function onRows(given: Rows, pipe: string): string {
  const texts = given.map((row) => {
    const fields = Object.entries(row).map(
      ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
    )
    return `{${fields.join(",")}}`
  })
  return `kind:=nothing | union rows(${texts.join(",")}) | ${pipe}`
}

async function compareAll(
  queries: readonly string[],
  report: (query: string, compare: () => void) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const some = queries.slice(at, at + AT_ONCE)
    const answers = await Promise.all(
      some.map(async (query) => [query, await ask(ours.url, query), await ask(theirs.url, query)] as const),
    )
    for (const [query, mine, other] of answers) await report(query, () => compareAnswers(query, mine, other))
  }
}

function compareAnswers(query: string, mine: Rows | "refused", other: Rows | "refused"): void {
  const difference = differenceOf(mine, other)
  const known = DIFFERENCES.find((one) => one.query.test(query))
  if (known === undefined) assert.equal(difference, undefined)
  else if (difference !== undefined) seen.add(known.query)
}

/** In a few words, where the answers differ. */
function differenceOf(mine: Rows | "refused", other: Rows | "refused"): string | undefined {
  if (mine === "refused" || other === "refused")
    return mine === other ? undefined : `here ${shown(mine)}, there ${shown(other)}`
  const [left, right] = [mine.map(textOf).sort(), other.map(textOf).sort()]
  const [onlyHere, onlyThere] = [without(left, right), without(right, left)]
  if (onlyHere.length + onlyThere.length === 0) return undefined
  const counts = `${onlyHere.length} of ${left.length} rows here, ${onlyThere.length} of ${right.length} there`
  const [a, b] = [fieldsOf(onlyHere[0]), fieldsOf(onlyThere[0])]
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name))
  const fields = names.map(
    (name) => `${name}: ${JSON.stringify(a.get(name))} ≠ ${JSON.stringify(b.get(name))}`,
  )
  return `only ${counts}; ${fields.join("; ").slice(0, 500)}`
}

function shown(answer: Rows | "refused"): string {
  return answer === "refused" ? answer : `${answer.length} rows`
}

/**
 * A field without a value is not there, and neither is a row without fields. Times are cut to the digits they need: ours have
 * six, as API servers write them. A stream's number is each server's own.
 */
function textOf(row: Rows[number]): string {
  const fields = Object.entries(row)
    .filter(([name, value]) => value !== "" && name !== "_stream_id")
    .map(([name, value]) => [name, value.replace(/(T\d\d:\d\d:\d\d)\.(\d*?)0+(?=Z)/g, trimmed)] as const)
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function trimmed(_: string, seconds: string, digits: string): string {
  return digits === "" ? seconds : `${seconds}.${digits}`
}

function fieldsOf(text: string | undefined): ReadonlyMap<string, string> {
  return new Map(JSON.parse(text ?? "[]") as [string, string][])
}

function without(rows: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = left.get(row) ?? 0
    left.set(row, count - 1)
    return count <= 0 && row !== "[]"
  })
}
