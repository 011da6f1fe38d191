import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { fromHex, toBase64, toBytes, toHex } from "./bytes.ts"
import * as nodeEd25519 from "./ed25519-node.ts"
import * as portableEd25519 from "./ed25519-portable.ts"
import { keystream } from "./keystream-node.ts"
import { keystream as portableKeystream } from "./keystream-portable.ts"
import * as nodeSha256 from "./sha256-node.ts"
import * as portableSha256 from "./sha256-portable.ts"

/** RFC 8032 §7.1, tests 1 to 3. */
const RFC_8032 = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
]

describe("sha256", () => {
  test("both variants agree in every form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const bytes = toBytes(text)
        const hash = nodeSha256.sha256(bytes)
        assert.equal(hash.length, 32)
        assert.equal(toHex(portableSha256.sha256(bytes)), toHex(hash))
        assert.equal(toHex(nodeSha256.sha256OfText(text)), toHex(hash))
        assert.equal(toHex(portableSha256.sha256OfText(text)), toHex(hash))
        assert.equal(nodeSha256.sha256Base64(bytes), toBase64(hash))
        assert.equal(portableSha256.sha256Base64(bytes), toBase64(hash))
      }),
    )
  })
})

describe("ed25519", () => {
  for (const { seed, publicKey, message, signature } of RFC_8032) {
    test(`RFC 8032 §7.1: message ${message || "(empty)"}`, () => {
      const pair = nodeEd25519.ed25519FromSeed(fromHex(seed))
      assert.equal(toHex(pair.publicKey), publicKey)
      assert.equal(toHex(pair.sign(fromHex(message))), signature)
    })
  }

  const [{ publicKey, message, signature }] = [RFC_8032[2]!]
  const good = {
    publicKey: fromHex(publicKey),
    message: fromHex(message),
    signature: fromHex(signature),
  }
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const littleEndian = (n: bigint) =>
    Uint8Array.from({ length: 32 }, (_, at) => Number((n >> BigInt(8 * at)) & 255n))
  const s = good.signature.subarray(32).reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n)
  const malleable = Uint8Array.from([...good.signature.subarray(0, 32), ...littleEndian(s + order)])
  const rows: [why: string, claim: typeof good, expected: boolean][] = [
    ["as published", good, true],
    ["another message", { ...good, message: toBytes("x") }, false],
    ["s plus the order, which a lax check accepts too", { ...good, signature: malleable }, false],
    ["a signature cut short", { ...good, signature: good.signature.subarray(0, 63) }, false],
    ["a key cut short", { ...good, publicKey: good.publicKey.subarray(0, 31) }, false],
    ["a key that is no point", { ...good, publicKey: littleEndian(2n) }, false],
    ["a key that is past the prime", { ...good, publicKey: littleEndian(2n ** 255n - 1n) }, false],
  ]
  for (const [name, { verifyEd25519 }] of [
    ["node", nodeEd25519],
    ["portable", portableEd25519],
  ] as const) {
    for (const [why, claim, expected] of rows) {
      test(`${name}: ${why} is ${expected}`, () => assert.equal(verifyEd25519(claim), expected))
    }
    for (let bit = 0; bit < 512; bit += 37) {
      test(`${name}: bit ${bit} of the signature flipped`, () => {
        const flipped = Uint8Array.from(good.signature)
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7))
        assert.equal(verifyEd25519({ ...good, signature: flipped }), false)
      })
    }
  }

  test("the portable check takes what Node signs", () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(seed, fc.uint8Array(), (seed, message) => {
        const pair = nodeEd25519.ed25519FromSeed(seed)
        const claim = { publicKey: pair.publicKey, message, signature: pair.sign(message) }
        assert.ok(nodeEd25519.verifyEd25519(claim))
        assert.ok(portableEd25519.verifyEd25519(claim))
      }),
      { numRuns: 10 },
    )
  })

  test("a browser cannot sign and says so", () => {
    assert.throws(() => portableEd25519.ed25519FromSeed(new Uint8Array(32)), { code: "crypto.unavailable" })
  })
})

describe("keystream", () => {
  test("is AES-128-CTR over zeros from a zero counter: its first block is one AES block (FIPS 197 §C.1's key)", () => {
    const stream = keystream(fromHex("000102030405060708090a0b0c0d0e0f"), 40)
    assert.equal(stream.length, 40)
    assert.equal(toHex(stream.subarray(0, 16)), "c6a13b37878f5b826f4f8162a1c8d879")
  })
  test("a browser cannot make it and says so", () => {
    assert.throws(() => portableKeystream(new Uint8Array(16), 1), { code: "crypto.unavailable" })
  })
})
