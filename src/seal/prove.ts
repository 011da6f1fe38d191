import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sameBytes, utf8 } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { PlacedRecord } from "../event/record.ts"
import { parseRecord } from "../event/record.ts"
import { type Duckdb, openDuckdb } from "../store/duckdb.ts"
import { isSegmentName, rangeOfSegment, segmentPath } from "../store/segment-name.ts"
import type { Block } from "../tlog/block.ts"
import { proveInclusion } from "../tlog/inclusion.ts"
import { treeRoot } from "../tlog/merkle.ts"
import { formatReceipt } from "../tlog/receipt.ts"
import { blockSalts, SEED_BYTES, saltAt, sealRecords } from "../tlog/record-hash.ts"
import { proveInclusionFromTiles, rootFromTiles } from "../tlog/tile-proof.ts"
import { findByAuditId } from "./find-record.ts"
import { seedsIn } from "./log-on-disk.ts"
import { checkpointOf } from "./remember.ts"
import { readRange } from "./reread.ts"
import { SealedLog, unprovable } from "./sealed-log.ts"
import { hasMoved, lookAgain, type Snapshot, takeSnapshot } from "./snapshot.ts"
import { verifyJournal } from "./verify-journal.ts"

export type ProveRequest = {
  readonly which: WhichRecord
  /** The record's line and proof only: who sent how much and when, not what. */
  readonly withholdBody: boolean
}

export type WhichRecord = { readonly record: number } | { readonly auditId: string; readonly stage: string }

export type Proved = { readonly record: number; readonly receipt: string }

const MEMORY_BYTES_MAX = 768 * 1024 * 1024
const TEMP_BYTES_MAX = 1024 * 1024 * 1024

/** Makes receipts out of a ledger's files as they stood when it was opened: all of them under one checkpoint. */
export interface Prover {
  readonly origin: string
  /**
   * Reads all records of the record's block again and refuses (`record.unprovable`) when they do not make the block's
   * root. Refuses also `record.unknown`, `record.ambiguous` (several records have the auditID and stage) and
   * `record.unsealed`. Records of one block, asked for one after the other, cost one reading.
   */
  prove(request: ProveRequest): Promise<Proved>
  close(): Promise<void>
}

/**
 * For the ledger in `dir`, which is only read; a server may be writing to it. Must be closed. Refuses `ledger.missing`, and
 * `record.unprovable` when the log's files do not make what its checkpoint signs.
 */
export async function openProver(dir: string): Promise<Prover> {
  const held = new AsyncDisposableStack()
  try {
    const snapshot = held.adopt(await takeSnapshot(dir), (taken) => taken.close())
    const tempDir = held.adopt(await mkdtemp(join(tmpdir(), "tallystick-prove-")), (made) =>
      rm(made, { recursive: true, force: true }),
    )
    const memory = { memoryBytesMax: MEMORY_BYTES_MAX, threads: 1, tempDir, tempBytesMax: TEMP_BYTES_MAX }
    const db = held.adopt(await openDuckdb({ ...memory, folders: [dir] }), (opened) => opened.close())
    return proverOf({ dir, snapshot, db }, () => held.disposeAsync())
  } catch (error) {
    await held.disposeAsync()
    throw error
  }
}

type Open = { readonly dir: string; snapshot: Snapshot; readonly db: Duckdb }

/** A server merges segments one merge after the other, each of many seconds. */
const LOOKS_MAX = 5

/** Looks for something in the ledger's files; again where a server replaced one of them by a merged one meanwhile. */
async function lookFor<T>(open: Open, look: () => Promise<T>): Promise<T> {
  for (let looks = 1; ; looks++) {
    try {
      return await look()
    } catch (error) {
      if (!isRefusal(error) || looks === LOOKS_MAX || !hasMoved(open.dir, open.snapshot)) throw error
      open.snapshot = lookAgain(open.dir, open.snapshot)
    }
  }
}

