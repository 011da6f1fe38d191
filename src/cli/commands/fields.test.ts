import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { placeRecords, writeJournal } from "../../../test/support/journal-file.ts"
import { temporaryFolder } from "../../../test/support/temporary.ts"
import { testWorld } from "../../../test/support/world.ts"
import { run } from "../run.ts"

/** So many events that bodies are looked into for the newest only. */
const MANY = 1_001

async function fieldsOf(context: TestContext, events: number, argv: readonly string[] = []) {
  const cwd = temporaryFolder(context)
  const bodies = Array.from({ length: events }, (_, i) => ({
    body: Buffer.from(
      JSON.stringify({
        auditID: `id-${i}`,
        stage: "ResponseComplete",
        verb: i === 0 ? "create" : "get",
        requestObject: { spec: { replicas: i } },
      }),
    ),
  }))
  await writeJournal(join(cwd, "data", "journal"), placeRecords(bodies))
  const world = testWorld({ cwd })
  const code = await run(["fields", "--json", "--dir", "data", ...argv], world)
  const hits = Object.fromEntries(
    world
      .out()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { name: string; hits: string })
      .map(({ name, hits }) => [name, hits]),
  )
  return { code, hits, err: world.err() }
}

test("fields: with few events every field is counted, and nothing is said of parts", async (context) => {
  const { code, hits, err } = await fieldsOf(context, 3)
  assert.deepEqual([hits.verb, hits["requestObject.spec.replicas"]], ["3", "3"])
  assert.deepEqual([code, err], [0, ""])
})

test("fields: with many events columns are counted over all, bodies of the newest, and that is said: exit 2", async (context) => {
  const { code, hits, err } = await fieldsOf(context, MANY)
  assert.equal(hits.verb, String(MANY))
  assert.ok(Number(hits["requestObject.spec.replicas"]) <= MANY, JSON.stringify(hits))
  assert.match(
    err,
    /^tallystick: this answer is partial: fields: those inside bodies are told of the newest 1000 rows only\n$/,
  )
  assert.equal(code, 2)
})

test("fields: a limit somebody asked for hides no mark", async (context) => {
  const { code, hits, err } = await fieldsOf(context, MANY, ["--limit", "2"])
  assert.equal(Object.keys(hits).length, 2)
  assert.match(err, /this answer is partial: fields/)
  assert.equal(code, 2)
})
