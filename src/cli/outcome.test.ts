import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { placeRecords, writeJournal } from "../../test/support/journal-file.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { testWorld } from "../../test/support/world.ts"
import { run } from "./run.ts"

const RED = "\u001b[31m"
const YELLOW = "\u001b[33m"

const outcomes: [code: number, stage: string, colour: string | undefined][] = [
  [200, "ResponseComplete", undefined],
  [401, "ResponseComplete", RED],
  [403, "ResponseComplete", RED],
  [404, "ResponseComplete", YELLOW],
  [500, "ResponseComplete", YELLOW],
  [500, "Panic", RED],
]

for (const isTTY of [true, false]) {
  test(`rows have the colour of how their requests ended: ${isTTY ? "on a terminal" : "never in a pipe"}`, async (context) => {
    const cwd = temporaryFolder(context)
    const bodies = outcomes.map(([code, stage], i) =>
      JSON.stringify({
        auditID: `id-${i}`,
        stage,
        verb: "get",
        user: { username: `user-${i}` },
        responseStatus: { code },
        stageTimestamp: `2026-01-02T03:04:0${i}.000000Z`,
      }),
    )
    await writeJournal(join(cwd, "data", "journal"), placeRecords(bodies.map((body) => ({ body }))))
    const world = testWorld({ cwd })
    Object.assign(world.stdout, { isTTY, columns: 200 })
    assert.equal(await run(["query", "verb:get", "-o", "table", "--dir", "data"], world), 0, world.both())
    outcomes.forEach(([code, stage, colour], i) => {
      const line =
        world
          .out()
          .split("\n")
          .find((text) => text.includes(`user-${i}`)) ?? ""
      const seen = [RED, YELLOW].find((one) => line.includes(one))
      assert.equal(seen, isTTY ? colour : undefined, `${code} ${stage}: ${JSON.stringify(line)}`)
    })
  })
}
