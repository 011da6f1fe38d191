import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { before, test } from "node:test"
import { testLedger, testRecord, testSigner } from "../../test/support/ledger.ts"
import { formatVerifierKey, parseVerifierKey } from "../tlog/verifier-key.ts"
import { verifyLedger } from "./verify.ts"

const FIRST = formatVerifierKey(testSigner(1))
const SECOND = formatVerifierKey(testSigner(2))

const root = mkdtempSync(join(tmpdir(), "tallystick-revoked-"))
const ledger = testLedger(root)
/** Clock between the acts: block 0 at init, 1, 2, 3 with the change of keys, 4. */
const at = { start: 0, between: 0, beforeChange: 0, afterChange: 0, end: 0 }

before(async () => {
  await ledger.init()
  const open = await ledger.open()
  const pass = () => (ledger.clock.now += 10_000_000)
  at.start = pass()
  await open.journal.append([testRecord("one")])
  await open.sealer.sealOnce()
  at.between = pass()
  await open.journal.append([testRecord("two")])
  await open.sealer.sealOnce()
  at.beforeChange = pass()
  await open.sealer.rotateKey(testSigner(2))
  at.afterChange = pass()
  await open.journal.append([testRecord("three")])
  await open.close()
  at.end = pass()
})

process.once("exit", () => rmSync(root, { recursive: true, force: true }))

type Row = [
  why: string,
  trusted: readonly string[],
  revoked: readonly [key: string, from: keyof typeof at][],
  told: string,
]
const ROWS: readonly Row[] = [
  ["nothing is revoked", [FIRST], [], "fine"],
  ["the key in force, after its last block", [FIRST], [[SECOND, "end"]], "fine"],
  ["the key in force, before its last block", [FIRST], [[SECOND, "afterChange"]], "tampered unknown key 4-4"],
  ["the old key, after it handed over", [FIRST], [[FIRST, "afterChange"]], "fine"],
  [
    "the old key, before it handed over: a thief may have",
    [FIRST],
    [[FIRST, "beforeChange"]],
    "tampered unknown key 3-4",
  ],
  ["the old key, and the new one is trusted by itself", [FIRST, SECOND], [[FIRST, "between"]], "fine"],
  [
    "both, from different times: the earlier counts",
    [FIRST],
    [
      [FIRST, "between"],
      [SECOND, "end"],
    ],
    "tampered unknown key 2-4",
  ],
  ["a key that has nothing to do with it", [FIRST], [[formatVerifierKey(testSigner(9)), "start"]], "fine"],
]
for (const [why, keys, revoked, told] of ROWS) {
  test(`verify with a revoked key: ${why}`, async () => {
    const { verdict } = await verifyLedger({
      dir: ledger.dir,
      keys,
      revoked: revoked.map(([key, from]) => ({ key: parseVerifierKey(key), from: at[from] })),
      remembered: undefined,
      now: at.end,
      readers: 1,
    })
    const damages = verdict.damages.map(({ cause, first, last }) => ` ${cause} ${first}-${last}`)
    assert.equal(`${verdict.answer}${damages.join(",")}`, told)
  })
}
