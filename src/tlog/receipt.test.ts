import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { corruptions, formatContract, ifAccepted, truncations } from "../../test/support/hostile.ts"
import { concat, toBytes, toHex } from "../base/bytes.ts"
import { type PlacedRecord, parseRecord } from "../event/record.ts"
import { type Block, blockLeafHash, formatBlock, NO_BLOCK } from "./block.ts"
import { formatCheckpoint } from "./checkpoint.ts"
import { cosign } from "./cosignature.ts"
import { proveInclusion } from "./inclusion.ts"
import { treeRoot } from "./merkle.ts"
import { formatNote, parseNote, signNote } from "./note.ts"
import { formatReceipt, parseReceipt, type Receipt } from "./receipt.ts"
import { verifyReceipt } from "./receipt-check.ts"
import { blockSalts, saltAt, sealRecords } from "./record-hash.ts"
import { openSigner, type Signer } from "./signer.ts"
import { formatVerifierKey } from "./verifier-key.ts"

const ORIGIN = "ledger.example.com/test"
const AT = Date.UTC(2026, 10, 20) * 1000
const seedOf = (byte: number) => new Uint8Array(32).fill(byte)
const LOG = openSigner({ kind: "ed25519", name: ORIGIN, seed: seedOf(1) })
const WITNESS = openSigner({ kind: "cosignature", name: "w", seed: seedOf(2) })
const KEY = formatVerifierKey(LOG)

/** Bodies of every kind: text, empty, control characters, not UTF-8, what could look like lines of a receipt. */
const BODIES = [
  toBytes('{"kind":"Event","verb":"gét"}'),
  toBytes(""),
  toBytes('{\n  "pretty": true\n}'),
  Uint8Array.of(0xff, 0x00, 0xc3),
  toBytes("body withheld"),
  toBytes("\ufeff\u2028 \x7f"),
]

/** A ledger of two blocks; the second holds the bodies, starting at record 2. */
function ledger(bodies: readonly Uint8Array[] = BODIES, signers: readonly Signer<"ed25519">[] = [LOG]) {
  const seed = new Uint8Array(16).fill(9)
  const place = (number: number, body: Uint8Array): PlacedRecord => ({
    number,
    n: number,
    receivedAt: AT + number,
    source: "prod-1/apiserver-0",
    kind: "k8s.audit",
    words: [],
    body,
  })
  const older = sealRecords([place(0, toBytes("a")), place(1, toBytes("b"))], seed)
  const newer = sealRecords(
    bodies.map((body, at) => place(2 + at, body)),
    seed,
  )
  const first: Block = {
    origin: ORIGIN,
    number: 0,
    first: 0,
    count: 2,
    root: treeRoot(older.hashes),
    sealedAt: AT,
    previous: NO_BLOCK,
  }
  const block: Block = {
    ...first,
    number: 1,
    first: 2,
    count: bodies.length,
    root: treeRoot(newer.hashes),
    previous: blockLeafHash(formatBlock(first)),
  }
  const leaves = [first, block].map((block) => blockLeafHash(formatBlock(block)))
  const text = formatCheckpoint({ origin: ORIGIN, size: 2, root: treeRoot(leaves) })
  const proof = { index: 1, path: proveInclusion(1, leaves), checkpoint: signNote(text, signers) }
  const salts = blockSalts(seed, bodies.length)
  const receipt = (index: number): Receipt => ({
    line: parseRecord(newer.texts[index]!),
    body: { kind: "given", salt: saltAt(salts, index), bytes: bodies[index]! },
    index,
    path: proveInclusion(index, newer.hashes),
    block,
    proof,
  })
  return { receipt, text, first }
}

const { receipt } = ledger()
const GIVEN = BODIES.map((_, index) => formatReceipt(receipt(index)))
const WITHHELD = formatReceipt({ ...receipt(0), body: { kind: "withheld" } })
const ALL = [...GIVEN, WITHHELD]

formatContract({
  name: "receipt",
  code: "receipt.malformed",
  samples: ALL,
  parse: parseReceipt,
  print: formatReceipt,
})

