import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { Row } from "../../src/query/row.ts"
import { openLocalSearch, type QueryRequest } from "../../src/search/index.ts"
import { NOON, placeRecords, writeJournal } from "../support/journal-file.ts"
import { temporaryFolder } from "../support/temporary.ts"

/** `options(…)` of VictoriaLogs 1.52: the same answers as it gives to the same rows. */

const HOUR = 3_600_000_000

/** An event a minute before noon, and one for each of the nine hours before it; named by how many hours. */
async function ledger(context: TestContext) {
  const dir = temporaryFolder(context)
  const bodies = Array.from({ length: 10 }, (_, hours) => {
    const at = new Date((NOON - hours * HOUR) / 1000 - 60_000).toISOString().replace("Z", "000Z")
    return JSON.stringify({
      auditID: `id-${hours}`,
      stage: "ResponseComplete",
      verb: hours % 2 === 0 ? "get" : "list",
      objectRef: { name: String(hours) },
      stageTimestamp: at,
    })
  })
  await writeJournal(join(dir, "journal"), placeRecords(bodies.map((body) => ({ body }))))
  const search = await openLocalSearch(dir)
  context.after(() => search.close())
  return async (text: string, asked: Partial<QueryRequest> = {}) => {
    const rows: Row[] = []
    const request = { text, now: NOON, rowsMax: 100, timeoutMs: 30_000, ...asked }
    for await (const message of search.query(request, new AbortController().signal))
      if (message.kind === "rows") rows.push(...message.rows)
    return rows
  }
}

const NAMES = "| fields objectRef.name"
const SINCE = { start: NOON - 3 * HOUR }

const asked: [why: string, query: string, request: Partial<QueryRequest>, names: string][] = [
  ["the last three hours, two hours ago", `options(time_offset=2h) _time:3h ${NAMES}`, {}, "2 3 4"],
  [
    "of what is still to come there is only what is there",
    `options(time_offset=-2h) _time:3h ${NAMES}`,
    {},
    "0",
  ],
  ["the bounds of the request too", `options(time_offset=2h) * ${NAMES}`, SINCE, "0 1 2 3 4"],
  ["both bounds", `options(time_offset=3h) * ${NAMES}`, { start: NOON - 2 * HOUR, end: NOON - HOUR }, "4"],
  ["a time that is named", `options(time_offset=1d) _time:2026-11-21T10 ${NAMES}`, {}, "1"],
  ["hours of the day", `options(time_offset=2h) _time:day_range[08:00, 10:00) ${NAMES}`, {}, "4 5"],
  ["under not and or", `options(time_offset=2h) _time:1h or !_time:8h ${NAMES}`, {}, "0 1 2"],
  ["the newest rows", `options(time_offset=2h) * ${NAMES}`, { limit: 2 }, "0 1"],
  ["a filter in memory", `options(time_offset=2h) _time:3h *:"2" ${NAMES}`, {}, "2"],
  [
    "a query inside has it too",
    `options(time_offset=3h) verb:get | union (_time:2h verb:list) ${NAMES}`,
    SINCE,
    "0 2 3 4",
  ],
  ["of one query inside only", `_time:2h | union (options(time_offset=3h) _time:2h) ${NAMES}`, {}, "0 1 3 4"],
  [
    "the bounds of the request do not count",
    `options(ignore_global_time_filter=true) verb:get ${NAMES}`,
    SINCE,
    "0 2 4 6 8",
  ],
  [
    "inside only",
    `verb:in(options(ignore_global_time_filter=true) objectRef.name:9 | fields verb) ${NAMES}`,
    SINCE,
    "1",
  ],
  ["inside they count else", `verb:in(objectRef.name:9 | fields verb) ${NAMES}`, SINCE, ""],
  [
    "a filter of all queries",
    `options(global_filter=(verb:get)) * | union (_time:3h) ${NAMES}`,
    {},
    "0 2 4 6 8 0 2",
  ],
  ["how fast is not what", `options(concurrency=2, parallel_readers=1) _time:2h ${NAMES}`, {}, "0 1"],
]
test("options of a query", async (context) => {
  const ask = await ledger(context)
  for (const [why, query, request, names] of asked) {
    await context.test(`${why}: ${query}`, async () => {
      const found = (await ask(query, request)).map((row) => row["objectRef.name"] ?? "")
      assert.deepEqual(
        found.sort(),
        names
          .split(" ")
          .filter((name) => name !== "")
          .sort(),
      )
    })
  }
  await context.test("rows and steps show the time to which they were moved", async () => {
    const [moved] = await ask("options(time_offset=7d) objectRef.name:3 | fields _time")
    assert.equal(moved?._time, "2026-11-27T08:59:00Z")
    const steps = await ask(
      "options(time_offset=2h) _time:3h | stats by (_time:1h) count() n | sort by (_time)",
    )
    assert.deepEqual(
      steps.map(({ _time }) => _time),
      ["2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"],
    )
  })
  await context.test("a whole answer or none", async () => {
    const query = "options(allow_partial_response=false) *"
    await assert.rejects(ask(query, { rowsMax: 3 }), { code: "search.partial" })
    assert.equal((await ask(query)).length, 10)
  })
})
