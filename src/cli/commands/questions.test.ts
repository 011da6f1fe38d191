import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { placeRecords, writeJournal } from "../../../test/support/journal-file.ts"
import { temporaryFolder } from "../../../test/support/temporary.ts"
import { type TestWorld, testWorld } from "../../../test/support/world.ts"
import { QUESTIONS } from "../../query/questions/index.ts"
import { run } from "../run.ts"

/** The evening of the day of the examples. */
const NOW = Date.UTC(2026, 10, 20, 20) * 1000

async function worldWith(context: TestContext, events: readonly string[]): Promise<TestWorld> {
  const cwd = temporaryFolder(context)
  await writeJournal(join(cwd, "data", "journal"), placeRecords(events.map((body) => ({ body }))))
  return testWorld({ cwd, clock: () => NOW })
}

async function rowsOf(world: TestWorld, argv: readonly string[]): Promise<unknown[]> {
  assert.equal(await run(["questions", ...argv, "--json", "--dir", "data"], world), 0, world.both())
  return world
    .out()
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))
}

for (const { name, example } of QUESTIONS) {
  const argv = [name, ...Object.entries(example.given).flatMap(([key, value]) => [`--${key}`, value])]

  test(`${name}: finds what it asks for among what comes near`, async (context) => {
    const world = await worldWith(context, [...example.others, ...example.events])
    assert.deepEqual(await rowsOf(world, ["run", ...argv]), example.rows)
  })

  test(`${name}: is silent where there is only what comes near`, async (context) => {
    assert.deepEqual(await rowsOf(await worldWith(context, example.others), argv), [])
  })
}
