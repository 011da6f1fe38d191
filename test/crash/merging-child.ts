/** Merges the segments of a ledger until it is killed, or nothing is left to merge: then it says `idle`. */
import { setTimeout } from "node:timers/promises"
import { realDisk } from "../../src/journal/disk.ts"
import { planCompaction } from "../../src/store/compact.ts"
import { openDuckdb } from "../../src/store/duckdb.ts"
import { testLedger } from "../support/ledger.ts"
import { openMaking } from "./making.ts"

const [root = ""] = process.argv.slice(2)
const test = testLedger(root)
const db = await openDuckdb({
  memoryBytesMax: 2 ** 29,
  threads: 1,
  tempDir: `${root}/spill`,
  tempBytesMax: 2 ** 30,
  folders: [root],
})
const making = await openMaking({ db, test, disk: realDisk, quietMs: () => 1e9 })
process.stdout.write("ready\n")
while (planCompaction(making.catalogue.entries, test.clock.now) !== undefined) await setTimeout(10)
process.stdout.write("idle\n")
await making.close()
db.close()
