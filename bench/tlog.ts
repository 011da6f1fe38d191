/**
 * Microseconds of the log's parts: per record of 1.5 KB what sealing hashes (salt, digest, line, record hash, tree), and
 * the cost of the rarer acts. Usage: node bench/tlog.ts
 */
import { keystream } from "#keystream"
import { verifyEd25519 as portableVerify } from "../src/base/ed25519-portable.ts"
import { formatRecord, type PlacedRecord, parseRecord } from "../src/event/record.ts"
import {
  appendToEdge,
  blockSalts,
  EMPTY_EDGE,
  formatReceipt,
  type Hash,
  openNote,
  openSigner,
  parseReceipt,
  proveInclusion,
  recordDigest,
  recordHash,
  saltAt,
  sealRecords,
  signNote,
  treeRoot,
  verifyInclusion,
  verifyReceipt,
} from "../src/tlog/index.ts"
import { goldenFiles } from "../test/worked-files.ts"

const RECORDS = 10_000
const BODY_BYTES = 1_500
const SEED = new Uint8Array(16).fill(7)

const bodies = Array.from({ length: 64 }, (_, i) => new Uint8Array(BODY_BYTES).fill(65 + (i % 26)))
const records: PlacedRecord[] = Array.from({ length: RECORDS }, (_, i) => ({
  number: i,
  n: i,
  receivedAt: 1_795_199_058_139_716 + (i >> 8),
  source: "prod-1/apiserver-0",
  kind: "k8s.audit",
  words: [],
  body: bodies[i % bodies.length]!,
}))

/** Best of five rounds, in microseconds per piece: what the work costs, not what the machine was busy with. */
function measure(what: string, pieces: number, run: () => unknown): void {
  run()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint()
    run()
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / pieces)
  }
  console.log(`${best.toFixed(best < 100 ? 2 : 0).padStart(10)} µs  ${what}`)
}

const each = (run: (record: PlacedRecord, i: number) => unknown) => () => records.forEach(run)
const { texts, hashes } = sealRecords(records, SEED)
const salts = blockSalts(SEED, RECORDS)
const digests: Hash[] = records.map(({ body }, i) => recordDigest({ salt: saltAt(salts, i), body }))

console.log(`per record of ${BODY_BYTES} bytes, blocks of ${RECORDS}`)
measure("all of sealing: salts, digest, line, record hash, tree", RECORDS, () =>
  treeRoot(sealRecords(records, SEED).hashes),
)
measure("  salt (keystream for the block)", RECORDS, () => keystream(SEED, RECORDS * 16))
measure(
  "  digest",
  RECORDS,
  each(({ body }, i) => recordDigest({ salt: saltAt(salts, i), body })),
)
measure(
  "  line",
  RECORDS,
  each((record, i) => formatRecord({ ...record, size: record.body.length, digest: digests[i]! })),
)
measure(
  "  record hash",
  RECORDS,
  each((_, i) => recordHash(texts[i]!)),
)
measure("  tree", RECORDS, () => treeRoot(hashes))
measure(
  "parsing a line",
  RECORDS,
  each((_, i) => parseRecord(texts[i]!)),
)

console.log("the rest")
measure("appending a block to the log's tiles", 10_000, () => {
  let edge = EMPTY_EDGE
  for (const hash of hashes) edge = appendToEdge(edge, hash).edge
})
const root = treeRoot(hashes)
const proof = proveInclusion(1234, hashes)
measure("proving a record in a block of 10,000", 1, () => proveInclusion(1234, hashes))
measure("checking that proof", 100, () => {
  for (let i = 0; i < 100; i++)
    verifyInclusion({ index: 1234, size: RECORDS, leafHash: hashes[1234]!, proof, root })
})
const signer = openSigner({ kind: "ed25519", name: "bench", seed: new Uint8Array(32) })
const note = signNote("text\n", [signer])
const repeat = (times: number, run: () => unknown) => () => {
  for (let i = 0; i < times; i++) run()
}
measure(
  "signing a note",
  100,
  repeat(100, () => signNote("text\n", [signer])),
)
measure(
  "opening a note",
  100,
  repeat(100, () => openNote(note, [signer])),
)
const message = new TextEncoder().encode("text\n")
const claim = { publicKey: signer.publicKey, message, signature: signer.sign(message) }
measure(
  "an Ed25519 signature in a browser",
  5,
  repeat(5, () => portableVerify(claim)),
)
const files = goldenFiles()
const receipt = files["receipt-v1.txt"] ?? ""
const key = (files["verifier-key.txt"] ?? "").trimEnd()
measure(
  "reading and printing a receipt",
  100,
  repeat(100, () => formatReceipt(parseReceipt(receipt))),
)
measure(
  "checking a receipt",
  100,
  repeat(100, () => verifyReceipt(receipt, [key])),
)
