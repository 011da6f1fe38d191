import assert from "node:assert/strict"
import { test } from "node:test"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { VerifyPool } from "./verify-pool.ts"

test("a stop ends the job that is read, and those that wait for its reader", {
  timeout: 60_000,
}, async (t) => {
  const dir = temporaryFolder(t)
  const stop = new AbortController()
  const pool = new VerifyPool(dir, 1, stop.signal)
  const job = { kind: "controls", dir, name: "date=2026-01-01/none.parquet" } as const
  const jobs = Promise.allSettled([pool.run(job), pool.run(job), pool.run(job)])
  stop.abort()
  for (const outcome of await jobs) {
    assert.equal(outcome.status, "rejected")
    assert.equal((outcome.reason as Error).name, "AbortError")
  }
  await pool.close()
})
