/** Merging stopped at each of its steps: the ledger verifies as it lies there, and the next start goes on. */
import assert from "node:assert/strict"
import { cpSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { planCompaction } from "../../src/store/compact.ts"
import type { Duckdb } from "../../src/store/duckdb.ts"
import { isSegmentName } from "../../src/store/segment-name.ts"
import { type TestLedger, testLedger } from "../support/ledger.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { type Effect, type FaultyDisk, faultyDisk } from "./faulty-disk.ts"
import { type Making, openMaking } from "./making.ts"
import { makeSegments, openEngine, verified } from "./many-segments.ts"

const SEGMENTS = 8

test("merging stopped after each step: whole as it lies there, and merged by the next start", async (t) => {
  const root = temporaryFolder(t)
  const template = join(root, "template")
  await makeSegments(template, SEGMENTS)
  const db = await openEngine(root)
  t.after(() => db.close())
  const copy = (name: string): TestLedger => {
    cpSync(join(template, "ledger"), join(root, name, "ledger"), { recursive: true })
    return testLedger(join(root, name))
  }
  const sound = faultyDisk()
  await merge(db, copy("sound"), sound)
  let unnamed = 0
  for (const [at, step] of sound.calls.entries()) {
    for (const effect of ["lost", "stored"] satisfies Effect[]) {
      const ledger = copy("stopped")
      const disk = faultyDisk({ at, code: "EIO", effect, dies: true })
      const troubles = await merge(db, ledger, disk)
      const which = `${step} ${at} ${effect}`
      assert.ok(disk.failed && troubles.length > 0, which)
      if (filesOf(ledger).length > SEGMENTS) unnamed += 1
      assert.deepEqual(await verified(ledger), ["fine", [], []], which)
      assert.deepEqual(await merge(db, ledger, faultyDisk()), [], which)
      assert.equal(filesOf(ledger).length, 1, which)
      rmSync(join(root, "stopped"), { recursive: true })
    }
  }
  assert.ok(unnamed > 1, "files without a record were among them")
  t.diagnostic(`${sound.calls.length} steps, ${unnamed} times a file without a record`)
})

/** Merges until nothing is left to merge or something fails. Resolves with what failed. */
async function merge(db: Duckdb, test: TestLedger, disk: FaultyDisk): Promise<readonly unknown[]> {
  const making = await openMaking({ db, test, disk, quietMs: () => Number.POSITIVE_INFINITY })
  while (isMerging(making, test)) await setTimeout(5)
  await making.close()
  return making.troubles
}

function isMerging({ troubles, catalogue }: Making, { clock }: TestLedger): boolean {
  return troubles.length === 0 && planCompaction(catalogue.entries, clock.now) !== undefined
}

function filesOf({ dir }: TestLedger): readonly string[] {
  return readdirSync(join(dir, "segments"), { recursive: true }).map(String).filter(isSegmentName)
}
