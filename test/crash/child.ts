/**
 * A ledger in a process of its own, to be killed. Loads, waits for a line, opens the ledger and says `ready`; then appends
 * one record per line of its input and repeats each line when it is durable. Seals all the time.
 */
import { createInterface } from "node:readline"
import { setTimeout } from "node:timers/promises"
import { openLedger } from "../../src/seal/ledger.ts"
import { testRecord, testSigner } from "../support/ledger.ts"

const [dir = ""] = process.argv.slice(2)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
if ((await lines.next()).done === true) process.exit()

const ledger = await openLedger(dir, {
  signer: testSigner(),
  clock: () => Date.now() * 1000,
  journal: { fileBytes: 20_000 },
  seal: { recordsMax: 20, bytesMax: 1e6 },
  reserveBytes: 1000,
  onFatal: (error) => {
    throw error
  },
})
process.stdout.write("ready\n")

let sealing = false
async function seal(): Promise<void> {
  while (true) {
    await ledger.sealer.sealOnce()
    await setTimeout(1)
  }
}

for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const id = line.value
  void ledger.journal
    .append([testRecord(id, `prod/${id.slice(-1)}`)])
    .then(() => process.stdout.write(`${id}\n`))
  if (!sealing) void seal()
  sealing = true
}
