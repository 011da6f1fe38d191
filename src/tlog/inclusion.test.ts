import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { fromBase64, fromHex, toBytes } from "../base/bytes.ts"
import { type InclusionClaim, proveInclusion, verifyInclusion, verifySubtreeInclusion } from "./inclusion.ts"
import { HASH_BYTES, type Hash, leafHash, nodeHash, treeRoot } from "./merkle.ts"

const SIZE_MAX = 70
const LEAVES = Array.from({ length: SIZE_MAX }, (_, at) => leafHash(toBytes(`entry ${at}`)))
const refuted = { code: "proof.refuted" }

function flipped(hash: Hash, bit: number): Hash {
  const changed = Uint8Array.from(hash)
  changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7))
  return changed
}

/** The claim with every step flipped, dropped, doubled, moved, and every number and hash changed. */
function* wrongClaims(claim: InclusionClaim): Generator<[why: string, claim: InclusionClaim]> {
  const { index, size, leafHash, proof, root } = claim
  for (const [step, hash] of proof.entries()) {
    const bit = (step * 37 + index) % 256
    yield [`step ${step} flipped`, { ...claim, proof: proof.with(step, flipped(hash, bit)) }]
    yield [`step ${step} dropped`, { ...claim, proof: proof.toSpliced(step, 1) }]
    yield [`step ${step} twice`, { ...claim, proof: proof.toSpliced(step, 0, hash) }]
    yield [`step ${step} cut`, { ...claim, proof: proof.with(step, hash.subarray(1)) }]
  }
  yield ["a step more", { ...claim, proof: [...proof, root] }]
  yield ["another leaf", { ...claim, leafHash: flipped(leafHash, 5) }]
  yield ["another root", { ...claim, root: flipped(root, 255) }]
  yield ["a short root", { ...claim, root: root.subarray(0, 31) }]
  yield ["a short leaf", { ...claim, leafHash: leafHash.subarray(0, 31) }]
  yield ["the leaf before", { ...claim, index: index - 1 }]
  yield ["the leaf after", { ...claim, index: index + 1 }]
  yield ["an index that is no integer", { ...claim, index: index + 0.5 }]
  yield ["an index past 2^53", { ...claim, index: 2 ** 53 }]
  yield ["no index", { ...claim, index: Number.NaN }]
  yield ["no size", { ...claim, size: 0 }]
  yield ["an endless size", { ...claim, size: Number.POSITIVE_INFINITY }]
  yield ["twice the size", { ...claim, size: size * 2 }]
}

test(`every entry of every tree up to ${SIZE_MAX} leaves is proved, and no changed claim`, () => {
  for (let size = 1; size <= SIZE_MAX; size++) {
    const leaves = LEAVES.slice(0, size)
    const root = treeRoot(leaves)
    for (let index = 0; index < size; index++) {
      const claim = { index, size, leafHash: leaves[index]!, proof: proveInclusion(index, leaves), root }
      verifyInclusion(claim)
      for (const [why, wrong] of wrongClaims(claim)) {
        assert.throws(() => verifyInclusion(wrong), refuted, `${index} of ${size}: ${why}`)
      }
    }
  }
})

test("a subtree's entries are proved as those of a tree of its own", () => {
  const inside = LEAVES.slice(8, 13)
  const claim = {
    index: 9,
    start: 8,
    end: 13,
    leafHash: LEAVES[9]!,
    proof: proveInclusion(1, inside),
    root: treeRoot(inside),
  }
  verifySubtreeInclusion(claim)
  const wrong: [why: string, part: Partial<typeof claim>][] = [
    ["it starts where no subtree does", { start: 9, end: 14, index: 10 }],
    ["it is empty", { end: 8 }],
    ["it ends before it starts", { end: 7 }],
    ["the entry is before it", { index: 7 }],
    ["the entry is behind it", { index: 13 }],
    ["its end is past 2^53", { end: 2 ** 60 }],
  ]
  for (const [why, part] of wrong) {
    assert.throws(() => verifySubtreeInclusion({ ...claim, ...part }), refuted, why)
  }
})

test("there is no proof of an entry the tree does not have", () => {
  for (const index of [-1, 3, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => proveInclusion(index, LEAVES.slice(0, 3)), { code: "proof.outOfRange" })
  }
  assert.throws(() => proveInclusion(0, []), { code: "proof.outOfRange" })
})

test("sizes past 2^32: a tree of 2^52 + 1 leaves, of which the last is its own subtree", () => {
  const [first, last] = [leafHash(toBytes("all the others")), leafHash(toBytes("the last"))]
  const size = 2 ** 52 + 1
  const claim = { index: size - 1, size, leafHash: last, proof: [first], root: nodeHash(first, last) }
  verifyInclusion(claim)
  assert.throws(() => verifyInclusion({ ...claim, index: size - 2 }), refuted)
  assert.throws(() => verifyInclusion({ ...claim, size: size + 1 }), refuted)
})

