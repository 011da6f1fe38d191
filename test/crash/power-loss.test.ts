import assert from "node:assert/strict"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { testLedger } from "../support/ledger.ts"
import { temporaryFolder } from "../support/temporary.ts"
import { faultyDisk } from "./faulty-disk.ts"
import { checkAfter, copyTemplate, makeTemplate, makeUnsealed, work } from "./scenario.ts"
import { type Left, volatileDisk } from "./volatile-disk.ts"

const LEFT: readonly Left[] = ["nothing", "half", "everything"]

const beginnings: readonly [what: string, make: (root: string) => Promise<readonly string[]>][] = [
  [
    "a ledger that was closed",
    async (root) => {
      await makeTemplate(root, faultyDisk())
      return []
    },
  ],
  [
    "a ledger that has crashed before",
    async (root) => {
      await makeTemplate(join(root, "closed"), faultyDisk())
      return makeUnsealed(join(root, "closed"), root)
    },
  ],
]

for (const [what, make] of beginnings) {
  test(`the power goes before each step of ${what}: what was not synced is gone, torn or there`, async (t) => {
    const root = temporaryFolder(t)
    const template = join(root, "template")
    const acknowledged = await make(template)
    let steps = 0
    for (let at = 0; at <= steps; at++) {
      for (const left of LEFT) {
        const place = join(root, `${at}`)
        const ledger = copyTemplate(template, place)
        const disk = volatileDisk(ledger.dir)
        disk.failAt = at === 0 ? Number.POSITIVE_INFINITY : at - 1
        try {
          const told = await work(ledger, disk)
          told.acknowledged.push(...acknowledged)
          if (at === 0) steps = disk.calls
          disk.crash(left)
          await checkAfter(ledger, told, faultyDisk())
        } catch (error) {
          throw new Error(`power lost before step ${at - 1} of ${steps}, left: ${left}`, { cause: error })
        }
        rmSync(place, { recursive: true })
      }
    }
    t.diagnostic(`${steps} steps × ${LEFT.length}`)
  })
}

test("the power goes before each step of making a ledger: it can be made again", async (t) => {
  const root = temporaryFolder(t)
  let steps = 0
  for (let at = 0; at <= steps; at++) {
    for (const left of LEFT) {
      const place = join(root, `${at}`)
      const ledger = testLedger(place)
      mkdirSync(ledger.dir, { recursive: true })
      const disk = volatileDisk(ledger.dir)
      disk.failAt = at === 0 ? Number.POSITIVE_INFINITY : at - 1
      const made = await ledger.init({ disk }).then(
        () => true,
        () => false,
      )
      if (at === 0) steps = disk.calls
      assert.equal(made, at === 0)
      disk.crash(left)
      try {
        await ledger.init({ disk: faultyDisk() }).catch((error) => {
          // The last step was only to forget that it was being made.
          if (error.code !== "ledger.exists") throw error
        })
        await checkAfter(ledger, { acknowledged: [], served: undefined }, faultyDisk())
      } catch (error) {
        throw new Error(`power lost before step ${at - 1} of ${steps}, left: ${left}`, { cause: error })
      }
      rmSync(place, { recursive: true })
    }
  }
  t.diagnostic(`${steps} steps × ${LEFT.length}`)
})
