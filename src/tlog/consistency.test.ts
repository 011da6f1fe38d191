import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { fromBase64, toBytes } from "../base/bytes.ts"
import { type ConsistencyClaim, proveConsistency, verifyConsistency } from "./consistency.ts"
import { EMPTY_ROOT, type Hash, leafHash, nodeHash, treeRoot } from "./merkle.ts"

const SIZE_MAX = 70
const LEAVES = Array.from({ length: SIZE_MAX }, (_, at) => leafHash(toBytes(`entry ${at}`)))
const ROOTS = Array.from({ length: SIZE_MAX + 1 }, (_, size) => treeRoot(LEAVES.slice(0, size)))
const refuted = { code: "proof.refuted" }

function flipped(hash: Hash, bit: number): Hash {
  const changed = Uint8Array.from(hash)
  changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7))
  return changed
}

function* wrongClaims({
  older,
  newer,
  proof,
}: ConsistencyClaim): Generator<[why: string, claim: ConsistencyClaim]> {
  for (const [step, hash] of proof.entries()) {
    const bit = (step * 41 + older.size) % 256
    yield [`step ${step} flipped`, { older, newer, proof: proof.with(step, flipped(hash, bit)) }]
    yield [`step ${step} dropped`, { older, newer, proof: proof.toSpliced(step, 1) }]
    yield [`step ${step} twice`, { older, newer, proof: proof.toSpliced(step, 0, hash) }]
    yield [`step ${step} cut`, { older, newer, proof: proof.with(step, hash.subarray(1)) }]
  }
  yield ["a step more", { older, newer, proof: [...proof, newer.root] }]
  yield ["another older root", { older: { ...older, root: flipped(older.root, 3) }, newer, proof }]
  yield ["another newer root", { older, newer: { ...newer, root: flipped(newer.root, 250) }, proof }]
  yield ["other logs", { older: { ...older, origin: "a" }, newer: { ...newer, origin: "b" }, proof }]
  yield ["one log unnamed", { older, newer: { ...newer, origin: "b" }, proof }]
  yield ["no older size", { older: { ...older, size: 0 }, newer, proof }]
  yield ["a size that is no integer", { older: { ...older, size: older.size - 0.5 }, newer, proof }]
  yield ["a size past 2^53", { older, newer: { ...newer, size: 2 ** 53 }, proof }]
  if (older.size !== newer.size) yield ["swapped", { older: newer, newer: older, proof }]
}

test(`every pair of trees up to ${SIZE_MAX} leaves is proved, and no changed claim`, () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    for (let olderSize = 1; olderSize <= size; olderSize++) {
      const proof = proveConsistency(olderSize, LEAVES.slice(0, size))
      const claim = {
        older: { size: olderSize, root: ROOTS[olderSize]! },
        newer: { size, root: ROOTS[size]! },
        proof,
      }
      verifyConsistency(claim)
      verifyConsistency({
        ...claim,
        older: { ...claim.older, origin: "o" },
        newer: { ...claim.newer, origin: "o" },
      })
      for (const [why, wrong] of wrongClaims(claim)) {
        assert.throws(() => verifyConsistency(wrong), refuted, `${olderSize} to ${size}: ${why}`)
      }
    }
  }
})

test("a log that changed one old entry extends no tree that had it", () => {
  const forged = LEAVES.with(3, leafHash(toBytes("forged")))
  for (let older = 4; older < SIZE_MAX; older += 7) {
    const proof = proveConsistency(older, forged)
    const newer = { size: SIZE_MAX, root: treeRoot(forged) }
    assert.throws(
      () => verifyConsistency({ older: { size: older, root: ROOTS[older]! }, newer, proof }),
      refuted,
    )
  }
})

test("there is no proof from a size the log never had", () => {
  for (const size of [-1, 0, 4, 1.5, Number.NaN]) {
    assert.throws(() => proveConsistency(size, LEAVES.slice(0, 3)), { code: "proof.outOfRange" })
  }
})

test("sizes past 2^32: 2^52 leaves and one more", () => {
  const [old, last] = [leafHash(toBytes("2^52 leaves")), leafHash(toBytes("the last"))]
  const claim = {
    older: { size: 2 ** 52, root: old },
    newer: { size: 2 ** 52 + 1, root: nodeHash(old, last) },
    proof: [last],
  }
  verifyConsistency(claim)
  assert.throws(() => verifyConsistency({ ...claim, newer: { ...claim.newer, size: 2 ** 51 + 1 } }), refuted)
  assert.throws(() => verifyConsistency({ ...claim, older: { ...claim.older, size: 2 ** 52 - 1 } }), refuted)
})

test("hostile claims are refuted or hold, and nothing else happens", () => {
  const hash = fc.oneof(fc.constantFrom(...LEAVES.slice(0, 4)), fc.uint8Array({ maxLength: 40 }))
  const head = fc.record({ size: fc.oneof(fc.nat(80), fc.maxSafeInteger(), fc.double()), root: hash })
  fc.assert(
    fc.property(fc.record({ older: head, newer: head, proof: fc.array(hash) }), (claim) => {
      try {
        verifyConsistency(claim)
      } catch (error) {
        assert.equal((error as { code?: string }).code, "proof.refuted")
      }
    }),
  )
})

/** transparency-dev/merkle, testdata/consistency (Apache-2.0). */
describe("published", () => {
  const root = {
    2: fromBase64("+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU="),
    5: fromBase64("Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ="),
    6: fromBase64("duZ9rbzfHhDht03cYIq9L5jfsW+851J3tSMqEn8gh+8="),
    8: fromBase64("XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="),
  }
  const fromTwo = [
    "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
  ].map(fromBase64)
  const fromSix = [
    "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
    "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
  ].map(fromBase64)
  const anything = toBytes("don't care 2")

  const holds: [why: string, claim: ConsistencyClaim][] = [
    ["2 to 5", { older: { size: 2, root: root[2] }, newer: { size: 5, root: root[5] }, proof: fromTwo }],
    ["6 to 8", { older: { size: 6, root: root[6] }, newer: { size: 8, root: root[8] }, proof: fromSix }],
    [
      "equal sizes and roots, whatever they are",
      { older: { size: 1, root: anything }, newer: { size: 1, root: anything }, proof: [] },
    ],
  ]
  const fails: [why: string, claim: ConsistencyClaim][] = [
    [
      "from size 0, which is useless",
      { older: { size: 0, root: EMPTY_ROOT }, newer: { size: 1, root: EMPTY_ROOT }, proof: [EMPTY_ROOT] },
    ],
    [
      "two empty trees",
      { older: { size: 0, root: anything }, newer: { size: 0, root: anything }, proof: [] },
    ],
    [
      "equal sizes with a proof",
      { older: { size: 1, root: EMPTY_ROOT }, newer: { size: 1, root: EMPTY_ROOT }, proof: [EMPTY_ROOT] },
    ],
    [
      "2 to 5 without a proof",
      { older: { size: 2, root: root[2] }, newer: { size: 5, root: root[5] }, proof: [] },
    ],
    [
      "2 XOR 2 to 5",
      { older: { size: 0, root: root[2] }, newer: { size: 5, root: root[5] }, proof: fromTwo },
    ],
    ["6 to 16", { older: { size: 6, root: root[6] }, newer: { size: 16, root: root[8] }, proof: fromSix }],
  ]
  for (const [why, claim] of holds) test(`holds: ${why}`, () => verifyConsistency(claim))
  for (const [why, claim] of fails)
    test(`refuted: ${why}`, () => assert.throws(() => verifyConsistency(claim), refuted))
})
