import assert from "node:assert/strict"
import { test } from "node:test"
import { testWorld } from "../../test/support/world.ts"
import { loadConfig } from "./config-load.ts"
import { planReload } from "./reload.ts"

const CREDENTIAL = `credentials=[{name: a, source: a, verbs: [write], tokenSha256: ${"ab".repeat(32)}}]`

const ROWS: readonly [
  why: string,
  from: readonly string[],
  to: readonly string[],
  taken: string,
  waiting: string,
][] = [
  ["nothing changed", [], [], "", ""],
  [
    "what the running parts follow",
    [],
    ["log.level=warn", "search.rowsMax=5"],
    "search.rowsMax log.level",
    "",
  ],
  [
    "where it listens is settled at the start",
    [],
    ["listen.port=1", "log.level=warn"],
    "log.level",
    "listen.port",
  ],
  ["another credential", [CREDENTIAL], [CREDENTIAL.replaceAll("a,", "b,")], "credentials", ""],
  ["the first credential closes doors that were open", [], [CREDENTIAL], "", "credentials"],
  ["the last one opens them", [CREDENTIAL], [], "", "credentials"],
  ["redaction switched off waits", [], ["redaction.enabled=false"], "", "redaction.enabled"],
]
for (const [why, from, to, taken, waiting] of ROWS) {
  test(`a reload: ${why}`, async () => {
    const world = testWorld({ cwd: "/" })
    const [running, read] = await Promise.all([from, to].map((set) => loadConfig({ set }, world)))
    assert.ok(running && read)
    const plan = planReload(running.config, read.config)
    assert.deepEqual([plan.taken.join(" "), plan.waiting.join(" ")], [taken, waiting])
  })
}