describe("what a receipt proves", () => {
  for (const [index, body] of BODIES.entries()) {
    test(`record ${2 + index}, body ${JSON.stringify(Buffer.from(body).toString("latin1"))}`, () => {
      const facts = verifyReceipt(GIVEN[index]!, [KEY])
      assert.equal(facts.origin, ORIGIN)
      assert.equal(facts.record, 2 + index)
      assert.equal(facts.line.receivedAt, AT + 2 + index)
      assert.equal(toHex(facts.body!), toHex(body))
      assert.deepEqual([facts.block.number, facts.checkpoint.size], [1, 2])
      assert.deepEqual(facts.signedBy.map(formatVerifierKey), [KEY])
      assert.deepEqual(facts.cosignedBy, [])
    })
  }
  test("with the body withheld it still proves who sent how much and when", () => {
    const { body, line, record } = verifyReceipt(toBytes(WITHHELD), [KEY])
    assert.equal(body, undefined)
    assert.deepEqual([record, line.source, line.size], [2, "prod-1/apiserver-0", BODIES[0]!.length])
    assert.ok(!WITHHELD.includes("verb"))
    assert.ok(!WITHHELD.includes("salt"), "a salt would let a guess of the body be checked")
  })
  test("the only record of a block, and bodies of any bytes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 5 }),
        fc.nat(4),
        (bodies, at) => {
          const index = at % bodies.length
          const text = formatReceipt(ledger(bodies).receipt(index))
          assert.equal(toHex(verifyReceipt(text, [KEY]).body!), toHex(bodies[index]!))
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe("no byte can be altered", () => {
  for (const [at, text] of ALL.entries()) {
    test(`receipt ${at}: every byte in several ways, and every length`, () => {
      const whole = toBytes(text)
      verifyReceipt(whole, [KEY])
      for (const { at, bytes } of corruptions(whole)) {
        assert.equal(
          ifAccepted(() => verifyReceipt(bytes, [KEY])),
          undefined,
          `byte ${at}`,
        )
      }
      for (const bytes of truncations(whole)) {
        assert.equal(
          ifAccepted(() => verifyReceipt(bytes, [KEY])),
          undefined,
          `cut to ${bytes.length}`,
        )
      }
      for (const more of ["\n", " ", "x", "\0"]) {
        assert.equal(
          ifAccepted(() => verifyReceipt(text + more, [KEY])),
          undefined,
        )
        assert.equal(
          ifAccepted(() => verifyReceipt(more + text, [KEY])),
          undefined,
        )
      }
    })
  }

  test("outside signature lines of keys not given: those may hold anything or be missing", () => {
    const { text } = ledger()
    const { receipt } = ledger()
    const log = parseNote(receipt(0).proof.checkpoint).signatures
    const checkpoint = formatNote({ text, signatures: [...log, cosign({ text, atSeconds: 77 }, WITNESS)] })
    const given = receipt(0)
    const whole = toBytes(formatReceipt({ ...given, proof: { ...given.proof, checkpoint } }))
    const line = whole.length - (checkpoint.length - checkpoint.lastIndexOf("— w")) - 2 // the em dash has three bytes
    const without = verifyReceipt(whole, [KEY])
    assert.deepEqual(without.cosignedBy, [])
    for (const { at, bytes } of corruptions(whole)) {
      const facts = ifAccepted(() => verifyReceipt(bytes, [KEY]))
      if (at < line) assert.equal(facts, undefined, `byte ${at}`)
      else if (facts !== undefined) assert.deepEqual(facts, without)
    }
    // With the witness's key given, its line either is that witness's or is not counted; it never says another time.
    const keys = [KEY, formatVerifierKey(WITNESS)]
    assert.deepEqual(
      verifyReceipt(whole, keys).cosignedBy.map(({ atSeconds }) => atSeconds),
      [77],
    )
    for (const { at, bytes } of corruptions(whole)) {
      const facts = ifAccepted(() => verifyReceipt(bytes, keys))
      if (facts !== undefined) assert.deepEqual([at >= line, facts.cosignedBy], [true, []], `byte ${at}`)
    }
  })
})

describe("refused", () => {
  const good = receipt(0)
  const { text, first } = ledger()
  const other = openSigner({ kind: "ed25519", name: "other", seed: seedOf(7) })
  const otherText = formatCheckpoint({ origin: "other", size: 2, root: treeRoot([]) })
  const given = (bytes: Uint8Array) => ({ kind: "given", salt: new Uint8Array(16), bytes }) as const
  const rows: [why: string, code: string, receipt: Receipt, keys: readonly string[]][] = [
    [
      "a longer body",
      "receipt.refuted",
      { ...good, body: given(toBytes("longer than it was, in any case")) },
      [KEY],
    ],
    ["a body of the same length", "receipt.refuted", { ...good, body: given(BODIES[0]!) }, [KEY]],
    ["the place of its neighbour", "proof.refuted", { ...good, index: 1 }, [KEY]],
    [
      "the line of its neighbour",
      "proof.refuted",
      { ...good, line: receipt(1).line, body: receipt(1).body },
      [KEY],
    ],
    ["another number of records", "proof.refuted", { ...good, block: { ...good.block, count: 7 } }, [KEY]],
    [
      "another time of sealing",
      "proof.refuted",
      { ...good, block: { ...good.block, sealedAt: AT + 1 } },
      [KEY],
    ],
    ["another block", "proof.refuted", { ...good, block: first, proof: { ...good.proof, index: 0 } }, [KEY]],
    ["a proof of another block", "receipt.malformed", { ...good, proof: { ...good.proof, index: 0 } }, [KEY]],
    [
      "something extra, which nothing vouches for",
      "receipt.malformed",
      { ...good, proof: { ...good.proof, extra: toBytes("x") } },
      [KEY],
    ],
    [
      "a checkpoint that is no note",
      "receipt.malformed",
      { ...good, proof: { ...good.proof, checkpoint: text } },
      [KEY],
    ],
    [
      "a checkpoint of another ledger",
      "receipt.refuted",
      { ...good, proof: { ...good.proof, checkpoint: signNote(otherText, [other]) } },
      [KEY, formatVerifierKey(other)],
    ],
    ["no key", "note.unsigned", good, []],
    ["only the key of a witness", "note.unsigned", good, [formatVerifierKey(WITNESS)]],
    [
      "another key of that name",
      "note.unsigned",
      good,
      [formatVerifierKey(openSigner({ kind: "ed25519", name: ORIGIN, seed: seedOf(8) }))],
    ],
  ]
  for (const [why, code, receipt, keys] of rows) {
    test(why, () => assert.throws(() => verifyReceipt(formatReceipt(receipt), keys), { code }))
  }

  const [text0 = ""] = GIVEN
  const texts: [why: string, text: string | Uint8Array][] = [
    [
      "a body as base64 that is one line of text",
      text0.replace(
        /body text\n(.*)\n/,
        (_, body) => `body base64\n${Buffer.from(String(body)).toString("base64")}\n`,
      ),
    ],
    ["a body withheld and given", text0.replace("salt ", "body withheld\nsalt ")],
    ["carriage returns", text0.replaceAll("\n", "\r\n")],
    ["no blank line before the block", text0.replace("\n\ntallystick/block", "\ntallystick/block")],
    ["a salt of 15 bytes", text0.replace(/salt .*/, `salt ${Buffer.alloc(15).toString("base64")}`)],
    ["half a surrogate pair", text0.replace("g\u00e9t", "g\ud800t")],
    ["not UTF-8", concat([toBytes(text0), Uint8Array.of(0xff)])],
  ]
  for (const [why, text] of texts) {
    test(why, () => assert.throws(() => verifyReceipt(text, [KEY]), { code: "receipt.malformed" }))
  }
})

test("a body of a megabyte is read without splitting it into lines", () => {
  const body = toBytes(JSON.stringify({ text: "x".repeat(1_000_000) }))
  const text = formatReceipt(ledger([body]).receipt(0))
  assert.equal(verifyReceipt(text, [KEY]).body?.length, body.length)
})
