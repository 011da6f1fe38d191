import assert from "node:assert/strict"
import { test } from "node:test"
import { formatContract } from "../../test/support/hostile.ts"
import { fromBase64, toBytes } from "../base/bytes.ts"
import { formatTlogProof, parseTlogProof } from "./proof-file.ts"

const HASH = "nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI="
const NOTE = `o\n7\n${HASH}\n\n— o AAAAAAA=\n`
const HEAD = "c2sp.org/tlog-proof@v1\n"

formatContract({
  name: "proof file",
  code: "proof.malformed",
  samples: [
    `${HEAD}index 3\n${HASH}\n${HASH}\n\n${NOTE}`,
    `${HEAD}extra c29tZXRoaW5n\nindex 0\n\n${NOTE}`,
    // transparency-dev/formats, proof/tlog_proof_test.go (Apache-2.0): no note at all.
    `${HEAD}index 0\n\ncheckpoint\n`,
  ],
  parse: parseTlogProof,
  print: formatTlogProof,
})

/** The first seven are those of transparency-dev/formats. */
const refused: [why: string, text: string][] = [
  ["another header", "wrong-header\nindex 0\n\ncheckpoint\n"],
  ["extra is no base64", `${HEAD}extra !!notbase64!!\nindex 0\n\ncheckpoint\n`],
  ["no index", `${HEAD}\n\ncheckpoint\n`],
  ["the index is no number", `${HEAD}index notanumber\n\ncheckpoint\n`],
  ["the index is below zero", `${HEAD}index -5\n\ncheckpoint\n`],
  ["a hash is no base64", `${HEAD}index 0\n!!notbase64!!\n\ncheckpoint\n`],
  ["a hash of 64 bytes", `${HEAD}index 0\n${"A".repeat(86)}==\n\ncheckpoint\n`],
  ["the index has a leading zero", `${HEAD}index 03\n\n${NOTE}`],
  ["the index is past 2^53", `${HEAD}index 9007199254740993\n\n${NOTE}`],
  ["extra is empty: absent has another text", `${HEAD}extra \nindex 0\n\n${NOTE}`],
  ["extra behind the index", `${HEAD}index 0\nextra AAAA\n\n${NOTE}`],
  ["extra twice", `${HEAD}extra AAAA\nextra AAAA\nindex 0\n\n${NOTE}`],
  ["64 hashes", `${HEAD}index 0\n${`${HASH}\n`.repeat(64)}\n${NOTE}`],
  ["no checkpoint", `${HEAD}index 0\n\n`],
  ["no blank line", `${HEAD}index 0\n`],
]
for (const [why, text] of refused) {
  test(`parseTlogProof refuses: ${why}`, () =>
    assert.throws(() => parseTlogProof(text), { code: "proof.malformed" }))
}

test("a proof is read into its parts, the checkpoint as it stands", () => {
  const text = `${HEAD}extra ${Buffer.from("x").toString("base64")}\nindex 3\n${HASH}\n\n${NOTE}`
  const proof = { extra: toBytes("x"), index: 3, path: [fromBase64(HASH)], checkpoint: NOTE }
  assert.equal(formatTlogProof(proof), text)
  assert.deepEqual({ ...parseTlogProof(text), extra: toBytes("x") }, proof)
})
