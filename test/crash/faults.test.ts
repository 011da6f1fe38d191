import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryFolder } from "../support/temporary.ts"
import { type Effect, type Fault, faultyDisk } from "./faulty-disk.ts"
import { checkAfter, copyTemplate, makeTemplate, work } from "./scenario.ts"

/**
 * For each awaited step of the commit path × {lost, stored but reported lost, half written} × {ENOSPC, EIO} × {the process
 * goes on, the process dies}: restart, then one checkLedger that verifies everything.
 */
test("each step of the commit path fails once, in every way", async (t) => {
  const root = temporaryFolder(t)
  const template = join(root, "template")
  await makeTemplate(template, faultyDisk())
  const run = async (name: string, fault?: Fault) => {
    const place = join(root, name)
    const ledger = copyTemplate(template, place)
    const disk = faultyDisk(fault)
    const told = await work(ledger, disk)
    await checkAfter(ledger, told, faultyDisk())
    rmSync(place, { recursive: true })
    return { disk, told, fatal: ledger.fatals.length > 0 }
  }

  const sound = await run("sound")
  assert.equal(sound.told.acknowledged.length, 7)
  const steps = sound.disk.calls
  const tally = new Map<string, number>()
  for (const [at, step] of steps.entries()) {
    for (const fault of faultsOf(at, step)) {
      const what = `${step} ${at} ${fault.effect} ${fault.code} ${fault.dies ? "dies" : "goes on"}`
      try {
        const { disk, fatal } = await run(`${at}`, fault)
        assert.ok(disk.failed, "the fault happened")
        const sync = step === "fdatasync" || step === "fsync"
        if (sync && !fault.dies && at > 20) assert.ok(fatal, "after a failed sync the process ends")
      } catch (error) {
        throw new Error(`after ${what}`, { cause: error })
      }
      tally.set(step, (tally.get(step) ?? 0) + 1)
    }
  }
  t.diagnostic(`${steps.length} steps: ${[...tally].map(([step, count]) => `${count} × ${step}`).join(", ")}`)
})

function faultsOf(at: number, step: string): Fault[] {
  const effects: Effect[] = step === "write" ? ["lost", "stored", "half"] : ["lost", "stored"]
  // To a process that dies with it, the code says nothing.
  return effects.flatMap((effect) => [
    { at, code: "EIO", effect, dies: true },
    { at, code: "EIO", effect, dies: false },
    { at, code: "ENOSPC", effect, dies: false },
  ])
}
