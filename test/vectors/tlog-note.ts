import assert from "node:assert/strict"
import { sha256 } from "#sha256"
import { fromBase64, toBytes } from "../../src/base/bytes.ts"
import {
  cosignedMessage,
  formatNote,
  formatTlogProof,
  formatVerifierKey,
  openNote,
  openSigner,
  parseCheckpoint,
  parseNote,
  parseSignerKey,
  parseTilePath,
  parseTlogProof,
  parseVerifierKey,
  partialWidth,
  signNote,
  tilePath,
  tilesOf,
  verifyConsistency,
} from "../../src/tlog/index.ts"
import { json, type VectorCase, type VectorFile, type VectorRow } from "./row.ts"

type GoKey = { vkey: string; skey?: string }

type GoNote = {
  keys: { [name: string]: GoKey } & { peter?: GoKey }
  text: string
  peterSig: string
  badVkeys: { vkey: string; why: string }[]
  open: {
    name: string
    msg: string
    known: string[]
    verified?: string[]
    unverified?: number
    error?: string
  }[]
  malformedBase64: string[]
}

const GO_ERRORS: readonly [start: string, code: string][] = [
  ["note has no verifiable signatures", "note.unsigned"],
  ["ambiguous key", "key.ambiguous"],
  ["malformed note", "note.malformed"],
  ["invalid signature", "note.refuted"],
]

function goNote(file: VectorFile): VectorCase[] {
  const { keys, text, peterSig, badVkeys, open, malformedBase64 } = json<GoNote>(file)
  const cases: VectorCase[] = Object.entries(keys).map(([name, { vkey, skey }]) => ({
    name: `keys of ${name}`,
    run: () => {
      assert.equal(formatVerifierKey(parseVerifierKey(vkey)), vkey)
      if (skey !== undefined) assert.equal(formatVerifierKey(openSigner(parseSignerKey(skey))), vkey)
    },
  }))
  cases.push({
    name: "signing",
    run: () => assert.equal(sign(keys.peter?.skey ?? "", text), `${text}\n${peterSig}`),
  })
  for (const { vkey, why } of badVkeys) {
    cases.push({
      name: why,
      run: () => assert.throws(() => parseVerifierKey(vkey), { code: "key.malformed" }),
    })
  }
  for (const row of open) cases.push({ name: row.name, run: () => goOpen(keys, row) })
  malformedBase64.forEach((note, at) => {
    cases.push({
      name: `malformed note ${at}`,
      run: () => assert.throws(() => parseNote(fromBase64(note)), { code: "note.malformed" }),
    })
  })
  return cases
}

function sign(skey: string, text: string): string {
  const signer = openSigner(parseSignerKey(skey))
  assert.equal(signer.kind, "ed25519")
  return signNote(text, [{ ...signer, kind: "ed25519" }])
}

function goOpen(
  keys: GoNote["keys"],
  { msg, known, verified, unverified, error }: GoNote["open"][number],
): void {
  const given = known.map((name) => keys[name]?.vkey ?? "")
  if (error !== undefined) {
    const [, code] = GO_ERRORS.find(([start]) => error.startsWith(start)) ?? assert.fail(error)
    assert.throws(() => openNote(msg, given), { code })
    return
  }
  const note = openNote(msg, given)
  const names = note.verified.map(({ key }) =>
    Object.keys(keys).find((name) => keys[name]?.vkey === formatVerifierKey(key)),
  )
  assert.deepEqual([names, note.unverified.length], [verified, unverified])
}

type C2sp = {
  note: { vkey: string; msg: string }
  note_no_vkey_published: string
  checkpoint_no_vkey_published: string
  cosigned_checkpoint_no_vkey_published: string
  cosignature_v1_signed_message: string
  tile_path: { N: number; path: string }
  size_70000: Record<string, number>
}

