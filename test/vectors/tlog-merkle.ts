import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { fromBase64, fromHex, toBytes, toHex } from "../../src/base/bytes.ts"
import {
  leafHash,
  nodeHash,
  openNote,
  parseCheckpoint,
  parseNote,
  proveInclusion,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeInclusion,
} from "../../src/tlog/index.ts"
import { json, type VectorCase, type VectorFile, type VectorRow } from "./row.ts"

type Claim = { proof: string[] | null; wantErr: boolean }
type Inclusion = Claim & { leafIdx: number; treeSize: number; root: string; leafHash: string }
type Subtree = Claim & { leafIdx: number; start: number; end: number; root: string; leafHash: string }
type Consistency = Claim & { size1: number; size2: number; root1: string; root2: string }

/** A good claim is silent; a bad one is refused with `proof.refuted` and nothing else. */
function oneClaim<Shape extends Claim>(
  file: VectorFile,
  check: (claim: Shape, proof: Uint8Array[]) => void,
): VectorCase[] {
  const claim = json<Shape>(file)
  const verify = () => check(claim, (claim.proof ?? []).map(fromBase64))
  const run = claim.wantErr ? () => assert.throws(verify, { code: "proof.refuted" }) : verify
  return [{ name: claim.wantErr ? "is refuted" : "holds", run }]
}

const inclusion = (file: VectorFile) =>
  oneClaim<Inclusion>(file, ({ leafIdx, treeSize, root, leafHash }, proof) =>
    verifyInclusion({
      index: leafIdx,
      size: treeSize,
      leafHash: fromBase64(leafHash),
      proof,
      root: fromBase64(root),
    }),
  )

const subtreeInclusion = (file: VectorFile) =>
  oneClaim<Subtree>(file, ({ leafIdx, start, end, root, leafHash }, proof) =>
    verifySubtreeInclusion({
      index: leafIdx,
      start,
      end,
      leafHash: fromBase64(leafHash),
      proof,
      root: fromBase64(root),
    }),
  )

const consistency = (file: VectorFile) =>
  oneClaim<Consistency>(file, ({ size1, size2, root1, root2 }, proof) =>
    verifyConsistency({
      older: { size: size1, root: fromBase64(root1) },
      newer: { size: size2, root: fromBase64(root2) },
      proof,
    }),
  )

type Constants = {
  leafInputsHex: string[]
  nodeHashes: string[][]
  rootHashesBySize: string[]
  accumulated_subtree_vectors: { max: number } & Record<string, { sha256: string }>
}

function constants(file: VectorFile): VectorCase[] {
  const {
    leafInputsHex,
    nodeHashes,
    rootHashesBySize,
    accumulated_subtree_vectors: all,
  } = json<Constants>(file)
  const leaves = leafInputsHex.map((hex) => leafHash(fromHex(hex)))
  const level = (above: Uint8Array[]) =>
    Array.from({ length: above.length >> 1 }, (_, at) => nodeHash(above[2 * at]!, above[2 * at + 1]!))
  let nodes = leaves
  const cases: VectorCase[] = nodeHashes.map((expected, at) => {
    if (at > 0) nodes = level(nodes)
    const actual = nodes.map(toHex)
    return { name: `hashes of level ${at}`, run: () => assert.deepEqual(actual, expected) }
  })
  rootHashesBySize.forEach((root, size) => {
    cases.push({
      name: `root of size ${size}`,
      run: () => assert.equal(toHex(treeRoot(leaves.slice(0, size))), root),
    })
  })
  const many = Array.from({ length: all.max }, (_, at) => leafHash(Uint8Array.of(at)))
  for (const [name, lines] of [
    ["subtreeHash", subtreeHashes],
    ["subtreeInclusion", subtreeInclusions],
  ] as const) {
    cases.push({
      name,
      run: () => {
        const hash = createHash("sha256")
        for (const line of lines(many)) hash.update(line)
        assert.equal(hash.digest("hex"), all[name]?.sha256)
      },
    })
  }
  for (const name of ["subtreeConsistency", "subtreeCovering"]) {
    cases.push({
      name,
      run: () => {},
      skip: "consistency of subtrees is for mirrors, which are not built yet",
    })
  }
  return cases
}

function* subtrees(max: number): Generator<{ start: number; end: number }> {
  for (let end = 0; end <= max; end++) {
    for (let start = 0; start <= end; start++) {
      const width = start === end ? 1 : 2 ** Math.ceil(Math.log2(end - start)) // these vectors count empty ones too
      if (start % width === 0) yield { start, end }
    }
  }
}

function* subtreeHashes(leaves: Uint8Array[]): Generator<string> {
  for (const { start, end } of subtrees(leaves.length)) {
    yield `[${start}, ${end}) ${toHex(treeRoot(leaves.slice(start, end)))}\n`
  }
}

