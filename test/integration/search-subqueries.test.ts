import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { Row } from "../../src/query/row.ts"
import { openLocalSearch, type QueryRequest } from "../../src/search/index.ts"
import { NOON, placeRecords, writeJournal } from "../support/journal-file.ts"
import { temporaryFolder } from "../support/temporary.ts"

/** What five users did to secrets, a minute apart. */
function eventOf(i: number): string {
  const at = new Date(NOON / 1000 - 3_600_000 + i * 60_000).toISOString().replace("Z", "000Z")
  const event = {
    auditID: `id-${i}`,
    stage: "ResponseComplete",
    verb: ["get", "list", "create", "delete"][i % 4],
    user: { username: `user-${i % 5}` },
    objectRef: { resource: "secrets", name: `s-${i % 3}` },
    stageTimestamp: at,
    requestReceivedTimestamp: at,
  }
  return JSON.stringify(event)
}

async function ledgerOf(context: TestContext, records: number) {
  const dir = temporaryFolder(context)
  const given = Array.from({ length: records }, (_, i) => ({ body: eventOf(i) }))
  await writeJournal(join(dir, "journal"), placeRecords(given), 500)
  const search = await openLocalSearch(dir)
  context.after(() => search.close())
  return async (text: string, asked: Partial<QueryRequest> = {}) => {
    const rows: Row[] = []
    const request = { text, now: NOON, rowsMax: 200_000, timeoutMs: 60_000, ...asked }
    for await (const message of search.query(request, new AbortController().signal)) {
      if (message.kind === "end") return { rows, partial: message.partial }
      rows.push(...message.rows)
    }
    throw new Error("the answer has no end")
  }
}

const shown = (rows: readonly Row[]) => rows.map((row) => Object.values(row).join(" "))

const QUERIES: readonly (readonly [why: string, text: string, rows: readonly string[]])[] = [
  [
    "values of another query",
    "verb:=get user.username:in(verb:=delete objectRef.name:=s-0 | fields user.username) | stats by (user.username) count() n | sort by (user.username)",
    ["user-0 1", "user-3 1"],
  ],
  [
    "a query in a query in a query",
    "auditID:in(user.username:in(auditID:=id-3 | fields user.username) verb:=create | fields auditID) | fields auditID | sort by (auditID)",
    ["id-18"],
  ],
  [
    "nothing found inside is nothing",
    "user.username:in(verb:=patch | fields user.username) | count() n",
    ["0"],
  ],
  ["under not", "!user.username:in(verb:=get | fields user.username) | count() n", ["0"]],
  [
    "in a condition of stats",
    "* | count() if (auditID:in(verb:=delete | fields auditID)) deletions, count() all",
    ["5 20"],
  ],
  [
    "phrases of another query",
    "objectRef.name:contains_any(auditID:=id-1 | fields objectRef.name) | count() n",
    ["7"],
  ],
  [
    "join adds fields",
    "verb:=get | stats by (user.username) count() gets | join by (user.username) (verb:=delete | stats by (user.username) count() deletions) | sort by (user.username)",
    ["user-0 1 1", "user-1 1 1", "user-2 1 1", "user-3 1 1", "user-4 1 1"],
  ],
  [
    "join inner drops, prefix renames",
    "user.username:=user-1 | fields verb | sort by (verb) | join by (verb) (verb:=get | stats by (verb) count() n) inner prefix other.",
    ["get 5"],
  ],
  [
    "union adds rows behind",
    "auditID:=id-1 | fields auditID | union (auditID:in(id-5, id-2) | fields auditID | sort by (auditID))",
    ["id-1", "id-2", "id-5"],
  ],
]

test("queries inside queries", async (context) => {
  const ask = await ledgerOf(context, 20)
  for (const [why, text, expected] of QUERIES) {
    await context.test(why, async () => assert.deepEqual(shown((await ask(text)).rows), expected))
  }
  await context.test("bounds of the request hold inside too", async () => {
    const end = NOON - 3_600_000_000 + 9 * 60_000_000
    const { rows } = await ask("* | count() n | union (* | count() n)", { end })
    assert.deepEqual(shown(rows), ["10", "10"])
  })
})

test("everything with everything ends in a named limit", async (context) => {
  const ask = await ledgerOf(context, 4_000)
  const tooLarge = { code: "query.tooLarge" }
  await assert.rejects(ask("* | join by (objectRef.resource) (*) | count() n"), tooLarge)
  await assert.rejects(ask("* | join by (nothing) (* | generate_sequence 100_001)"), tooLarge)
  await assert.rejects(ask("* | generate_sequence 10_000_000_000 | count() n"), tooLarge)
  await assert.rejects(ask("_msg:in(* | generate_sequence 200_000)"), tooLarge)
  const { partial } = await ask("* | join by (verb) (* | fields verb, auditID) | limit 5", { timeoutMs: 0 })
  assert.match(partial ?? "", /^inside join: time: /)
})
