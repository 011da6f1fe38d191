import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { testWorld } from "../../test/support/world.ts"
import { createMetrics } from "../api/metrics.ts"
import { Refusal } from "../base/refusal.ts"
import { loadConfig } from "./config-load.ts"
import { driftLoop } from "./drift-loop.ts"
import { openLog } from "./log.ts"

const POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: Metadata\n"

/** The whole answer, none, or the rows of some records alone. */
type Answered = "whole" | "refused" | readonly number[]

/** Turns of a loop before which so many records each came; which of them were asked for, where the search answers so. */
async function asked(context: TestContext, records: readonly number[], answers: readonly Answered[]) {
  const dir = temporaryFolder(context)
  writeFileSync(join(dir, "policy.yaml"), POLICY)
  const config = "policy: { intervalMs: 1000, declared: [{ source: prod-1, file: policy.yaml }] }\n"
  writeFileSync(join(dir, "tallystick.yaml"), config)
  const world = testWorld({ cwd: dir })
  const loaded = await loadConfig({ config: join(dir, "tallystick.yaml"), dir }, world)
  const stop = new AbortController()
  const troubles: unknown[] = []
  const ranges: string[] = []
  let turn = -1
  await driftLoop(
    {
      config: { ...loaded.config, policy: { ...loaded.config.policy, intervalMs: 0 } },
      clock: world.clock,
      metrics: createMetrics({ log: "example.com/test", seriesMax: 10, sources: [], redactionRules: [] }),
      log: openLog({ level: "error", terminal: world.stderr, env: {}, clock: world.clock }),
      next: () => records[Math.min(++turn, records.length - 1)] ?? 0,
      async *ask(text) {
        const [range] = /record:>=\d+ record:<\d+/.exec(text) ?? []
        if (range === undefined) return yield { kind: "end", rows: 0 }
        ranges.push(range)
        if (ranges.length === answers.length) stop.abort()
        const answer = answers[ranges.length - 1] ?? "whole"
        if (answer === "refused") throw new Refusal("search.unavailable", "it is starting")
        if (answer === "whole") return yield { kind: "end", rows: 0 }
        yield { kind: "rows", rows: answer.map((record) => ({ record: String(record), source: "prod-1" })) }
        yield { kind: "end", rows: answer.length, partial: "memory: the newest records are not loaded yet" }
      },
      keep: async () => undefined,
      tell: async () => undefined,
      onTrouble: (trouble) => troubles.push(trouble),
    },
    stop.signal,
  )
  return { ranges, troubles }
}

test("what came while the search could not be asked is looked at in the next turn", async (t) => {
  const { ranges, troubles } = await asked(t, [10, 20, 30, 40], ["whole", "refused", "whole"])
  assert.deepEqual(ranges, ["record:>=10 record:<20", "record:>=20 record:<30", "record:>=20 record:<40"])
  assert.equal(troubles.length, 1)
})

test("what an answer lacked behind the records it had is looked at in the next turn", async (t) => {
  const { ranges, troubles } = await asked(t, [10, 20, 30, 40], [[14, 12], [], "whole"])
  assert.deepEqual(ranges, ["record:>=10 record:<20", "record:>=15 record:<30", "record:>=15 record:<40"])
  assert.deepEqual(troubles, [])
})
