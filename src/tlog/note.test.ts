import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { corruptions, formatContract, ifAccepted, truncations } from "../../test/support/hostile.ts"
import { toBytes, toHex } from "../base/bytes.ts"
import { cosign, cosignedMessage, formatCosignature, parseCosignature } from "./cosignature.ts"
import { formatNote, openNote, parseNote, signNote } from "./note.ts"
import { isKeyName, isOrigin } from "./note-text.ts"
import { parseSignatureLine } from "./signature-line.ts"
import { openSigner, type Signer } from "./signer.ts"
import { formatVerifierKey } from "./verifier-key.ts"

/** golang/mod, sumdb/note/note_test.go (BSD-3-Clause). */
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
const ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
const PETER_LINE =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
const ENOCH_LINE =
  "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
const NOTE = `${TEXT}\n${PETER_LINE}${ENOCH_LINE}`

const seed = (byte: number) => new Uint8Array(32).fill(byte)
const signer = (name: string, byte: number): Signer<"ed25519"> =>
  openSigner({ kind: "ed25519", name, seed: seed(byte) })
const witness = (name: string, byte: number): Signer<"cosignature"> =>
  openSigner({ kind: "cosignature", name, seed: seed(byte) })

formatContract({
  name: "note",
  code: "note.malformed",
  samples: [NOTE, "one\n\ntwo\n\n— a AAAAAAA=\n", "\n\n— a AAAAAAA=\n"],
  parse: parseNote,
  print: formatNote,
})

const malformed: [why: string, note: string | Uint8Array][] = [
  ["nothing", ""],
  ["no signature", `${TEXT}\n`],
  ["no blank line", `${TEXT}${PETER_LINE}`],
  ["no newline at the end", NOTE.slice(0, -1)],
  ["a blank line at the end", `${NOTE}\n`],
  ["a hyphen instead of an em dash", NOTE.replace("— Peter", "- Peter")],
  ["two spaces", NOTE.replace("— Peter", "—  Peter")],
  ["a name with a space", NOTE.replace("PeterNeumann", "Peter Neumann")],
  ["a name with a plus", NOTE.replace("PeterNeumann", "Peter+Neumann")],
  [
    "a name with a no-break space, white space to Unicode",
    NOTE.replace("PeterNeumann", "Peter\u00a0Neumann"),
  ],
  ["a name with next line, which \\s forgets", NOTE.replace("PeterNeumann", "Peter\u0085Neumann")],
  ["no name", NOTE.replace("PeterNeumann", "")],
  ["a third word", NOTE.replace("JnAM=", "JnAM= x")],
  ["a signature that is no base64", NOTE.replace("JnAM=", "JnAM*")],
  ["a signature without padding", NOTE.replace("JnAM=", "JnAM")],
  ["url-safe base64", NOTE.replace("x08go/", "x08go_")],
  ["a key id and nothing behind it", `${TEXT}\n— a AAAAAA==\n`],
  ["a tab", `\t${NOTE}`],
  ["a carriage return", NOTE.replaceAll("\n", "\r\n")],
  ["NUL", `\0${NOTE}`],
  ["half a surrogate pair", `\ud800${NOTE}`],
  ["not UTF-8", Uint8Array.of(0xff, ...toBytes(NOTE))],
  ["101 signatures", `${TEXT}\n${PETER_LINE.repeat(101)}`],
  ["a million characters", `${"x".repeat(1_000_000)}\n\n${PETER_LINE}`],
]
for (const [why, note] of malformed) {
  test(`parseNote refuses: ${why}`, () => assert.throws(() => parseNote(note), { code: "note.malformed" }))
}

test("parseNote splits at the last blank line and keeps what it does not know", () => {
  const { text, signatures } = parseNote(`a\n\n— x AAAAAAA=\n\n— y AAAAAAE=\n`)
  assert.equal(text, "a\n\n— x AAAAAAA=\n")
  assert.deepEqual(
    signatures.map(({ name, keyId, signature }) => [name, keyId, toHex(signature)]),
    [["y", "00000000", "01"]],
  )
})

