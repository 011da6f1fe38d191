import assert from "node:assert/strict"
import { once } from "node:events"
import { type TestContext, test } from "node:test"
import { checkLedger } from "../../test/support/check-ledger.ts"
import { testLedger, testRecord, testSigner } from "../../test/support/ledger.ts"
import { temporaryFolder } from "../../test/support/temporary.ts"
import { openPace } from "./pace.ts"

const BODY = "x".repeat(1000)
const NEVER = new AbortController().signal
/** Longer than any run of these tests. */
const LONG_MS = 600_000

async function openTest(t: TestContext, given: { aheadBytesMax: number; waitMsMax?: number }) {
  const ledger = testLedger(temporaryFolder(t))
  await ledger.init()
  const seal = { recordsMax: 10, bytesMax: 1_000_000 }
  const open = await ledger.open({ seal })
  await open.sealer.sealOnce()
  const pace = openPace(open, { waitMsMax: LONG_MS, ...seal, ...given }, NEVER)
  const send = (count: number) => pace.deliver(Array.from({ length: count }, () => testRecord(BODY)))
  const { journal, sealer } = open
  return { dir: ledger.dir, journal, sealer, pace, send, close: () => open.close() }
}

test("an acknowledgement waits while too much is not sealed, and comes as soon as it is", async (t) => {
  const { dir, pace, send, sealer, journal, close } = await openTest(t, { aheadBytesMax: 20_000 })
  await send(5)
  assert.ok(journal.recentBytes > 5_000)
  const late = send(40)
  const rung = once(pace.blockIsFull, "ring")
  await rung
  assert.equal(await Promise.race([late, Promise.resolve("waits")]), "waits")
  assert.ok(journal.recentBytes > 45_000, "durable, and in memory")
  await pace.seal()
  assert.equal((await late).count, 40)
  assert.equal(sealer.sealed.records, journal.next)
  assert.equal(journal.recentBytes, 0, "what is sealed needs no memory")
  await close()
  checkLedger(dir, testSigner())
})

test("where sealing does not go on, acknowledging does", async (t) => {
  const { send, close } = await openTest(t, { aheadBytesMax: 0, waitMsMax: 1 })
  assert.equal((await send(40)).count, 40)
  assert.equal((await send(1)).count, 1)
  await close()
})

test("a block that comes while sealing runs is sealed by it, or rings", async (t) => {
  const { pace, send, sealer, journal, close } = await openTest(t, { aheadBytesMax: 1_000_000 })
  for (let round = 0; round < 10; round++) {
    let rung = 0
    pace.blockIsFull.addEventListener("ring", () => rung++)
    await Promise.all([send(10), pace.seal(), send(30)])
    assert.ok(journal.next - sealer.sealed.records < 10 || rung > 0)
  }
  await close()
})
