import { cp, mkdtemp, rename, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NewRecord } from "../../src/event/record.ts"
import { controlRecord } from "../../src/journal/control-kind.ts"
import { type Disk, realDisk } from "../../src/journal/disk.ts"
import { segmentMade } from "../../src/seal/control.ts"
import { initLedger } from "../../src/seal/init-ledger.ts"
import { newKey } from "../../src/seal/keys.ts"
import { type OpenLedger, openLedger } from "../../src/seal/ledger.ts"
import type { SealedBlock } from "../../src/seal/log-state.ts"
import { removeSegments } from "../../src/search/segments.ts"
import { BloomCache } from "../../src/store/bloom-cache.ts"
import { openCatalogue } from "../../src/store/catalogue.ts"
import { compact } from "../../src/store/compact.ts"
import { type Duckdb, openDuckdb } from "../../src/store/duckdb.ts"
import type { SeededBlock } from "../../src/store/seeded-block.ts"
import { writeSegment } from "../../src/store/segment.ts"
import type { SegmentMade } from "../../src/store/segment-name.ts"
import { sealRecords } from "../../src/tlog/record-hash.ts"
import { openSigner, type Signer } from "../../src/tlog/signer.ts"
import { formatVerifierKey } from "../../src/tlog/verifier-key.ts"

export const ORIGIN = "ledger.example.com/built"
/** 2026-11-20T12:00:00Z */
export const BUILT_AT = Date.UTC(2026, 10, 20, 12) * 1000

export type BuildOptions = {
  readonly dir: string
  /** The body of each record that is not the ledger's own, by its place from 0. */
  readonly body: (at: number) => string
  readonly records: number
  /** Records in a block, at most. */
  readonly perBlock: number
  /** A segment is made whenever so many records are sealed and in none. */
  readonly perSegment: number
  /** Records appended at once. */
  readonly perBatch: number
  /** Journal files take no more groups from here on. */
  readonly fileBytes?: number
  /** For journal and log; a real one by default. */
  readonly disk?: Disk
  /** Segments with the first bytes of each record's hash. */
  readonly hints?: boolean
  /** Copies of the ledger as it stood once so many records were in it. */
  readonly copies?: readonly { readonly records: number; readonly to: string }[]
  /** Appended at the end and left unsealed, as a process that is killed leaves them. */
  readonly unsealed?: number
}

export type BuiltLedger = {
  readonly vkey: string
  readonly signer: Signer<"ed25519">
  readonly made: readonly SegmentMade[]
}

/** A real ledger, made by the code that makes all of them; without a server. */
export async function buildLedger(options: BuildOptions): Promise<BuiltLedger> {
  const { dir, records, perBatch, perSegment, unsealed = 0 } = options
  const killed = `${dir}.killed`
  let now = BUILT_AT
  const clock = () => {
    now += 1000
    return now
  }
  const signer = openSigner(newKey(ORIGIN, (bytes) => new Uint8Array(bytes).fill(7)))
  const disk = options.disk ?? realDisk
  await initLedger(dir, { signer, clock, disk })
  const onFatal = (error: unknown) => {
    throw error
  }
  const ledger = await openLedger(dir, {
    signer,
    clock,
    disk,
    steady: () => now,
    onFatal,
    seal: { recordsMax: options.perBlock },
    journal: { fileBytes: options.fileBytes ?? 64 * 1024 * 1024 },
    reserveBytes: 4096,
  })
  const tempDir = await mkdtemp(join(tmpdir(), "tallystick-built-"))
  const memory = { memoryBytesMax: 1024 * 1024 * 1024, threads: 1, tempDir, tempBytesMax: 1024 * 1024 * 1024 }
  const db = await openDuckdb({ ...memory, folders: [dir] })
  const made: SegmentMade[] = []
  try {
    for (let at = 0; at < records; at += perBatch) {
      await ledger.journal.append(batchOf(options, at, Math.min(perBatch, records - at)))
      await ledger.sealer.sealOnce()
      const waiting = ledger.sealer.unsegmented()
      if (waiting.reduce((sum, { count }) => sum + count, 0) >= perSegment) {
        made.push(await makeSegment(db, ledger, { blocks: waiting, made, hints: options.hints === true }))
      }
      const copy = options.copies?.find((wanted) => wanted.records === at + perBatch)
      if (copy !== undefined) await cp(dir, copy.to, { recursive: true })
    }
    await ledger.journal.heartbeat()
    await ledger.sealer.sealOnce()
    if (unsealed > 0) {
      await ledger.journal.append(batchOf(options, records, unsealed))
      await cp(dir, killed, { recursive: true })
    }
    await ledger.close()
    if (unsealed > 0) {
      await rm(dir, { recursive: true })
      await rename(killed, dir)
    }
  } finally {
    db.close()
    await rm(tempDir, { recursive: true, force: true })
  }
  return { vkey: formatVerifierKey(signer), signer, made }
}