test("a byte order mark, DEL and U+FEFF in a name are no white space", () => {
  assert.equal(parseNote(`\ufeffa\x7f\n\n— \ufeffx AAAAAAA=\n`).signatures[0]?.name, "\ufeffx")
})

describe("openNote", () => {
  const open = (note: string, ...keys: string[]) => {
    const { verified, unverified } = openNote(note, keys)
    return [verified.map(({ key }) => key.name), unverified.map(({ name }) => name)]
  }
  test("one key known", () => assert.deepEqual(open(NOTE, PETER), [["PeterNeumann"], ["EnochRoot"]]))
  test("both known, in the order of the note", () =>
    assert.deepEqual(open(NOTE, ENOCH, PETER), [["PeterNeumann", "EnochRoot"], []]))
  test("repeated lines count once", () => {
    const note = `${NOTE}${PETER_LINE}${ENOCH_LINE}— EnochRoot rwz+eAAA\n${ENOCH_LINE}`
    assert.deepEqual(open(note, PETER), [["PeterNeumann"], ["EnochRoot", "EnochRoot"]])
  })
  test("as bytes", () => assert.equal(openNote(toBytes(NOTE), [PETER]).text, TEXT))

  const other = signer("PeterNeumann", 9)
  const refused: [why: string, code: string, note: string, keys: string[]][] = [
    ["no key given", "note.unsigned", NOTE, []],
    ["a key that did not sign", "note.unsigned", `${TEXT}\n${ENOCH_LINE}`, [PETER]],
    ["a key of the same name and another id", "note.unsigned", NOTE, [formatVerifierKey(other)]],
    ["another text", "note.refuted", NOTE.replace("answer", "Answer"), [PETER]],
    [
      "one right and one wrong signature of known keys",
      "note.refuted",
      NOTE.replace("RvMc", "RvMd"),
      [PETER, ENOCH],
    ],
    [
      "a second, wrong line of a known key",
      "note.refuted",
      `${NOTE}${PETER_LINE.replace("yyBw", "yyBx")}`,
      [PETER],
    ],
    ["a signature of a known key cut short", "note.refuted", `${TEXT}\n— PeterNeumann x08gowA=\n`, [PETER]],
    ["a key given twice", "key.ambiguous", NOTE, [PETER, PETER]],
    ["a key that is none", "key.malformed", NOTE, ["PeterNeumann"]],
    ["a broken note", "note.malformed", TEXT, [PETER]],
  ]
  for (const [why, code, note, keys] of refused) {
    test(`refuses: ${why}`, () => assert.throws(() => openNote(note, keys), { code }))
  }

  test("no byte can be changed, and no end cut, under a known key", () => {
    const note = toBytes(signNote("a text\nof two lines\n", [signer("example.com/log", 1)]))
    const key = formatVerifierKey(signer("example.com/log", 1))
    assert.equal(openNote(note, [key]).verified.length, 1)
    for (const { at, bytes } of corruptions(note)) {
      assert.equal(
        ifAccepted(() => openNote(bytes, [key])),
        undefined,
        `byte ${at}`,
      )
    }
    for (const bytes of truncations(note))
      assert.equal(
        ifAccepted(() => openNote(bytes, [key])),
        undefined,
      )
  })
})

describe("signNote", () => {
  test("gives the same note each time, and both keys open it", () => {
    const signers = [signer("a", 1), signer("b", 2)]
    const note = signNote("x\n", signers)
    assert.equal(signNote("x\n", signers), note)
    assert.equal(openNote(note, signers).verified.length, 2)
  })
  test("refuses a text that no note can have", () => {
    for (const text of ["", "x", "x\0\n", "x\t\n", "\ud800\n"]) {
      assert.throws(() => signNote(text, [signer("a", 1)]), { code: "note.malformed" })
    }
  })
})

