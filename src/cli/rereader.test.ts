import assert from "node:assert/strict"
import { test } from "node:test"
import { testWorld } from "../../test/support/world.ts"
import { CredentialTable } from "../api/credentials.ts"
import { Refusal } from "../base/refusal.ts"
import { loadConfig } from "./config-load.ts"
import { openLog } from "./log.ts"
import { rereader } from "./rereader.ts"

test("what was taken over and could not be recorded is never called kept", async () => {
  const world = testWorld({ cwd: "/" })
  const log = openLog({ level: "info", terminal: world.stderr, env: {}, clock: world.clock })
  const loaded = async (rowsMax: number) =>
    (await loadConfig({ set: [`search.rowsMax=${rowsMax}`] }, world)).config
  const live = { config: await loaded(1), credentials: await noCredentials(), redaction: undefined, log }
  const told: string[] = []
  await new Promise<void>((resolve) => {
    rereader({
      live,
      log,
      load: () => loaded(2),
      metrics: { redacted: () => undefined },
      reloadFiles: async () => resolve(),
      tell(what) {
        told.push(what)
        return Promise.reject(new Refusal("journal.unavailable", "the disk is nearly full"))
      },
    })()
  })
  assert.equal(live.config.search.rowsMax, 2)
  assert.deepEqual(told, ["config.reloaded"])
  const said = world
    .err()
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { event: string }).event)
  assert.deepEqual(said, ["config.reloaded", "trouble"])
})

function noCredentials(): Promise<CredentialTable> {
  return CredentialTable.open([], () => Promise.resolve(""))
}
