import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { setImmediate } from "node:timers/promises"
import { type TestContext, test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { testWorld } from "../../test/support/world.ts"
import { createMetrics } from "../api/metrics.ts"
import { loadConfig } from "./config-load.ts"
import { openLog } from "./log.ts"
import { scrubLoop } from "./scrub-loop.ts"

/** A loop whose process was ended by others just after it was born, and whose death has been noticed. */
async function orphaned(context: TestContext) {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const dir = temporaryFolder(context)
  const world = testWorld({ cwd: dir })
  const { config } = await loadConfig({ dir }, world)
  const troubles: unknown[] = []
  const stop = new AbortController()
  const ended = scrubLoop(
    {
      config,
      keys: [],
      remembered: () => undefined,
      clock: world.clock,
      metrics: createMetrics({ log: "example.com/test", seriesMax: 10, sources: [], redactionRules: [] }),
      log: openLog({ level: "info", terminal: world.stderr, env: {}, clock: world.clock }),
      onTrouble: (trouble) => troubles.push(trouble),
      tell: async () => undefined,
    },
    stop.signal,
  )
  const [child = 0] = children()
  process.kill(child, "SIGKILL")
  while (existsSync(`/proc/${child}`)) await setImmediate()
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  return { troubles, stop, ended }
}

function children(): readonly number[] {
  const text = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8")
  return text.split(" ").filter(Boolean).map(Number)
}

const skip = process.platform === "linux" ? false : "children of a process are told by /proc"

test("Ctrl-C that ends the reader before it has a group of its own is no trouble", { skip }, async (t) => {
  const { troubles, stop, ended } = await orphaned(t)
  stop.abort()
  await ended
  assert.deepEqual(troubles, [])
})

test("a reader that dies by itself is one, and the server goes on", { skip }, async (t) => {
  const { troubles, stop, ended } = await orphaned(t)
  t.mock.timers.tick(1_000)
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  assert.equal(troubles.length, 1)
  stop.abort()
  await ended
})
