import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { concat, fromHex, toBytes, toHex } from "../base/bytes.ts"
import { type PlacedRecord, parseRecord } from "../event/record.ts"
import { leafHash } from "./merkle.ts"
import { blockSalts, recordDigest, recordHash, saltAt, sealRecords } from "./record-hash.ts"

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
const SEED = fromHex("000102030405060708090a0b0c0d0e0f")

test("a record's hash is the leaf hash of its line with the newline", () => {
  const text = "tallystick/record/v1 and so on"
  assert.equal(toHex(recordHash(text)), toHex(leafHash(toBytes(`${text}\n`))))
  assert.equal(toHex(recordHash(text)), sha256(toBytes(`\0${text}\n`)))
})

test("a digest is SHA-256 of salt and body, for bodies of any length", () => {
  const salt = saltAt(blockSalts(SEED, 1), 0)
  for (const size of [0, 1, 1500, 65_519, 65_520, 65_521, 1_048_560, 1_048_561, 3_000_000, 7]) {
    const body = new Uint8Array(size).fill(size % 251)
    assert.equal(toHex(recordDigest({ salt, body })), sha256(concat([salt, body])), `${size} bytes`)
  }
})

test("salts are the block's keystream, 16 bytes for each record (openssl enc -aes-128-ctr)", () => {
  const salts = blockSalts(SEED, 3)
  assert.equal(salts.length, 48)
  assert.equal(toHex(saltAt(salts, 0)), "c6a13b37878f5b826f4f8162a1c8d879")
  assert.equal(toHex(saltAt(salts, 1)), "7346139595c0b41e497bbde365f42d0a")
  assert.equal(toHex(saltAt(salts, 2)), toHex(blockSalts(SEED, 10_000).subarray(32, 48)))
  assert.throws(() => blockSalts(new Uint8Array(15), 1), { name: "Bug" })
})

const placed = (number: number, body: Uint8Array): PlacedRecord => ({
  number,
  n: number + 5,
  receivedAt: 1_795_199_058_139_716 + number,
  source: "prod-1/apiserver-0",
  kind: "k8s.audit",
  words: number % 2 === 0 ? [] : [["imported", "x"]],
  body,
})

test("sealing a block gives each record's line and hash, by its number, salt and body", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 20 }), (bodies) => {
      const records = bodies.map((body, at) => placed(100 + at, body))
      const salts = blockSalts(SEED, records.length)
      const { texts, hashes } = sealRecords(records, SEED)
      assert.equal(texts.length, records.length)
      for (const [at, record] of records.entries()) {
        const { digest, size, words, n } = parseRecord(texts[at]!)
        assert.equal(toHex(digest), sha256(concat([saltAt(salts, at), record.body])))
        assert.deepEqual([size, n, words], [record.body.length, record.n, record.words])
        assert.equal(toHex(hashes[at]!), toHex(recordHash(texts[at]!)))
      }
    }),
  )
})

test("what is sealed stays: later blocks do not change earlier hashes", () => {
  const before = sealRecords([placed(0, toBytes("a"))], SEED)
  const copy = before.hashes.map(toHex)
  for (let i = 0; i < 500; i++) sealRecords([placed(0, toBytes(`b${i}`))], SEED)
  assert.deepEqual(before.hashes.map(toHex), copy)
})

test("a hole in a block's numbers is a bug", () => {
  assert.throws(() => sealRecords([placed(0, toBytes("a")), placed(2, toBytes("b"))], SEED), { name: "Bug" })
})