/** Merges all segments of a built ledger into one, in the order of acts of the server, which then removes the old files. */
export async function mergeSegments(dir: string, { signer, made }: BuiltLedger): Promise<SegmentMade> {
  let now = BUILT_AT + 3_600_000_000
  const clock = () => ++now
  const onFatal = (error: unknown) => {
    throw error
  }
  const ledger = await openLedger(dir, { signer, clock, steady: () => now, onFatal, reserveBytes: 4096 })
  const tempDir = await mkdtemp(join(tmpdir(), "tallystick-merged-"))
  const memory = { memoryBytesMax: 1024 * 1024 * 1024, threads: 1, tempDir, tempBytesMax: 1024 * 1024 * 1024 }
  const db = await openDuckdb({ ...memory, folders: [dir] })
  try {
    const { catalogue } = await openCatalogue({ db, dir, made, disk: realDisk })
    const compaction = { entries: catalogue.entries, order: "key" } as const
    const entry = await compact({ db, disk: realDisk, dir, compaction })
    const { name, first, last, bytes, sha256, replaces } = entry
    const merged = { name, first, last, bytes, sha256, replaces }
    await ledger.journal.appendControl([controlRecord(segmentMade.format(merged))])
    await ledger.sealer.sealOnce()
    await catalogue.add(entry)
    await removeSegments(dir, replaces)
    return merged
  } finally {
    await ledger.close()
    db.close()
    await rm(tempDir, { recursive: true, force: true })
  }
}

function batchOf({ body }: BuildOptions, first: number, count: number): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    source: `prod-1/apiserver-${(first + i) % 2}`,
    kind: "k8s.audit",
    words: [],
    body: Buffer.from(body(first + i)),
  }))
}

/** In this order: file, record, sealed, then the seeds and the journal go. */
async function makeSegment(
  db: Duckdb,
  { dir, journal, sealer }: OpenLedger,
  what: {
    readonly blocks: readonly SealedBlock[]
    readonly made: readonly SegmentMade[]
    readonly hints: boolean
  },
): Promise<SegmentMade> {
  const journalDir = join(dir, "journal")
  const { catalogue } = await openCatalogue({ db, dir, made: what.made, disk: realDisk })
  const blocks: SeededBlock[] = []
  for (const block of what.blocks) {
    blocks.push(what.hints ? { ...block, hints: await hintsOf(journal, block) } : block)
  }
  const { entry } = await writeSegment({
    db,
    disk: realDisk,
    dir,
    journalDir,
    end: journal.position(),
    blocks,
    entries: catalogue.entries,
    blooms: new BloomCache({ db, dir, disk: realDisk, bytesMax: 1024 * 1024 }),
  })
  const { name, first, last, bytes, sha256, replaces } = entry
  const segment = { name, first, last, bytes, sha256, replaces }
  await journal.appendControl([controlRecord(segmentMade.format(segment))])
  await sealer.sealOnce()
  await catalogue.add(entry)
  await sealer.segmented(last + 1)
  await journal.forget(last + 1)
  return segment
}

async function hintsOf(
  journal: OpenLedger["journal"],
  { first, count, seed }: SealedBlock,
): Promise<Uint16Array> {
  const hints = new Uint16Array(count)
  const records = await journal.read(first, { recordsMax: count, bytesMax: 1024 * 1024 * 1024 })
  for (const [i, hash] of sealRecords(records, seed).hashes.entries()) {
    hints[i] = (hash[0] ?? 0) * 256 + (hash[1] ?? 0)
  }
  return hints
}
