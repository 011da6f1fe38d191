import assert from "node:assert/strict"
import { test } from "node:test"
import { join } from "node:path"
import { placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { testWorld } from "../../test/support/world.ts"
import { parseQuery } from "../query/parse.ts"
import { run } from "./run.ts"
import { strangeFields, withFieldHint } from "./strange-fields.ts"

const asked: [why: string, query: string, strange: string[], said: RegExp][] = [
  ["a word that people say", "user:=alice", ["user"], /no field "user"; did you mean user\.username\?/],
  ["a slip", "objectRef.resourse:=x", ["objectRef.resourse"], /did you mean objectRef\.resource\?/],
  [
    "the last part alone",
    "resourceVersion:=1",
    ["resourceVersion"],
    /did you mean objectRef\.resourceVersion\?/,
  ],
  ["like nothing there is", "quux:=1", ["quux"], /tallystick fields lists/],
  ["each once, under not and or too", "!(quux:a or zork:b) quux:c", ["quux", "zork"], /"quux"[\s\S]*"zork"/],
  ["a name that wants to be obeyed", '"\u001b[2J":=1', ["\u001b[2J"], /no field "\\\\?u001b\[2J"/],
  ["fields there are", "verb:get user.username:=a lateBy:>3 raw:x _time:5m x", [], /^$/],
  ["inside bodies and maps", "requestObject.a.b:=1 annotations.x:=1 user.extra.k:=1 *:x", [], /^$/],
]
for (const [why, query, strange, said] of asked) {
  test(`strange fields: ${why}`, async () => {
    const parsed = parseQuery(query)
    assert.deepEqual(strangeFields(parsed), strange)
    const world = testWorld({ cwd: "/" })
    for await (const _ of withFieldHint(rows([]), parsed, world)) assert.fail("no row came out of none")
    assert.match(world.err(), said)
  })
}

test("who gets rows gets no advice", async () => {
  const world = testWorld({ cwd: "/" })
  const seen = []
  for await (const row of withFieldHint(rows([{ user: "alice" }]), parseQuery("user:=alice"), world))
    seen.push(row)
  assert.deepEqual(seen, [{ user: "alice" }])
  assert.equal(world.err(), "")
})

test("who gets nothing but counts of nothing is told", async () => {
  const world = testWorld({ cwd: "/" })
  const query = parseQuery("user:=alice | stats count() n, avg(code) a, uniq_values(verb) v")
  for await (const _ of withFieldHint(rows([{ n: "0", a: "NaN", v: "[]" }]), query, world));
  assert.match(world.err(), /did you mean user\.username\?/)
})

const commands: [command: string, argv: string[]][] = [
  ["query", []],
  ["top", []],
  ["hits", []],
  ["hits", ["--step", "1h"]],
  ["hits", ["--since", "1h"]],
  ["fields", []],
  ["values", ["verb"]],
]
for (const [command, argv] of commands) {
  test(`strange fields: ${[command, ...argv].join(" ")} says it where it finds nothing`, async (context) => {
    const cwd = temporaryFolder(context)
    const body = Buffer.from(
      '{"auditID":"a","stage":"ResponseComplete","verb":"get","user":{"username":"alice"}}',
    )
    await writeJournal(join(cwd, "data", "journal"), placeRecords([{ body }]))
    const world = testWorld({ cwd })
    assert.equal(await run([command, ...argv, "user:=alice", "--dir", "data"], world), 0, world.both())
    const hint = 'audit events have no field "user"; did you mean user.username?\n'
    assert.equal(world.err().split(hint).length, 2, world.err())
  })
}

async function* rows(all: Record<string, string>[]) {
  yield* all
}