function proverOf(open: Open, close: () => Promise<void>): Prover {
  const { dir, snapshot } = open
  const signed = signedIn(snapshot, dir)
  const checkpoint = checkpointOf(signed)
  const log = new SealedLog(dir, snapshot, checkpoint.size)
  const root = rootFromTiles(checkpoint.size, (tile) => log.tile(tile))
  if (!sameBytes(root, checkpoint.root))
    throw unprovable("the log's tiles do not make the root that its checkpoint signs")
  let last: ReadBlock | undefined
  return {
    origin: checkpoint.origin,
    close,
    async prove({ which, withholdBody }) {
      const record = await numberOf(which, open)
      if (record >= log.records) throw notSealed(record, snapshot)
      const block = log.blockOf(record)
      const read = last?.block.number === block.number ? last : await readBlock(block, open)
      last = read
      const { records, seed, texts, hashes } = read
      const index = record - block.first
      const salt = () => saltAt(blockSalts(seed, block.count), index)
      const receipt = formatReceipt({
        line: parseRecord(texts[index] ?? ""),
        body: withholdBody
          ? { kind: "withheld" }
          : { kind: "given", salt: salt(), bytes: records[index]?.body ?? new Uint8Array() },
        index,
        path: proveInclusion(index, hashes),
        block,
        proof: {
          index: block.number,
          path: proveInclusionFromTiles({ index: block.number, size: checkpoint.size }, (tile) =>
            log.tile(tile),
          ),
          checkpoint: signed,
        },
      })
      return { record, receipt }
    },
  }
}

type ReadBlock = Kept & ReturnType<typeof sealRecords> & { readonly block: Block }

async function readBlock(block: Block, open: Open): Promise<ReadBlock> {
  const kept = await lookFor(open, () => keptOf(block, open))
  return { block, ...kept, ...sealRecords(kept.records, kept.seed) }
}

function signedIn({ checkpoint }: Snapshot, dir: string): string {
  const signed = checkpoint === undefined ? undefined : utf8(checkpoint)
  if (signed === undefined) throw new Refusal("ledger.missing", `${dir} holds no ledger with a checkpoint`)
  return signed
}

async function numberOf(which: WhichRecord, open: Open): Promise<number> {
  if ("record" in which) return which.record
  const found = await lookFor(open, () => findByAuditId(which, open))
  const [only, ...others] = found
  const wanted = `auditID ${JSON.stringify(which.auditId)} and stage ${which.stage}`
  if (only === undefined) throw new Refusal("record.unknown", `no record has ${wanted}`)
  if (others.length === 0) return only
  const numbers = found.map(String)
  throw new Refusal("record.ambiguous", `${found.length} records have ${wanted}: ${numbers.join(", ")}`, {
    records: numbers,
  })
}

function notSealed(record: number, { journal }: Snapshot): Refusal {
  const { next } = verifyJournal(journal)
  return record < next
    ? new Refusal("record.unsealed", `record ${record} is received and not sealed yet`)
    : new Refusal("record.unknown", `there is no record ${record} yet`)
}

type Kept = { readonly records: readonly PlacedRecord[]; readonly seed: Uint8Array }

/** All records of a block and its seed, from whichever file still has them as they were sealed. */
async function keptOf(block: Block, { dir, snapshot, db }: Open): Promise<Kept> {
  const last = block.first + block.count - 1
  for (const name of snapshot.segmentFiles.filter((file) => mayHold(file, block.first, last))) {
    const found = await fromSegment(db, segmentPath(dir, name), { first: block.first, last })
    if (found !== undefined && isWhole(block, found.records, found.seed)) return found
  }
  const seed = seedsIn(snapshot.tail).get(block.number)
  if (seed !== undefined) {
    const records: PlacedRecord[] = []
    for (const record of verifyJournal(snapshot.journal).records(block.first)) {
      if (record.number > last) break
      records.push(record)
    }
    if (isWhole(block, records, seed)) return { records, seed }
  }
  throw unprovable(`no file holds the records ${block.first} to ${last} as block ${block.number} sealed them`)
}

async function fromSegment(
  db: Duckdb,
  path: string,
  range: { readonly first: number; readonly last: number },
): Promise<Kept | undefined> {
  try {
    const rows = (await readRange(db, path, range)).toSorted((a, b) => a.number - b.number)
    let seed: Uint8Array = new Uint8Array()
    const records = rows.flatMap(({ content, ...record }) => {
      if (content.kind !== "kept") return []
      seed = content.seed
      return [{ ...record, body: content.body }]
    })
    return { records, seed }
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

function isWhole(block: Block, records: readonly PlacedRecord[], seed: Uint8Array): boolean {
  const complete =
    records.length === block.count && records.every(({ number }, i) => number === block.first + i)
  return (
    complete &&
    seed.length === SEED_BYTES &&
    sameBytes(treeRoot(sealRecords(records, seed).hashes), block.root)
  )
}

/** Whether a segment's name says that it holds the records; whether it does, its bytes say. */
function mayHold(name: string, first: number, last: number): boolean {
  if (!isSegmentName(name)) return false
  const range = rangeOfSegment(name)
  return range.first <= first && last <= range.last
}