function* subtreeInclusions(leaves: Uint8Array[]): Generator<string> {
  for (const { start, end } of subtrees(leaves.length)) {
    const inside = leaves.slice(start, end)
    for (let index = start; index < end; index++) {
      const proof = proveInclusion(index - start, inside)
      yield `${[index, `[${start},`, `${end})`, ...proof.map(toHex)].join(" ")}\n`
    }
  }
}

type GoTree = { formatTree: { n: number; recordData: string; golden: string } }

function goTree(file: VectorFile): VectorCase[] {
  const { n, recordData, golden } = json<GoTree>(file).formatTree
  const other = "Go's module log has tiles of other heights in its paths; ours are c2sp.org/tlog-tiles"
  return [
    {
      name: "formatTree is a checkpoint",
      run: () =>
        assert.deepEqual(parseCheckpoint(golden), {
          origin: "go.sum database tree",
          size: n,
          root: leafHash(toBytes(recordData)),
        }),
    },
    { name: "tilePaths_H_is_explicit", run: () => {}, skip: other },
    { name: "newTilesCount_H10", run: () => {}, skip: other },
  ]
}

type RekorV1 = {
  treeSize: number
  rootHex: string
  leafIndex: number
  hashesHex: string[]
  entryBase64: string
  checkpoint: { keySpkiBase64: string; msg: string }
}

function rekorV1(file: VectorFile): VectorCase[] {
  const { treeSize, rootHex, leafIndex, hashesHex, entryBase64, checkpoint } = json<RekorV1>(file)
  const run = () =>
    verifyInclusion({
      index: leafIndex,
      size: treeSize,
      leafHash: leafHash(fromBase64(entryBase64)),
      proof: hashesHex.map(fromHex),
      root: fromHex(rootHex),
    })
  return [
    { name: "a real entry of 21,476,367", run },
    {
      name: "a checkpoint with an extension line, signed with ECDSA, is read and not vouched for",
      run: () => {
        const { text, signatures } = parseNote(checkpoint.msg)
        const spki = createHash("sha256").update(fromBase64(checkpoint.keySpkiBase64)).digest()
        assert.equal(signatures[0]?.keyId, toHex(spki.subarray(0, 4)))
        assert.equal(parseCheckpoint(text).size, 21_428_036)
        assert.deepEqual(parseCheckpoint(text).extensions, ["Timestamp: 1688058656037355364"])
        assert.throws(() => openNote(checkpoint.msg, []), { code: "note.unsigned" })
      },
    },
  ]
}

type RekorV2 = {
  response: {
    canonicalizedBody: string
    inclusionProof: {
      logIndex: string
      rootHash: string
      treeSize: string
      hashes: string[]
      checkpoint: { envelope: string }
    }
  }
}

function rekorV2(file: VectorFile): VectorCase[] {
  const { canonicalizedBody, inclusionProof } = json<RekorV2>(file).response
  const { logIndex, rootHash, treeSize, hashes, checkpoint } = inclusionProof
  const run = () => {
    const { size, root } = parseCheckpoint(parseNote(checkpoint.envelope).text)
    verifyInclusion({
      index: Number(logIndex),
      size,
      leafHash: leafHash(fromBase64(canonicalizedBody)),
      proof: hashes.map(fromBase64),
      root,
    })
    assert.equal(size, Number(treeSize))
    // This sample's field is the base64 of hex text.
    assert.equal(toHex(root), new TextDecoder().decode(fromBase64(rootHash)))
  }
  return [{ name: "the first entry of a log", run }]
}

const merkle = "tlog/transparency-dev-merkle/testdata"
const below = (folder: string) => new RegExp(`^${merkle}/${folder}/`)

export const MERKLE_VECTORS: readonly VectorRow[] = [
  { pattern: below("inclusion"), title: `${merkle}/inclusion`, cases: inclusion },
  { pattern: below("consistency"), title: `${merkle}/consistency`, cases: consistency },
  { pattern: below("subtreeinclusion"), title: `${merkle}/subtreeinclusion`, cases: subtreeInclusion },
  {
    pattern: below("subtreeconsistency"),
    title: `${merkle}/subtreeconsistency`,
    outside: "consistency of subtrees is for mirrors, which are not built yet",
  },
  { pattern: /^tlog\/transparency-dev-merkle\/constants\.json$/, cases: constants },
  { pattern: /^tlog\/go-sumdb-note\/tlog\.json$/, cases: goTree },
  { pattern: /^tlog\/rekor\/rekor-v1/, cases: rekorV1 },
  { pattern: /^tlog\/rekor\/rekor-v2/, cases: rekorV2 },
]