describe("cosignature", () => {
  const text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
  const w = witness("witness.example.com/w1", 3)

  test("what is signed is that of c2sp.org/tlog-cosignature", () => {
    assert.equal(cosignedMessage({ text, atSeconds: 1679315147 }), `cosignature/v1\ntime 1679315147\n${text}`)
  })
  test("a published one (FiloSottile/sunlight, cmd/skylight/testdata, ISC)", () => {
    const note =
      "milan2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n\n— witness2.example.org LlW4lgAAAABpVGeAN/uFWqfjdU94rrKxFycCggM0Sa1L5tOJCJdYBwJ41CQsgKWA6B0+vywok3cPI3JIzuPeR+VotuYe/eNy0+30Dw==\n"
    const key = "witness2.example.org+2e55b896+BIZ7fpceQWd60IfqQeS9IAnmNOCZjMDne8lZuguz/bi9"
    assert.equal(openNote(note, [key]).verified[0]?.atSeconds, 1767139200)
  })
  test("counts with its time, twice where a witness signed twice", () => {
    const lines = [7, 8].map((atSeconds) => cosign({ text, atSeconds }, w))
    const { verified } = openNote(formatNote({ text, signatures: lines }), [w])
    assert.deepEqual(
      verified.map(({ atSeconds }) => atSeconds),
      [7, 8],
    )
  })
  test("another time, another text or a plain signature is refuted", () => {
    const line = cosign({ text, atSeconds: 7 }, w)
    const late = Uint8Array.from(line.signature)
    late[7] = 8
    const endless = formatCosignature({ atSeconds: 0, signature: new Uint8Array(64) }).fill(255, 0, 8)
    const wrong: [why: string, text: string, signature: Uint8Array][] = [
      ["another time", text, late],
      ["another text", text.replace("20852163", "20852164"), line.signature],
      ["a plain Ed25519 signature of that key", text, w.sign(toBytes(text))],
      ["a time past 2^53", text, endless],
      ["nothing but a time", text, line.signature.subarray(0, 8)],
    ]
    for (const [why, text, signature] of wrong) {
      const note = formatNote({ text, signatures: [{ ...line, signature }] })
      assert.throws(() => openNote(note, [w]), { code: "note.refuted" }, why)
    }
  })
  test("a cosignature is no signature of a log key with the same bytes", () => {
    const log = signer("witness.example.com/w1", 3)
    assert.notEqual(log.keyId, w.keyId)
    const note = formatNote({
      text,
      signatures: [{ ...cosign({ text, atSeconds: 7 }, w), keyId: log.keyId }],
    })
    assert.throws(() => openNote(note, [log]), { code: "note.refuted" })
  })
  test("is read back", () => {
    const bytes = formatCosignature({ atSeconds: 1727964367, signature: seed(1).subarray(0, 0) })
    assert.equal(bytes.length, 8)
    const whole = formatCosignature({ atSeconds: 1727964367, signature: new Uint8Array(64).fill(5) })
    assert.deepEqual(parseCosignature(whole), {
      atSeconds: 1727964367,
      signature: new Uint8Array(64).fill(5),
    })
    // Bytes out of a larger buffer: the time stands where they start.
    assert.equal(parseCosignature(Buffer.concat([Buffer.alloc(3), whole]).subarray(3))?.atSeconds, 1727964367)
  })
})

test("signature lines refuse what they would not print", () => {
  assert.throws(() => parseSignatureLine("— a AAAAAAA=\n"), { code: "note.malformed" })
  assert.equal(parseSignatureLine("— a AAAAAAA=").keyId, "00000000")
})

test("names of keys and origins", () => {
  const rows: [name: string, key: boolean, origin: boolean, why: string][] = [
    ["ledger.example.com/prod", true, true, "as usual"],
    ["ledger.example.com/prod#2", true, true, "with a generation"],
    ["é", true, true, "any letters"],
    ["é".repeat(128), true, false, "256 bytes"],
    ["a".repeat(255), true, true, "255 bytes"],
    ["", false, false, "nothing"],
    ["a b", false, false, "a space"],
    ["a+b", false, false, "a plus"],
    ["a\u2028b", false, false, "line separator"],
    ["a\nb", false, false, "newline"],
    ["a\u001fb", false, false, "control"],
    ["a\u009bb", true, false, "a terminal's control: others' keys may, a ledger may not"],
    ["a\u200bb", true, false, "zero width"],
    ["a\ud800", false, false, "half a pair"],
  ]
  for (const [name, key, origin, why] of rows)
    assert.deepEqual([isKeyName(name), isOrigin(name)], [key, origin], why)
})
