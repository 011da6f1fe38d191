import assert from "node:assert/strict"
import { cpSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { eventually, startServer, tallystick, temporaryFolder } from "../support/server.ts"

/** Somebody puts an older copy of the whole ledger in its place; its key, and what this machine remembers, are real. */

const EVENTS = readFileSync(join(import.meta.dirname, "../../examples/first-events.json"))

test("a ledger rolled back keeps events, seals nothing, and says so everywhere", async (t) => {
  const folder = await temporaryFolder()
  t.after(folder.remove)
  const dir = join(folder.path, "ledger")
  const old = join(folder.path, "old")
  const first = await startServer(dir)
  assert.equal(await first.end(), 0)
  cpSync(dir, old, { recursive: true })
  const second = await startServer(dir)
  assert.equal(await second.end(), 0)
  rmSync(dir, { recursive: true })
  cpSync(old, dir, { recursive: true })

  const server = await startServer(dir)
  t.after(() => server.child.kill("SIGKILL"))
  const sent = await fetch(`${server.url}/audit/prod-1`, { method: "POST", body: EVENTS })
  assert.equal(sent.status, 200, "senders are not made to pay")

  const ready = (await (await fetch(`${server.url}/readyz`)).json()) as {
    readonly parts: readonly { readonly part: string; readonly state: string; readonly reason?: string }[]
  }
  const seal = ready.parts.find(({ part }) => part === "seal")
  assert.equal(seal?.state, "degraded")
  assert.match(seal?.reason ?? "", /^this ledger has \d+ blocks, and it once had \d+$/)

  await eventually("the ledger verifies itself", 15_000, async () =>
    server.output().includes("ledger.tampered") ? true : undefined,
  )
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, /^audit_chain_verification_status\{[^}]*\} 0$/m)
  assert.match(metrics, /^tallystick_unsealed_records [1-9]/m)

  const lines = server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const shrunk = lines.find(({ code }) => code === "ledger.shrunk")
  assert.match(String(shrunk?.hint), /^restore the newer ledger/)
  const found = lines.find(({ event }) => event === "ledger.tampered")
  assert.match(String(found?.named), /^checkpoint truncated/)

  const port = `listen.port=${new URL(server.url).port}`
  const doctor = await tallystick(["doctor", "--dir", dir, "--set", port], {
    env: { XDG_STATE_HOME: join(folder.path, "state") },
  })
  assert.equal(doctor.code, 1)
  assert.match(doctor.stdout, /^no +parts +seal is degraded: this ledger has/m)
  assert.equal(await server.end(), 0)
})
