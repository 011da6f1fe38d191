import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { NOON, placeRecords, writeJournal } from "../../../test/support/journal-file.ts"
import { temporaryFolder } from "../../../test/support/temporary.ts"
import { type TestWorld, testWorld } from "../../../test/support/world.ts"
import { run } from "../run.ts"

async function worldWithLedger(context: TestContext, tty: boolean): Promise<TestWorld> {
  const cwd = temporaryFolder(context)
  const bodies = ["alice", "bob \u001b[31m", "carol"].map((name, i) => {
    const at = new Date(NOON / 1000 - (3 - i) * 3_600_000).toISOString().replace("Z", "000Z")
    const user = { username: name }
    return JSON.stringify({
      auditID: `id-${i}`,
      stage: "ResponseComplete",
      verb: "get",
      user,
      userAgent: name,
      stageTimestamp: at,
    })
  })
  await writeJournal(
    join(cwd, "data", "journal"),
    placeRecords(bodies.map((body) => ({ body: Buffer.from(body) }))),
  )
  const world = testWorld({ cwd, clock: () => NOON })
  Object.assign(world.stdout, { isTTY: tty, columns: 100 })
  return world
}

const FIELDS = "| fields _time, user.username, userAgent"
const answers: [why: string, argv: string[], tty: boolean, exit: number, out: RegExp, err: RegExp][] = [
  ["JSON lines where nobody looks", [`alice ${FIELDS}`], false, 0, /^\{"_time":"[^\n]*"alice"\}\n$/, /^$/],
  [
    "a table on a terminal, newest first",
    [`* ${FIELDS}`],
    true,
    0,
    /^_time +user.username +~userAgent\n[^\n]*carol[\s\S]*alice[\s\S]*~ chosen by the client/,
    /^$/,
  ],
  ["escape sequences are shown, not obeyed", [`* ${FIELDS}`], true, 0, /bob \\x1b\[31m/, /^$/],
  ["JSON on a terminal, if asked for", [`alice ${FIELDS}`, "--json"], true, 0, /^\{"_time"/, /^$/],
  [
    "bounds",
    ["* | fields user.username", "--since", "90m"],
    false,
    0,
    /^\{"user.username":"carol"\}\n$/,
    /^$/,
  ],
  [
    "bounds by the clock",
    ["* | fields auditID", "--from", "2026-11-20T10:00:00Z", "--to", "2026-11-20T10"],
    false,
    0,
    /^\{"auditID":"id-1"\}\n$/,
    /^$/,
  ],
  [
    "a limit takes the newest",
    ["* | fields auditID", "--limit", "1"],
    false,
    0,
    /^\{"auditID":"id-2"\}\n$/,
    /^$/,
  ],
  [
    "groups are limited after they are counted",
    ["* | stats count() n", "--limit", "1"],
    false,
    0,
    /^\{"n":"3"\}\n$/,
    /^$/,
  ],
  ["nothing found", ["nobody"], true, 0, /^$/, /^no rows\n$/],
  ["a caret under the word", ["verb:get | sort by ("], false, 64, /^$/, /\n {22}\^\n/],
  [
    "another language, with a way out",
    ['* | json | user.username="bob"'],
    false,
    64,
    /^$/,
    /\n {4}\^{6}\n.*As LogsQL: user.username:=bob/,
  ],
  [
    "another language, if asked for",
    [`* | json | userAgent="alice" ${FIELDS}`, "--compat", "logql"],
    false,
    0,
    /"alice"\}\n$/,
    /^$/,
  ],
  ["a language nobody knows", ["*", "--compat", "spl"], false, 64, /^$/, /expected --compat logql/],
  [
    "bounds that contradict each other",
    ["*", "--since", "1h", "--from", "2026"],
    false,
    64,
    /^$/,
    /--since goes without/,
  ],
]
for (const [why, argv, tty, exit, out, err] of answers) {
  test(`query: ${why}`, async (context) => {
    const world = await worldWithLedger(context, tty)
    assert.equal(await run(["query", ...argv, "--dir", "data"], world), exit, world.both())
    assert.match(world.out(), out)
    assert.match(world.err(), err)
  })
}

test("query: the caret stands under what cannot be read", async (context) => {
  const world = await worldWithLedger(context, false)
  await run(["query", 'verb:get\nuser.username:"bob', "--dir", "data"], world)
  assert.ok(world.err().startsWith('  user.username:"bob\n                ^\n'), world.err())
})

test("query: a directory without a ledger is refused", async (context) => {
  const world = testWorld({ cwd: temporaryFolder(context) })
  assert.equal(await run(["query", "*", "--dir", "data"], world), 2)
  assert.match(world.err(), /there is no ledger in /)
})