function c2sp(file: VectorFile): VectorCase[] {
  const all = json<C2sp>(file)
  const notes = [
    all.note_no_vkey_published,
    all.checkpoint_no_vkey_published,
    all.cosigned_checkpoint_no_vkey_published,
  ]
  const widths = (size: number) => {
    const tiles = [...tilesOf(size)]
    const full = (level: number) => tiles.filter((tile) => tile.level === level && tile.width === 256).length
    return {
      full_level0: full(0),
      partial_level0: partialWidth(0, size),
      full_level1: full(1),
      partial_level1: partialWidth(1, size),
      partial_level2: partialWidth(2, size),
    }
  }
  return [
    { name: "note", run: () => assert.equal(openNote(all.note.msg, [all.note.vkey]).verified.length, 1) },
    ...notes.map((note, at) => ({
      name: `note ${at} is read and written`,
      run: () => assert.equal(formatNote(parseNote(note)), note),
    })),
    {
      name: "what a cosignature signs",
      run: () => {
        const { text } = parseNote(all.cosigned_checkpoint_no_vkey_published)
        assert.equal(cosignedMessage({ text, atSeconds: 1679315147 }), all.cosignature_v1_signed_message)
      },
    },
    {
      name: "checkpoint",
      run: () =>
        assert.equal(parseCheckpoint(parseNote(all.checkpoint_no_vkey_published).text).size, 20852163),
    },
    {
      name: "tile path",
      run: () => {
        const { N, path } = all.tile_path
        assert.equal(tilePath(0, N), `tile/0/${path}`)
        assert.deepEqual(parseTilePath(`tile/entries/${path}`), { level: "entries", index: N, width: 256 })
      },
    },
    { name: "tiles of size 70,000", run: () => assert.deepEqual(widths(70_000), all.size_70000) },
    { name: "add_checkpoint_request_example", run: () => {}, skip: "the witness interface is not built yet" },
  ]
}

type ProofFile = {
  marshal: { index: number; hashInputs: string[]; extra?: string; checkpoint: string; want: string }[]
  errors: string[]
}

/** The expected texts hold names of values, such as `<b64 extra>`. */
function proofFile(file: VectorFile): VectorCase[] {
  const { marshal, errors } = json<ProofFile>(file)
  const cases: VectorCase[] = marshal.map(({ index, hashInputs, extra, checkpoint, want }, at) => ({
    name: `marshal ${at}`,
    run: () => {
      const path = hashInputs.map((input) => sha256(toBytes(input)))
      const proof = { index, path, checkpoint, ...(extra === undefined ? {} : { extra: toBytes(extra) }) }
      const text = formatTlogProof(proof)
      const hashes = path.map((hash) => Buffer.from(hash).toString("base64"))
      const filled = want
        .replace("<b64 extra>", Buffer.from(extra ?? "").toString("base64"))
        .replaceAll(/<b64[^>]*>/g, () => hashes.shift() ?? "")
      assert.equal(text, filled)
      assert.equal(formatTlogProof(parseTlogProof(text)), text)
    },
  }))
  errors.forEach((text, at) => {
    cases.push({
      name: `error ${at}`,
      run: () => assert.throws(() => parseTlogProof(text), { code: "proof.malformed" }),
    })
  })
  return cases
}

type Witness = Record<"monkeys" | "bananas" | "witness", { vkey: string; skey: string }> & {
  init: string
  next: string
  consistencyProofHex_5_to_8: string[]
}

function witness(file: VectorFile): VectorCase[] {
  const all = json<Witness>(file)
  const keys = [all.monkeys, all.bananas, all.witness]
  return [
    ...keys.map(({ vkey, skey }) => ({
      name: `keys ${vkey}`,
      run: () => assert.equal(formatVerifierKey(openSigner(parseSignerKey(skey))), vkey),
    })),
    ...[all.init, all.next].map((note, at) => ({
      name: `checkpoint ${at} is the log's, byte for byte`,
      run: () => {
        const { text } = openNote(note, [all.monkeys.vkey])
        assert.equal(sign(all.monkeys.skey, text), note)
      },
    })),
    {
      name: "8 extends 5",
      run: () => {
        const [older, newer] = [all.init, all.next].map((note) => parseCheckpoint(parseNote(note).text))
        const proof = all.consistencyProofHex_5_to_8.map((hex) => new Uint8Array(Buffer.from(hex, "hex")))
        verifyConsistency({ older: older!, newer: newer!, proof })
      },
    },
  ]
}

export const NOTE_VECTORS: readonly VectorRow[] = [
  { pattern: /^tlog\/go-sumdb-note\/note\.json$/, cases: goNote },
  { pattern: /^tlog\/c2sp\/examples\.json$/, cases: c2sp },
  { pattern: /^tlog\/tlog-proof\//, cases: proofFile },
  { pattern: /^tlog\/witness\/transparency-dev/, cases: witness },
]
