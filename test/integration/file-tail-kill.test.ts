import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { deliveredIn } from "../../src/intake/file-sent.ts"
import { openTail, SOURCE } from "../support/tail-journal.ts"
import { eventLine } from "../support/tailed.ts"
import { temporaryFolder } from "../support/temporary.ts"

const ROUNDS = 12
const CHILD = join(import.meta.dirname, "../support/tail-child.ts")

test("kill -9 at any time, over and over, under a log that rotates: every line once, in order", {
  timeout: 60_000,
}, async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, "log"))
  const log = join(folder, "log/audit.log")
  const written: string[] = []
  let rotations = 0
  const write = (count: number) => {
    for (let i = 0; i < count; i++) {
      const line = eventLine(written.length)
      appendFileSync(log, line)
      written.push(line.trimEnd())
    }
    if (statSync(log).size < 40_000) return
    const stamp = new Date(Date.UTC(2026, 0, 1) + rotations++ * 1000)
      .toISOString()
      .slice(0, 23)
      .replaceAll(":", "-")
    renameSync(log, join(folder, `log/audit-${stamp}.log`))
  }

  for (let round = 0; round < ROUNDS; round++) {
    write(20)
    const child = start(folder, log)
    // Each round dies somewhere else: before the first delivery, or within what follows the n-th.
    let deliveries = 0
    for await (const line of createInterface({ input: child.stdout! })) {
      assert.ok(!line.startsWith("loss"), line)
      if (line.startsWith("delivered")) deliveries++
      if (deliveries >= round % 5) break
      write(7)
    }
    child.kill("SIGKILL")
    await once(child, "exit")
  }

  write(3)
  const { journal, tail, deliver } = await openTail(folder, log)
  while (await tail.step(deliver, new AbortController().signal));
  await tail.close()
  const bodies: string[] = []
  for await (const records of deliveredIn(journal)(0)) {
    for (const { source, body } of records) if (source === SOURCE) bodies.push(Buffer.from(body).toString())
  }
  await journal.close()
  assert.equal(bodies.length, written.length)
  assert.deepEqual(bodies, written)
})

function start(folder: string, log: string): ChildProcess {
  return spawn(process.execPath, [CHILD, folder, log], { stdio: ["ignore", "pipe", "inherit"] })
}
