import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sha256 } from "#sha256"
import { formatContract } from "../../test/support/hostile.ts"
import { concat, toBase64, toBytes, toHex } from "../base/bytes.ts"
import { formatSignerKey, openSigner, parseSignerKey, type SignerKey } from "./signer.ts"
import { formatVerifierKey, keyIdOf, parseVerifierKey } from "./verifier-key.ts"

/** golang/mod, sumdb/note/note_test.go (BSD-3-Clause): a pair whose private half is public. */
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
const PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
/** transparency-dev/formats, note/note_cosigv1_test.go (Apache-2.0). */
const WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

formatContract({
  name: "verifier key",
  code: "key.malformed",
  samples: [PETER, WITNESS, "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"],
  parse: parseVerifierKey,
  print: formatVerifierKey,
})
formatContract({
  name: "signing key",
  code: "key.malformed",
  samples: [PETER_SECRET],
  parse: parseSignerKey,
  print: formatSignerKey,
})

test("the kinds of verifier keys", () => {
  const mldsa = { kind: "mldsa44", name: "w", publicKey: new Uint8Array(1312) } as const
  assert.equal(parseVerifierKey(PETER).kind, "ed25519")
  assert.equal(parseVerifierKey(WITNESS).kind, "cosignature")
  assert.equal(parseVerifierKey(formatVerifierKey({ ...mldsa, keyId: keyIdOf(mldsa) })).kind, "mldsa44")
})

/** A key text with a right id, whatever its type and length. */
function keyText(name: string, bytes: Uint8Array): string {
  const id = toHex(sha256(concat([toBytes(`${name}\n`), bytes])).subarray(0, 4))
  return `${name}+${id}+${toBase64(bytes)}`
}

const ed25519 = Uint8Array.of(1, ...new Uint8Array(32).fill(7))
const refused: [why: string, key: string][] = [
  ["nothing", ""],
  ["a name alone", "PeterNeumann"],
  ["no id", "PeterNeumann+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
  ["another id", PETER.replace("c74f20a3", "c74f20a4")],
  ["an upper-case id", PETER.replace("c74f20a3", "C74F20A3")],
  ["another name", PETER.replace("Peter", "Petra")],
  ["another key", PETER.replace("10TW", "10TX")],
  ["a newline at the end", `${PETER}\n`],
  ["a space in front", ` ${PETER}`],
  ["base64 without padding", keyText("x", Uint8Array.of(6, ...new Uint8Array(1312))).replace(/=*$/, "")],
  ["a type nobody knows, with a right id", keyText("x", Uint8Array.of(0x65, ...ed25519.subarray(1)))],
  ["ECDSA, whose ids are made otherwise", keyText("x", Uint8Array.of(2, ...new Uint8Array(91)))],
  ["a byte too many, with a right id", keyText("x", Uint8Array.of(...ed25519, 0))],
  ["a byte too few, with a right id", keyText("x", ed25519.subarray(0, 32))],
  ["no key, with a right id", keyText("x", Uint8Array.of(1))],
  ["a name with a space, with a right id", keyText("x y", ed25519)],
  ["THIS_IS_NOT_BASE64! (transparency-dev/formats)", "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!"],
]
for (const [why, key] of refused) {
  test(`parseVerifierKey refuses: ${why}`, () =>
    assert.throws(() => parseVerifierKey(key), { code: "key.malformed" }))
}
test("the keys of that table are right but for what they say", () => {
  assert.equal(parseVerifierKey(keyText("x", ed25519)).name, "x")
})

describe("signing keys", () => {
  test("a published pair", () => {
    assert.equal(formatVerifierKey(openSigner(parseSignerKey(PETER_SECRET))), PETER)
  })
  test("are read back, of both kinds", () => {
    for (const kind of ["ed25519", "cosignature"] as const) {
      const key: SignerKey = { kind, name: "example.com/w", seed: Buffer.alloc(32, 5) }
      assert.deepEqual(parseSignerKey(formatSignerKey(key)), key)
      assert.equal(openSigner(key).kind, kind)
    }
  })
  test("of another type, id, length or name are refused, and the refusal shows nothing of them", () => {
    const secret = "YEKFALVFGyNhPJEMzD1QIDr"
    const wrong = [
      PETER_SECRET.replace("+AY", "+AoEK"),
      PETER_SECRET.replace("+AY", "+BY"),
      PETER_SECRET.replace("c74f20a3", "c74f20a4"),
      PETER_SECRET.replace("Neumann", " Neumann"),
      PETER_SECRET.replace("HKDFz", "HKD"),
      PETER_SECRET.replace("PRIVATE+KEY+", ""),
      `${PETER_SECRET}\n`,
    ]
    for (const text of wrong) {
      assert.throws(
        () => parseSignerKey(text),
        (error: Error & { code?: string }) =>
          error.code === "key.malformed" && !error.message.includes(secret) && error.cause === undefined,
      )
    }
  })
})
