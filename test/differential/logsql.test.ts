/**
 * The same rows and the same queries in VictoriaLogs and here: the same rows must come out. Where they do not, the table of
 * differences says why. Run by `npm run test:differential` with VICTORIA_LOGS set to the program.
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { recordedLog } from "../support/recorded.ts"
import { type Server, startServer, temporaryFolder } from "../support/server.ts"
import { differenceOf } from "./answers.ts"
import { CORNERS } from "./corners.ts"
import { DIFFERENCES, SHOWN } from "./differences.ts"
import { AUDIT_ROWS, openGenerator } from "./generator.ts"
import { fromEnvironment } from "./seeds.ts"
import { ask, onRows, type Rows, startVictoriaLogs, type VictoriaLogs } from "./victoria-logs.ts"

const PROGRAM = process.env.VICTORIA_LOGS ?? ""
const skip = PROGRAM === "" ? "VICTORIA_LOGS names no program: see .ci/run" : false
const EVENTS = 300
const { seeds, count } = fromEnvironment({ seeds: [20_260_101], count: 300 })
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

for (const seed of seeds) {
  test(`generated queries, seed ${seed}`, { skip }, async (context) => {
    const generator = openGenerator(rows, seed)
    const made = Array.from({ length: count }, () => generator.query())
    const queries = [...new Set([...made, ...SHOWN].map((query) => `${AUDIT_ROWS} ${query}`))]
    await compareAll(queries, (query, compare) => context.test(query, compare))
  })
}

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
