import assert from "node:assert/strict"
import { fromBase64, fromHex, toHex } from "../../src/base/bytes.ts"
import {
  cosign,
  cosignedMessage,
  formatNote,
  formatSignatureLine,
  formatVerifierKey,
  openNote,
  openSigner,
  parseCheckpoint,
  parseCosignature,
  parseNote,
  parseSignatureLine,
  parseVerifierKey,
} from "../../src/tlog/index.ts"
import { json, type VectorCase, type VectorFile, type VectorRow } from "./row.ts"

type Skylight = {
  log: { log_v3: { final_tree_head: { timestamp: number } } }
  checkpoints: { vkey: string; msg: string }[]
}

function skylight(file: VectorFile): VectorCase[] {
  const { log, checkpoints } = json<Skylight>(file)
  return checkpoints.map(({ vkey, msg }) => ({
    name: vkey,
    run: () => {
      const { verified, unverified, text } = openNote(msg, [vkey])
      assert.deepEqual(
        verified.map(({ key, atSeconds }) => [formatVerifierKey(key), atSeconds]),
        [[vkey, log.log_v3.final_tree_head.timestamp / 1000]],
      )
      assert.equal(
        unverified.length,
        parseNote(msg).signatures.length - 1,
        "the log's own key of type 05 is not known",
      )
      assert.equal(parseCheckpoint(text).size, 300)
    },
  }))
}

type Formats = {
  mldsa44_vkey: string
  ed25519_cosig_vkey: string
  timestamp: { sigBase64: string; unix: number }
  bad: { why: string; vkey: string }[]
}

function formats(file: VectorFile): VectorCase[] {
  const { mldsa44_vkey, ed25519_cosig_vkey, timestamp, bad } = json<Formats>(file)
  const refused = [{ why: "an id that is not that of name and key", vkey: mldsa44_vkey }, ...bad]
  return [
    ...refused.map(({ why, vkey }) => ({
      name: why,
      run: () => assert.throws(() => parseVerifierKey(vkey), { code: "key.malformed" }),
    })),
    {
      name: "a key of type 04",
      run: () => assert.equal(parseVerifierKey(ed25519_cosig_vkey).kind, "cosignature"),
    },
    {
      name: "the time in a cosignature",
      run: () => {
        // A whole signature line's bytes: the key id stands before the time.
        const { signature } = parseSignatureLine(`— any ${timestamp.sigBase64}`)
        assert.equal(parseCosignature(signature)?.atSeconds, timestamp.unix)
      },
    },
  ]
}

type SelfMade = {
  seedHex: string
  checkpointText: string
  mldsa44: { vkey: string; signatureLine: string }
  ed25519: { name: string; vkey: string; message: string; signatureLine: string }
}

function selfMade(file: VectorFile): VectorCase[] {
  const { seedHex, checkpointText: text, mldsa44, ed25519 } = json<SelfMade>(file)
  const atSeconds = 1679315147
  const signer = openSigner({ kind: "cosignature", name: ed25519.name, seed: fromHex(seedHex) })
  const lines = [mldsa44.signatureLine, ed25519.signatureLine]
  const note = formatNote({ text, signatures: lines.map((line) => parseSignatureLine(line.trimEnd())) })
  return [
    { name: "key of type 04", run: () => assert.equal(formatVerifierKey(signer), ed25519.vkey) },
    {
      name: "what is signed",
      run: () => assert.equal(cosignedMessage({ text, atSeconds }), ed25519.message),
    },
    {
      name: "cosigning",
      run: () => {
        const line = cosign({ text, atSeconds }, signer)
        assert.equal(`${formatSignatureLine(line)}\n`, ed25519.signatureLine)
      },
    },
    {
      name: "key of type 06, and its line counts as an unknown key's",
      run: () => {
        const key = parseVerifierKey(mldsa44.vkey)
        assert.equal(key.kind, "mldsa44")
        const { verified, unverified } = openNote(note, [mldsa44.vkey, ed25519.vkey])
        assert.deepEqual(
          verified.map(({ key }) => key.kind),
          ["cosignature"],
        )
        assert.deepEqual(
          unverified.map(({ keyId }) => keyId),
          [key.keyId],
        )
        assert.throws(() => openNote(note, [mldsa44.vkey]), { code: "note.unsigned" })
      },
    },
    {
      name: "every line is read and written",
      run: () => {
        for (const line of lines) {
          const base64 = line.trimEnd().split(" ")[2] ?? ""
          const { keyId, signature } = parseSignatureLine(line.trimEnd())
          assert.equal(keyId + toHex(signature), toHex(fromBase64(base64)))
        }
      },
    },
  ]
}

export const COSIGNATURE_VECTORS: readonly VectorRow[] = [
  { pattern: /^tlog\/cosignature\/sunlight/, cases: skylight },
  { pattern: /^tlog\/cosignature\/transparency-dev/, cases: formats },
  { pattern: /^tlog\/self-generated\/cosignatures/, cases: selfMade },
]
