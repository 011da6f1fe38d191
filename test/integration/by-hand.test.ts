/** Ten thousand random events, of all that audit events have ever been: our verifier and one made from docs/FORMAT.md alone. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fc } from "../support/properties.ts"
import type { NewRecord } from "../../src/event/record.ts"
import { verifyLedger } from "../../src/seal/verify.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"
import { checkByHand } from "../support/by-hand.ts"
import { flip } from "../support/attacks.ts"
import { START, testLedger, testSigner } from "../support/ledger.ts"

const EVENTS = 10_000
const BATCH = 100

let root: string
let dir: string
const vkey = formatVerifierKey(testSigner())
const sent: Buffer[] = []

/** Any JSON, with what re-encoding would change: `<>&`, escapes, floats, lone surrogates, white space; now and then bytes that are none. */
const body: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 8, arbitrary: fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)) },
  {
    weight: 2,
    arbitrary: fc
      .string({ unit: "grapheme" })
      .map((text) => Buffer.from(`{"x":${JSON.stringify(`<>&${text}`)}}`)),
  },
  {
    weight: 1,
    arbitrary: fc
      .double()
      .map((number) => Buffer.from(`{ "n": ${number}e0,\n"m":1.0E+2,"s":"\\ud800\\u003c"}`)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
)
const source = fc.constantFrom("prod-1", "prod-1/a", "prod-1/b", "prod-2")

before(async () => {
  root = await mkdtemp(join(tmpdir(), "tallystick-by-hand-"))
  const ledger = testLedger(root)
  dir = ledger.dir
  // Most records share a microsecond; the clock also steps back.
  let now = START
  const clock = () => now
  await ledger.init({ clock })
  const open = await ledger.open({ clock, steady: () => now })
  const made = fc.sample(fc.tuple(body, source), { numRuns: EVENTS, seed: 20_261_127 })
  for (let at = 0; at < EVENTS; at += BATCH) {
    const batch = made.slice(at, at + BATCH).map(([bytes, from]): NewRecord => {
      return { source: from, kind: "k8s.audit", words: [], body: bytes }
    })
    // A batch that its sender repeats, as after a 503 that came too late.
    const repeated = at % 1000 === 0 ? [batch, batch] : [batch]
    for (const one of repeated) {
      sent.push(...one.map(({ body: bytes }) => Buffer.from(bytes)))
      await open.journal.append(one)
    }
    if (at % 700 === 0) now += at % 1400 === 0 ? 1_000_000 : -3_000_000
    if (at % 300 === 0) await open.sealer.sealOnce()
  }
  await open.close()
})
after(() => rm(root, { recursive: true, force: true }))

const judge = async () => {
  const request = { dir, keys: [vkey], remembered: undefined, now: START, readers: 1 }
  return (await verifyLedger(request)).verdict
}

test("verify finds nothing wrong with equal times, steps of the clock and repeated batches", async () => {
  const { answer, damages, doubts } = await judge()
  assert.deepEqual([answer, damages, doubts], ["fine", [], []])
})

test("a verifier made from the page alone finds every event as it was sent, and agrees", () => {
  const { records, bodies, size } = checkByHand(dir, vkey)
  const { length } = bodies
  assert.equal(records, length)
  assert.ok(size > 10, "blocks")
  const own = bodies.filter((bytes) => !/^\{"kind":"(ledger|clock|heartbeat)/.test(bytes.toString("latin1")))
  assert.ok(Buffer.concat(own).equals(Buffer.concat(sent)))
  assert.equal(own.length, sent.length)
})

test("it is a verifier: one flipped bit, and it finds the block", () => {
  const path = "journal/0000000000000001.journal"
  flip(dir, path, readFileSync(join(dir, path)).indexOf("<>&"))
  assert.throws(() => checkByHand(dir, vkey), /block \d+/)
})
