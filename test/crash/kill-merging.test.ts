/** kill -9 while segments are merged: every record stays in one segment, and the ledger verifies at any time. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { cataloguePath, readCatalogue } from "../../src/store/catalogue.ts"
import { isSegmentName } from "../../src/store/segment-name.ts"
import type { TestLedger } from "../support/ledger.ts"
import { seededRandom } from "../support/random.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { makeSegments, verified } from "./many-segments.ts"

const KILLS = 5
const SEGMENTS = 24
const CHILD = fileURLToPath(new URL("merging-child.ts", import.meta.url))

test(`merging killed ${KILLS} times: each record in one segment, nothing is left behind`, async (t) => {
  const root = temporaryFolder(t)
  const ledger = await makeSegments(root, SEGMENTS)
  const random = seededRandom(4)
  let [killed, idle] = [0, false]
  for (let kill = 0; kill < KILLS && !idle; kill++) {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD, root], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(root, "compiled") },
    })
    const exit = once(child, "exit")
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    assert.equal((await lines.next()).value, "ready")
    const ended = lines.next().then(({ value }) => value)
    idle = (await Promise.race([ended, setTimeout(random() * 150)])) === "idle"
    child.kill("SIGKILL")
    await exit
    if (!idle) killed += 1
    assert.deepEqual(await verified(ledger), ["fine", [], []], `after kill ${kill}`)
  }
  assert.ok(killed > 0, `${killed} were killed at work`)
  await mergeAll(root, ledger)
  const { entries } = await readCatalogue(cataloguePath(ledger.dir))
  const replaced = new Set(entries.flatMap(({ replaces }) => replaces))
  const current = entries.filter(({ name }) => !replaced.has(name)).toSorted((a, b) => a.first - b.first)
  let next = 0
  for (const { first, last } of current) {
    assert.equal(first, next, "no record is in two segments or in none")
    next = last + 1
  }
  assert.ok(current.length < SEGMENTS / 2, `${current.length} are left`)
  const files = readdirSync(join(ledger.dir, "segments"), { recursive: true })
    .map(String)
    .filter(isSegmentName)
  assert.deepEqual(files.toSorted(), current.map(({ name }) => name).toSorted())
  assert.deepEqual(await verified(ledger), ["fine", [], []])
  t.diagnostic(`${killed} kills, ${current.length} segments of ${SEGMENTS}`)
})

/** To the end, by a process that nobody kills. */
async function mergeAll(root: string, ledger: TestLedger): Promise<void> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD, root], {
    stdio: ["ignore", "ignore", "inherit"],
  })
  assert.deepEqual(await once(child, "exit"), [0, null])
  assert.ok(ledger.troubles.length === 0)
}
