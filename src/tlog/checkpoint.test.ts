import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { formatContract } from "../../test/support/hostile.ts"
import { fromBase64, toBytes } from "../base/bytes.ts"
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from "./checkpoint.ts"
import { cosign } from "./cosignature.ts"
import { EMPTY_ROOT } from "./merkle.ts"
import { formatNote, parseNote, signNote } from "./note.ts"
import { openSigner } from "./signer.ts"

const ROOT = "nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI="

formatContract({
  name: "checkpoint",
  code: "checkpoint.malformed",
  samples: [
    `ledger.example.com/prod\n923748\n${ROOT}\n`,
    `o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`,
    // A checkpoint of rekor.sigstore.dev (sigstore-js, Apache-2.0): an origin with spaces and an extension line.
    "rekor.sigstore.dev - 2605736670972794746\n21428036\nrxnoKyFZlJ7/R6bMh/d3lcqwKqAy5CL1LcNBJP17kgQ=\nTimestamp: 1688058656037355364\n",
  ],
  parse: parseCheckpoint,
  print: formatCheckpoint,
})

const refused: [why: string, text: string][] = [
  ["nothing", ""],
  ["no origin", `\n7\n${ROOT}\n`],
  ["no size", `o\n\n${ROOT}\n`],
  ["the size has a leading zero", `o\n07\n${ROOT}\n`],
  ["the size is hexadecimal", `o\n0x7\n${ROOT}\n`],
  ["the size has an exponent", `o\n1e3\n${ROOT}\n`],
  ["the size has a sign", `o\n+7\n${ROOT}\n`],
  ["the size is below zero", `o\n-7\n${ROOT}\n`],
  ["the size is a fraction", `o\n7.5\n${ROOT}\n`],
  ["the size is in other digits", `o\n٧\n${ROOT}\n`],
  ["the size is 2^53", `o\n9007199254740992\n${ROOT}\n`],
  ["the size is past 2^53", `o\n9007199254740993\n${ROOT}\n`],
  ["the size is 2^63", `o\n9223372036854775808\n${ROOT}\n`],
  ["the size is not a number", `o\nNaN\n${ROOT}\n`],
  ["the last newline is missing", `o\n7\n${ROOT}`],
  ["a blank line follows", `o\n7\n${ROOT}\n\n`],
  ["an empty extension line", `o\n7\n${ROOT}\n\nx\n`],
  ["the root has 31 bytes", `o\n7\n${Buffer.alloc(31).toString("base64")}\n`],
  ["the root has no padding", `o\n7\n${ROOT.slice(0, -1)}\n`],
  ["the root has a stray bit", `o\n7\n${ROOT.replace("eI=", "eJ=")}\n`],
  ["a carriage return", `o\r\n7\r\n${ROOT}\r\n`],
  ["a control character", `o\u0001\n7\n${ROOT}\n`],
]
for (const [why, text] of refused) {
  test(`parseCheckpoint refuses: ${why}`, () =>
    assert.throws(() => parseCheckpoint(text), { code: "checkpoint.malformed" }))
}

test("a checkpoint is read into its parts; without extension lines it has none", () => {
  assert.deepEqual(parseCheckpoint(`o\n7\n${ROOT}\n`), { origin: "o", size: 7, root: fromBase64(ROOT) })
  assert.deepEqual(parseCheckpoint(`o\n7\n${ROOT}\na\nb\n`).extensions, ["a", "b"])
  assert.equal(parseCheckpoint(`o\n9007199254740991\n${ROOT}\n`).size, Number.MAX_SAFE_INTEGER)
})

describe("openCheckpoint", () => {
  const seed = (byte: number) => new Uint8Array(32).fill(byte)
  const log = openSigner({ kind: "ed25519", name: "o", seed: seed(1) })
  const newLog = openSigner({ kind: "ed25519", name: "o", seed: seed(2) })
  const other = openSigner({ kind: "ed25519", name: "p", seed: seed(3) })
  const witness = openSigner({ kind: "cosignature", name: "w", seed: seed(4) })
  const text = formatCheckpoint({ origin: "o", size: 7, root: EMPTY_ROOT })
  const cosigned = (note: string) => {
    const { signatures } = parseNote(note)
    return formatNote({ text, signatures: [...signatures, cosign({ text, atSeconds: 5 }, witness)] })
  }

  test("says what is promised, by which of the log's keys and which witnesses", () => {
    const note = cosigned(signNote(text, [log, newLog, other]))
    const { checkpoint, signedBy, cosignedBy } = openCheckpoint(toBytes(note), [log, newLog, other, witness])
    assert.equal(checkpoint.size, 7)
    assert.deepEqual(signedBy, [log, newLog])
    assert.deepEqual(cosignedBy, [{ key: witness, atSeconds: 5 }])
  })
  test("a witness whose key was not given is not counted", () => {
    assert.deepEqual(openCheckpoint(cosigned(signNote(text, [log])), [log]).cosignedBy, [])
  })
  const refused: [why: string, code: string, open: () => unknown][] = [
    [
      "only a witness signed",
      "note.unsigned",
      () =>
        openCheckpoint(formatNote({ text, signatures: [cosign({ text, atSeconds: 5 }, witness)] }), [
          witness,
        ]),
    ],
    [
      "only another log's key signed",
      "note.unsigned",
      () => openCheckpoint(signNote(text, [other]), [other]),
    ],
    [
      "only the witness of two is known",
      "note.unsigned",
      () => openCheckpoint(cosigned(signNote(text, [log])), [witness]),
    ],
    [
      "the text is no checkpoint",
      "checkpoint.malformed",
      () => openCheckpoint(signNote("o\nx\n", [log]), [log]),
    ],
  ]
  for (const [why, code, open] of refused) test(`refuses: ${why}`, () => assert.throws(open, { code }))
})
