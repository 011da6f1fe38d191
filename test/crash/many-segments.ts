import assert from "node:assert/strict"
import { join } from "node:path"
import { verifyLedger } from "../../src/seal/verify.ts"
import { openDuckdb } from "../../src/store/duckdb.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { type TestLedger, testLedger, testRecord, testSigner } from "../support/ledger.ts"
import { eventBody } from "../support/segments.ts"
import { faultyDisk } from "./faulty-disk.ts"
import { openMaking } from "./making.ts"

/** Of a segment that {@link makeSegments} makes; the ledger's own records come besides. */
const EVENTS = 5

/** An engine for a ledger below `root`. */
export function openEngine(root: string) {
  const spill = { tempDir: join(root, "spill"), tempBytesMax: 2 ** 30, folders: [root] }
  return openDuckdb({ memoryBytesMax: 2 ** 29, threads: 1, ...spill })
}

/** A new ledger below `root` with that many small segments in a row and nothing in its journal but their records. */
export async function makeSegments(root: string, count: number): Promise<TestLedger> {
  const ledger = testLedger(root)
  await ledger.init({ disk: faultyDisk() })
  const db = await openEngine(root)
  const making = await openMaking({ db, test: ledger, disk: faultyDisk() })
  for (let segment = 0; segment < count; segment++) {
    const body = (i: number) => eventBody({ id: `e-${segment}-${i}`, at: "2026-11-20T12:00:00.000000Z" })
    await making.ledger.journal.append(Array.from({ length: EVENTS }, (_, i) => testRecord(body(i))))
    await making.ledger.sealer.sealOnce()
    await making.flush()
  }
  assert.deepEqual(making.troubles, [])
  await making.close()
  db.close()
  return ledger
}

/** Answer, damages and doubts of `verify`, long after. */
export async function verified(ledger: TestLedger) {
  const { verdict } = await verifyLedger({
    dir: ledger.dir,
    keys: [formatVerifierKey(testSigner())],
    remembered: undefined,
    now: ledger.clock.now + 1e12,
    readers: 1,
  })
  return [verdict.answer, verdict.damages, verdict.doubts]
}
