import assert from "node:assert/strict"
import { toBytes, toHex, utf8 } from "../../src/base/bytes.ts"
import {
  decodeBundle,
  encodeBundle,
  formatVerifierKey,
  type Hash,
  leafHash,
  openCheckpoint,
  openSigner,
  parseSignerKey,
  parseTilePath,
  proveConsistency,
  proveConsistencyFromTiles,
  proveInclusionFromTiles,
  rootFromTiles,
  signNote,
  splitTile,
  type Tile,
  tileOfEntry,
  tilePath,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "../../src/tlog/index.ts"
import { json, type VectorCase, type VectorFile, type VectorRow } from "./row.ts"

const ROOT = "tlog/tessera-testlog"
const LOG = `${ROOT}/testdata/log`

type Keys = { origin: string; vkey: string; skey_public_test_key: string; leaves: string[] }

function keysOf(file: VectorFile): Keys & { hashes: Hash[] } {
  const keys = json<Keys>({ bytes: file.read(`${ROOT}/keys.json`) })
  return { ...keys, hashes: keys.leaves.map((leaf) => leafHash(toBytes(leaf))) }
}

/** Each checkpoint of the log: its signature, its root by leaves and by tiles, and every proof its tiles give. */
function checkpoint(file: VectorFile): VectorCase[] {
  const { vkey, skey_public_test_key, origin, hashes } = keysOf(file)
  const note = utf8(file.bytes) ?? ""
  const open = () => openCheckpoint(note, [vkey]).checkpoint
  const readTile = ({ level, index, width }: Tile) => file.read(`${LOG}/${tilePath(level, index, width)}`)
  return [
    {
      name: "opens, and signing its text gives these bytes",
      run: () => {
        const { note: opened } = openCheckpoint(file.bytes, [vkey])
        const signer = openSigner(parseSignerKey(skey_public_test_key))
        assert.equal(signNote(opened.text, [{ ...signer, kind: "ed25519" }]), note)
        assert.equal(open().origin, origin)
      },
    },
    {
      name: "its root is that of the leaves and that of the tiles",
      run: () => {
        const { size, root } = open()
        assert.equal(toHex(treeRoot(hashes.slice(0, size))), toHex(root))
        if (size > 0) assert.equal(toHex(rootFromTiles(size, readTile)), toHex(root))
      },
    },
    {
      name: "its tiles prove every entry and every earlier size",
      run: () => {
        const newer = open()
        const { size, root } = newer
        for (let index = 0; index < size; index++) {
          const proof = proveInclusionFromTiles({ index, size }, readTile)
          verifyInclusion({ index, size, leafHash: hashes[index]!, proof, root })
          const proofOfSize = proveConsistencyFromTiles({ older: index + 1, newer: size }, readTile)
          const older = { origin, size: index + 1, root: treeRoot(hashes.slice(0, index + 1)) }
          verifyConsistency({ older, newer, proof: proofOfSize })
          assert.deepEqual(
            proofOfSize.map(toHex),
            proveConsistency(index + 1, hashes.slice(0, size)).map(toHex),
          )
        }
      },
    },
  ]
}

function tile(file: VectorFile): VectorCase[] {
  const { hashes } = keysOf(file)
  const { level, width } = parseTilePath(file.path.slice(LOG.length + 1))
  const run = () => {
    assert.equal(level, 0)
    assert.deepEqual(splitTile(file.bytes).map(toHex), hashes.slice(0, width).map(toHex))
  }
  return [{ name: "holds the leaf hashes", run }]
}

function bundle(file: VectorFile): VectorCase[] {
  const { leaves } = keysOf(file)
  const { width } = parseTilePath(file.path.slice(LOG.length + 1))
  const run = () => {
    const entries = decodeBundle(file.bytes, width)
    assert.deepEqual(entries.map(utf8), leaves.slice(0, width))
    assert.equal(toHex(encodeBundle(entries)), toHex(file.bytes))
  }
  return [{ name: "holds the leaves", run }]
}

function keys(file: VectorFile): VectorCase[] {
  const { vkey, skey_public_test_key } = json<Keys>(file)
  const run = () => assert.equal(formatVerifierKey(openSigner(parseSignerKey(skey_public_test_key))), vkey)
  return [{ name: "verifier key", run }]
}

type Paths = {
  entriesPathForLogIndex: [index: number, size: number, path: string][]
  tilePath: [level: number, index: number, width: number, path: string][]
  parse_ok: [level: string, path: string, level: number, index: number | string, width: number][]
  parse_bad: [level: string, path: string][]
}

/** Tessera writes a full tile's width as 0, and reads indexes up to 2^60 where ours end at 2^53-1. */
function paths(file: VectorFile): VectorCase[] {
  const { entriesPathForLogIndex, tilePath: written, parse_ok, parse_bad } = json<Paths>(file)
  return [
    ...entriesPathForLogIndex.map(([index, size, path]) => ({
      name: `entry ${index} of ${size}`,
      run: () => {
        const { tile } = tileOfEntry({ index, size }, "entries")
        assert.equal(tilePath(tile.level, tile.index, tile.width), path)
      },
    })),
    ...written.map(([level, index, width, path]) => ({
      name: path,
      run: () => assert.equal(tilePath(level, index, width || undefined), path),
    })),
    ...parse_ok.map(([, path, level, index, width]) => ({
      name: `reads tile/${level}/${path}`,
      run: () => {
        const whole = `tile/${level}/${path}`
        if (Number.isSafeInteger(Number(index))) {
          assert.deepEqual(parseTilePath(whole), { level, index: Number(index), width: width || 256 })
        } else {
          assert.throws(
            () => parseTilePath(whole),
            { code: "tile.malformed" },
            "refused by decision, not rounded",
          )
        }
      },
    })),
    ...parse_bad.map(([level, path]) => ({
      name: `refuses tile/${level}/${path}`,
      run: () => assert.throws(() => parseTilePath(`tile/${level}/${path}`), { code: "tile.malformed" }),
    })),
  ]
}

export const TESSERA_VECTORS: readonly VectorRow[] = [
  { pattern: /^tlog\/tessera-testlog\/keys\.json$/, cases: keys },
  { pattern: /^tlog\/tessera-testlog\/paths\.json$/, cases: paths },
  {
    pattern: /^tlog\/tessera-testlog\/testdata\/log\/checkpoint/,
    title: `${LOG}/checkpoint*`,
    cases: checkpoint,
  },
  {
    pattern: /^tlog\/tessera-testlog\/testdata\/log\/tile\/entries\//,
    title: `${LOG}/tile/entries`,
    cases: bundle,
  },
  { pattern: /^tlog\/tessera-testlog\/testdata\/log\/tile\/0\//, title: `${LOG}/tile/0`, cases: tile },
  {
    pattern: /^tlog\/tessera-testlog\/testdata\/log\/\.state\//,
    title: `${LOG}/.state`,
    outside: "Tessera's own state, not of the log",
  },
]