test("hostile claims are refuted or hold, and nothing else happens", () => {
  const hash = fc.oneof(fc.constantFrom(...LEAVES.slice(0, 4)), fc.uint8Array({ maxLength: 40 }))
  const number = fc.oneof(fc.nat(80), fc.maxSafeInteger(), fc.double())
  const claims = fc.record({ index: number, size: number, leafHash: hash, proof: fc.array(hash), root: hash })
  fc.assert(
    fc.property(claims, (claim) => {
      try {
        verifyInclusion(claim)
      } catch (error) {
        assert.equal((error as { code?: string }).code, "proof.refuted")
      }
    }),
  )
})

describe("published", () => {
  /** transparency-dev/merkle, testdata/inclusion/2/happy-path.json and its neighbours (Apache-2.0). */
  const claim = {
    index: 5,
    size: 8,
    leafHash: fromBase64("QnGia+DYqE8L1UyMMC58s6O10fpngKQLzOKHNHfatlg="),
    proof: [
      "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
      "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
      "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ].map(fromBase64),
    root: fromBase64("XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="),
  }
  const rows: [why: string, part: Partial<InclusionClaim>][] = [
    ["leafIdx XOR 2", { index: 7 }],
    ["leafIdx - 1", { index: 4 }],
    ["leafIdx of 2^64 - 1, as JSON.parse reads it", { index: 2 ** 64 }],
    ["treeSize times 2", { size: 16 }],
    ["treeSize divided by 2", { size: 4 }],
    ["empty root", { root: new Uint8Array() }],
    ["trailing garbage", { proof: [...claim.proof, new Uint8Array()] }],
    ["preceding garbage", { proof: [new Uint8Array(), ...claim.proof] }],
  ]
  test("happy path", () => verifyInclusion(claim))
  for (const [why, part] of rows) {
    test(why, () => assert.throws(() => verifyInclusion({ ...claim, ...part }), refuted))
  }

  test("an entry of 21,476,367 in rekor.sigstore.dev (sigstore-js, merkle.test.ts, Apache-2.0)", () => {
    const proof = REKOR_PROOF.map(fromHex)
    assert.equal(proof.length, 21)
    assert.ok(proof.every((hash) => hash.length === HASH_BYTES))
    const claim = {
      index: 21428034,
      size: 21476367,
      leafHash: fromHex(REKOR_LEAF),
      proof,
      root: fromHex("d5c395a44b9537f8fa2524a6e93071969dd475ac40e87e2b1231b2aebd9a138b"),
    }
    verifyInclusion(claim)
    assert.throws(() => verifyInclusion({ ...claim, size: 21476368 + 2 ** 25 }), refuted)
  })
})

/** SHA-256(0x00 ‖ entry) of the published entry. */
const REKOR_LEAF = "10d1d164be055460367991b43cd176cf4c6dc425ef058e94b936c04d70c96d10"
const REKOR_PROOF = [
  "19d3dbf73de6aefabc91f0b0e143b98aa85a09da0fe425ec5f1cd6d156f71618",
  "d1142137fddf94069fea54345b912823d6b58b6c11988056581e14328cc1030f",
  "93dc3b1aa26f0abe487597beae4e195e906e749e8e4ddeee27e79dbde5b91402",
  "39f0b7d480d19cf281a3fd1bb9e22d2e00c4439872b4bbf93356761ff7924d01",
  "c4dbc3de6933e3adec550dd14c7fee8959ae510524e8028c3e755c3c6b865be4",
  "fb0c3969556c47a5da58cb9cd58de783f1d133f145b2a24ff6c7767ad0557b20",
  "8a8f4d600381615d5a9ebc191241cffa65299e80a5f48562f63d72630aedf0c6",
  "6e3cfb0b5ac7d32e7e58f51324748e12600d03fe293049fe36247fed3fb2fa65",
  "ea20898f9069a9d85faf515f20b062b56b1ff4c1750ce4d741acead08b254b4a",
  "3c0c2711b5709e116362413734eebf10b2dcd81cadd2325502254585f5408a93",
  "293213bbbac895205eb11b6a4f905eeb2632182aa8022fc96c109d5fa9d9ea31",
  "f6f08053bc2277b800e3bfbc74db76a24015f1f38a17e438fac9f3e3a49aa1d4",
  "0be5c7bbcf481d1efcfc63a27fce447cf6345f7bb3155cf5de39de592c16d52d",
  "f597f4bae8df3d6fc6eebfe3eabd7d393e08781f6f16b42398eca8512398fff1",
  "4e35fcb3c0a59e7f329994002b38db35f5d511f499ba009e10b31f5d27563607",
  "47044b7ac3aab820e44f0010538d7de71e17a11f4140cbbe9eeb37f78b77cc7d",
  "a096e8b56b363e063fb47944b05535e10247eae804325cc5c5df3d024b61e9bf",
  "ff41aa21106dbe03996b4335dd158c7ffafd144e45022193de19b2b9136c3e42",
  "e6ebdeef2e23335d8d7049ba5a0049a90593efdfe9c1b4548946b44a19d7214f",
  "dd51e840e892d70093ad7e1db1e2dea3d50334c7345d360e444d22fc49ed9f5e",
  "ad712c98424de0f1284d4f144b8a95b5d22c181d4c0a246518e7a9a220bdf643",
]
