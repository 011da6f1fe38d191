/**
 * The small ledger that docs/FORMAT.md explains byte by byte: two blocks, four records, one witness. All of it follows
 * from the constants below, so that `node test/worked-files.ts` writes the same golden files again. A format never
 * changes in place: a difference means a new version, with golden files of its own.
 */
import { fromHex, toBytes } from "../src/base/bytes.ts"
import { type PlacedRecord, parseRecord } from "../src/event/record.ts"
import {
  type Block,
  blockLeafHash,
  blockSalts,
  cosign,
  formatBlock,
  formatBundled,
  formatBundleHead,
  formatCheckpoint,
  formatNote,
  formatReceipt,
  formatVerifierKey,
  type Hash,
  NO_BLOCK,
  openSigner,
  parseNote,
  proveInclusion,
  type Receipt,
  saltAt,
  sealRecords,
  signNote,
  treeRoot,
} from "../src/tlog/index.ts"

export const ORIGIN = "ledger.example.com/prod"
/** 2026-11-20T18:24:23Z, when a real API server wrote the two events below. */
export const AT = Date.UTC(2026, 10, 20, 18, 24, 23) * 1_000
export const SECOND = 1_000_000

export const LOG_SEED = fromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
const WITNESS_SEED = fromHex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f")
/** One per block. A real ledger draws them at random and keeps them beside the bodies. */
export const BLOCK_SEEDS = [
  fromHex("404142434445464748494a4b4c4d4e4f"),
  fromHex("505152535455565758595a5b5c5d5e5f"),
]

/** Two items of a webhook post, recorded from an unmodified kube-apiserver by this project. */
const ASKED =
  '{"level":"Metadata","auditID":"3b9594fd-e216-406d-b74e-de7b0d26131c","stage":"RequestReceived","requestURI":"/api/v1/namespaces/demo/secrets/s1","verb":"get","user":{"username":"admin","groups":["system:masters","system:authenticated"]},"sourceIPs":["127.0.0.1"],"userAgent":"kubectl/v1.32.4 (linux/amd64) kubernetes/4cb5f07","objectRef":{"resource":"secrets","namespace":"demo","name":"s1","apiVersion":"v1"},"requestReceivedTimestamp":"2026-11-20T18:24:23.608020Z","stageTimestamp":"2026-11-20T18:24:23.608020Z"}'
const ANSWERED =
  '{"level":"Metadata","auditID":"3b9594fd-e216-406d-b74e-de7b0d26131c","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/demo/secrets/s1","verb":"get","user":{"username":"admin","groups":["system:masters","system:authenticated"]},"sourceIPs":["127.0.0.1"],"userAgent":"kubectl/v1.32.4 (linux/amd64) kubernetes/4cb5f07","objectRef":{"resource":"secrets","namespace":"demo","name":"s1","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-20T18:24:23.608020Z","stageTimestamp":"2026-11-20T18:24:23.609413Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}'

const log = openSigner({ kind: "ed25519", name: ORIGIN, seed: LOG_SEED })
const witness = openSigner({ kind: "cosignature", name: "witness.example.org/w1", seed: WITNESS_SEED })

const created = {
  number: 0,
  n: 0,
  receivedAt: AT - SECOND,
  source: "tallystick",
  kind: "tallystick",
  words: [],
  body: toBytes(
    JSON.stringify({
      kind: "ledger.created",
      version: 1,
      origin: ORIGIN,
      key: formatVerifierKey(log),
      predecessor: null,
    }),
  ),
}
const sent = { receivedAt: AT + 700_000, source: "prod-1/apiserver-0", kind: "k8s.audit", words: [] }
/** Block 0 and block 1. */
export const RECORDS: readonly (readonly PlacedRecord[])[] = [
  [created],
  [
    { ...sent, number: 1, n: 0, body: toBytes(ASKED) },
    { ...sent, number: 2, n: 1, body: toBytes(ANSWERED) },
    {
      ...sent,
      number: 3,
      n: 2,
      kind: "log",
      words: [["quarantined", "utf8"]],
      body: Uint8Array.of(0x7b, 0x22, 0xff, 0x0a),
    },
  ],
]

type SealedBlock = {
  readonly texts: readonly string[]
  readonly hashes: readonly Hash[]
  readonly block: Block
}

function sealAll(): SealedBlock[] {
  const sealed: SealedBlock[] = []
  for (const [number, records] of RECORDS.entries()) {
    const { texts, hashes } = sealRecords(records, BLOCK_SEEDS[number] ?? new Uint8Array())
    const before = sealed.at(-1)
    const block: Block = {
      origin: ORIGIN,
      number,
      first: records[0]?.number ?? 0,
      count: records.length,
      root: treeRoot(hashes),
      sealedAt: AT + (2 * number - 1) * SECOND,
      previous: before === undefined ? NO_BLOCK : blockLeafHash(formatBlock(before.block)),
    }
    sealed.push({ texts, hashes, block })
  }
  return sealed
}

/** The golden files of records, blocks, log and receipts, by their names. */
export function logFiles(): Readonly<Record<string, string>> {
  const sealed = sealAll()
  const leaves = sealed.map(({ block }) => blockLeafHash(formatBlock(block)))
  const text = formatCheckpoint({ origin: ORIGIN, size: leaves.length, root: treeRoot(leaves) })
  const signed = parseNote(signNote(text, [log]))
  const atSeconds = (AT + 2 * SECOND) / SECOND
  const checkpoint = formatNote({
    text,
    signatures: [...signed.signatures, cosign({ text, atSeconds }, witness)],
  })

  const receipt = (number: number): Receipt => {
    const { texts, hashes, block } = sealed[1] ?? raise("no block 1")
    const index = number - block.first
    const salts = blockSalts(BLOCK_SEEDS[1] ?? new Uint8Array(), block.count)
    return {
      line: parseRecord(texts[index] ?? raise(`no record ${number}`)),
      body: {
        kind: "given",
        salt: saltAt(salts, index),
        bytes: RECORDS[1]?.[index]?.body ?? new Uint8Array(),
      },
      index,
      path: proveInclusion(index, hashes),
      block,
      proof: { index: block.number, path: proveInclusion(block.number, leaves), checkpoint },
    }
  }
  return {
    "verifier-key.txt": `${formatVerifierKey(log)}\n`,
    "witness-key.txt": `${formatVerifierKey(witness)}\n`,
    "records-v1.txt": sealed.flatMap(({ texts }) => texts.map((text) => `${text}\n`)).join(""),
    "block-0-v1.txt": formatBlock(sealed[0]?.block ?? raise("no block 0")),
    "block-1-v1.txt": formatBlock(sealed[1]?.block ?? raise("no block 1")),
    "checkpoint-v1.txt": checkpoint,
    "receipt-v1.txt": formatReceipt(receipt(2)),
    "receipt-base64-v1.txt": formatReceipt(receipt(3)),
    "receipt-withheld-v1.txt": formatReceipt({ ...receipt(2), body: { kind: "withheld" } }),
    "bundle-v1.txt":
      formatBundleHead({ origin: ORIGIN, count: 2 }) +
      [2, 3].map((number) => formatBundled(formatReceipt(receipt(number)))).join(""),
  }
}

function raise(why: string): never {
  throw new Error(why)
}
