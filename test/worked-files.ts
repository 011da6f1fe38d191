/**
 * The files around the worked example's log: journal, tail, control records and what is derived. Run by itself,
 * this writes all golden files of the example.
 */
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { toHex } from "../src/base/bytes.ts"
import { formatPositions } from "../src/intake/file-positions.ts"
import { GroupWriter } from "../src/journal/group.ts"
import { CONTROLS, type ControlName } from "../src/seal/control.ts"
import { signKeyRotation } from "../src/seal/key-rotation.ts"
import { formatTail } from "../src/seal/tail.ts"
import { addKey, bloomKey, createBloom, formatBloom } from "../src/store/bloom.ts"
import { formatEntry } from "../src/store/catalogue-entry.ts"
import { segmentName } from "../src/store/segment-name.ts"
import { formatVerifierKey, openSigner } from "../src/tlog/index.ts"
import { AT, BLOCK_SEEDS, LOG_SEED, logFiles, ORIGIN, RECORDS, SECOND } from "./worked-example.ts"

/** The one auditID of the example's events. */
export const AUDIT_ID = "3b9594fd-e216-406d-b74e-de7b0d26131c"
/** Of no real file: DuckDB may write the same rows as other bytes tomorrow. */
const SHA256 = createHash("sha256").update("segment").digest("hex")
const SEGMENT = {
  name: segmentName({ first: 0, last: 3, receivedAt: AT - SECOND, sha256: SHA256 }),
  first: 0,
  last: 3,
  bytes: 9_876,
  sha256: SHA256,
  replaces: [],
}

function journal(): string {
  const writer = new GroupWriter()
  // Copied out: the writer uses its memory again.
  return RECORDS.map((records, group) => Buffer.from(writer.write(records, group)).toString()).join("")
}

function tail(blocks: readonly string[]): string {
  return formatTail({
    seeds: [],
    blocks: blocks.map((text, number) => ({ number, seed: BLOCK_SEEDS[number], text })),
  })
}

function rotation(): string {
  const keys = [LOG_SEED, LOG_SEED.toReversed()].map((seed) =>
    openSigner({ kind: "ed25519", name: ORIGIN, seed }),
  )
  const [older, newer] = keys
  if (older === undefined || newer === undefined) throw new Error("two seeds make two signers")
  return signKeyRotation(ORIGIN, 2, [older, newer])
}

type Value<K extends ControlName> = Parameters<(typeof CONTROLS)[K]["format"]>[0]

/** One body of every kind, by its own printer. */
export function controlExamples(): Readonly<Record<ControlName, string>> {
  const example = <K extends ControlName>(kind: K, value: Value<K>): string =>
    CONTROLS[kind].format(value as never)
  const log = openSigner({ kind: "ed25519", name: ORIGIN, seed: LOG_SEED })
  return {
    "ledger.created": example("ledger.created", {
      origin: ORIGIN,
      key: formatVerifierKey(log),
      predecessor: null,
    }),
    "key.rotated": example("key.rotated", { note: rotation() }),
    "segment.made": example("segment.made", SEGMENT),
    "range.purged": example("range.purged", {
      first: 0,
      last: 3,
      segments: [SEGMENT.name],
      by: "rule keep-90-days",
      reason: "older than 90 days",
    }),
    "record.erased": example("record.erased", {
      record: 2,
      source: "prod-1/apiserver-0",
      n: 1,
      digest: "zSAuJy+948cKvHxMz9Tob4Dqo+6ml0PUehykeHOu9to=",
      by: "privacy@example.com",
      reason: "request 4711",
    }),
    "import.done": example("import.done", {
      id: "20261120-1",
      name: "audit-2026-11-19.log.gz",
      bytes: 734_003,
      sha256: SHA256,
      records: 512,
      first: 4,
      last: 515,
    }),
    clock: example("clock", { before: AT, after: AT - 8 * SECOND, jumpMicros: -8 * SECOND }),
    loss: example("loss", {
      why: "journal.damaged",
      first: 2,
      count: 2,
      bytes: 1_300,
      gaps: [["prod-1/apiserver-0", 1, 3]],
      detail: "0000000000000000.journal bytes 266 to 1566",
    }),
    heartbeat: example("heartbeat", {
      next: [
        ["prod-1/apiserver-0", 3],
        ["tallystick", 1],
      ],
    }),
    did: example("did", { what: "serve.started", facts: [["version", "0.1.0"]] }),
  }
}

function bloom(): string {
  const filter = createBloom(1)
  const key = bloomKey(AUDIT_ID)
  if (key === undefined) throw new Error("this machine forbids MD5")
  addKey(filter, key.high, key.low)
  const hex = toHex(formatBloom(filter, SHA256))
  return `${hex.match(/.{1,64}/g)?.join("\n")}\n`
}

function positions(): string {
  return formatPositions({
    next: 4,
    begun: ["/var/log/kubernetes/audit*.log"],
    contents: [
      {
        source: "prod-1/apiserver-0",
        head: { skip: 0, size: 1_162, sha256: SHA256 },
        position: 1_162,
        last: { start: 514, size: 648, sha256: SHA256 },
        torn: false,
        largest: 1_162,
        seenAt: AT,
        unsure: false,
      },
    ],
    settled: [],
  })
}

/** Every golden file of the example by its name. */
export function goldenFiles(): Readonly<Record<string, string>> {
  const log = logFiles()
  const blocks = ["block-0-v1.txt", "block-1-v1.txt"].map((name) => log[name] ?? "")
  return {
    ...log,
    "journal-v1.txt": journal(),
    "tail-v1.txt": tail(blocks),
    "key-rotation-v1.txt": rotation(),
    "controls-v1.txt": Object.values(controlExamples())
      .map((text) => `${text}\n`)
      .join(""),
    "catalogue-v1.txt": formatEntry({
      ...SEGMENT,
      rows: 4,
      order: "record",
      timeMin: AT - SECOND,
      timeMax: AT + 700_000,
      receivedMin: AT - SECOND,
      receivedMax: AT + 700_000,
    }),
    "bloom-v1.txt": bloom(),
    "positions-v1.txt": positions(),
  }
}

export const GOLDEN_DIR = join(import.meta.dirname, "golden")

if (import.meta.main) {
  mkdirSync(GOLDEN_DIR, { recursive: true })
  for (const [name, text] of Object.entries(goldenFiles())) writeFileSync(join(GOLDEN_DIR, name), text)
}
