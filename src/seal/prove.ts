import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { concat, sameBytes, toBytes, utf8 } from "../base/bytes.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { PlacedRecord } from "../event/record.ts"
import { parseRecord } from "../event/record.ts"
import { type Duckdb, openDuckdb } from "../store/duckdb.ts"
import { isSegmentName, segmentPath } from "../store/segment-name.ts"
import { type Block, parseBlock } from "../tlog/block.ts"
import { decodeBundle } from "../tlog/bundle.ts"
import { proveInclusion } from "../tlog/inclusion.ts"
import { leafHash, treeRoot } from "../tlog/merkle.ts"
import { formatReceipt } from "../tlog/receipt.ts"
import { blockSalts, saltAt, sealRecords } from "../tlog/record-hash.ts"
import { splitTile, TILE_WIDTH, type Tile, tilePath } from "../tlog/tile.ts"
import { proveInclusionFromTiles, rootFromTiles } from "../tlog/tile-proof.ts"
import { type FoundRecord, findByAuditId } from "./find-record.ts"
import { logReader, seedsIn } from "./log-on-disk.ts"
import { checkpointOf } from "./remember.ts"
import { readRange } from "./reread.ts"
import { type Snapshot, takeSnapshot } from "./snapshot.ts"
import { verifyJournal } from "./verify-journal.ts"

export type ProveRequest = {
  /** The ledger's directory. Only read; a server may be writing to it. */
  readonly dir: string
  readonly which: { readonly record: number } | { readonly auditId: string; readonly stage: string }
  /** The record's line and proof only: who sent how much and when, not what. */
  readonly withholdBody: boolean
}

export type Proved = { readonly record: number; readonly receipt: string }

const MEMORY_BYTES_MAX = 768 * 1024 * 1024
const TEMP_BYTES_MAX = 1024 * 1024 * 1024

/**
 * Makes the receipt of one record out of a ledger's files. Reads all records of its block again and refuses
 * (`record.unprovable`) when they do not make the block's root, or the blocks not the checkpoint's. Refuses also
 * `record.unknown`, `record.ambiguous` (several records have the auditID and stage) and `record.unsealed`.
 */
export async function proveRecord(request: ProveRequest): Promise<Proved> {
  const tempDir = await mkdtemp(join(tmpdir(), "tallystick-prove-"))
  const snapshot = await takeSnapshot(request.dir)
  const memory = { memoryBytesMax: MEMORY_BYTES_MAX, threads: 1, tempDir, tempBytesMax: TEMP_BYTES_MAX }
  const db = await openDuckdb({ ...memory, folders: [request.dir] })
  try {
    return await prove(request, { snapshot, db })
  } finally {
    db.close()
    snapshot.close()
    await rm(tempDir, { recursive: true, force: true })
  }
}

type Open = { readonly snapshot: Snapshot; readonly db: Duckdb }

async function prove(request: ProveRequest, { snapshot, db }: Open): Promise<Proved> {
  const { dir, withholdBody } = request
  const signed = signedIn(snapshot, dir)
  const checkpoint = checkpointOf(signed)
  const log = new SealedLog(dir, snapshot, checkpoint.size)
  if (
    !sameBytes(
      rootFromTiles(checkpoint.size, (tile) => log.tile(tile)),
      checkpoint.root,
    )
  ) {
    throw unprovable("the log's tiles do not make the root that its checkpoint signs")
  }

  const record = await numberOf(request, { snapshot, db })
  if (record >= log.records) throw notSealed(record, snapshot)
  const block = log.blockOf(record)
  const { records, seed } = await recordsOf(block, { dir, snapshot, db })
  const index = record - block.first
  const { texts, hashes } = sealRecords(records, seed)
  const receipt = formatReceipt({
    line: parseRecord(texts[index] ?? ""),
    body: withholdBody
      ? { kind: "withheld" }
      : {
          kind: "given",
          salt: saltAt(blockSalts(seed, block.count), index),
          bytes: records[index]?.body ?? new Uint8Array(),
        },
    index,
    path: proveInclusion(index, hashes),
    block,
    proof: {
      index: block.number,
      path: proveInclusionFromTiles({ index: block.number, size: checkpoint.size }, (tile) => log.tile(tile)),
      checkpoint: signed,
    },
  })
  return { record, receipt }
}

function signedIn({ checkpoint }: Snapshot, dir: string): string {
  const signed = checkpoint === undefined ? undefined : utf8(checkpoint)
  if (signed === undefined) throw new Refusal("ledger.missing", `${dir} holds no ledger with a checkpoint`)
  return signed
}

async function numberOf({ dir, which }: ProveRequest, { snapshot, db }: Open): Promise<number> {
  if ("record" in which) return which.record
  const found = await findByAuditId(which, { dir, snapshot, db })
  const [only, ...others] = found
  const wanted = `auditID ${which.auditId} and stage ${which.stage}`
  if (only === undefined) throw new Refusal("record.unknown", `no record has ${wanted}`)
  if (others.length === 0) return only.record
  const numbers = found.map(({ record }: FoundRecord) => String(record))
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

/** All records of a block and its seed, from whichever file still has them as they were sealed. */
async function recordsOf(
  block: Block,
  ledger: Open & { readonly dir: string },
): Promise<{ readonly records: readonly PlacedRecord[]; readonly seed: Uint8Array }> {
  const { dir, snapshot, db } = ledger
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
): Promise<{ readonly records: PlacedRecord[]; readonly seed: Uint8Array } | undefined> {
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
  const salted = seed.length === block.root.length / 2
  return complete && salted && sameBytes(treeRoot(sealRecords(records, seed).hashes), block.root)
}

/** Whether a segment's name says that it holds the records; whether it does, its bytes say. */
function mayHold(name: string, first: number, last: number): boolean {
  const [, from, to] = /(\d{16})-(\d{16})-/.exec(name) ?? []
  return isSegmentName(name) && Number(from) <= first && last <= Number(to)
}

function unprovable(why: string): Refusal {
  return new Refusal("record.unprovable", why)
}

/** Block texts and tiles of a log up to its checkpoint: full ones out of files, the newest out of `log/tail`. */
class SealedLog {
  readonly #read: (path: string) => Uint8Array | undefined
  readonly #tail: ReadonlyMap<number, Uint8Array>
  readonly #size: number
  #bundle: { readonly index: number; readonly texts: readonly Uint8Array[] } | undefined

  constructor(dir: string, { tail }: Snapshot, size: number) {
    this.#read = logReader(dir)
    this.#tail = new Map(tail.blocks.map(({ number, text }) => [number, toBytes(text)]))
    this.#size = size
  }

  /** Every record below is sealed. */
  get records(): number {
    if (this.#size === 0) return 0
    const last = this.#block(this.#size - 1)
    return last.first + last.count
  }

  blockOf(record: number): Block {
    let [low, high] = [0, this.#size - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.#block(middle).first <= record) low = middle
      else high = middle - 1
    }
    return this.#block(low)
  }

  tile({ level, index, width }: Tile): Uint8Array {
    const path = tilePath(level, index)
    const bytes = width === TILE_WIDTH ? this.#read(path) : undefined
    if (bytes !== undefined) return bytes
    if (width === TILE_WIDTH || level === "entries") throw unprovable(`log/${path} is gone`)
    const nodes = Array.from({ length: width }, (_, i) => index * TILE_WIDTH + i)
    if (level === 0) return concat(nodes.map((number) => leafHash(this.#text(number))))
    const below = nodes.map((node) => this.tile({ level: level - 1, index: node, width: TILE_WIDTH }))
    return concat(below.map((tile) => treeRoot(splitTile(tile))))
  }

  #block(number: number): Block {
    const text = utf8(this.#text(number))
    if (text === undefined) throw unprovable(`the text of block ${number} is not UTF-8`)
    return parseBlock(text)
  }

  #text(number: number): Uint8Array {
    const index = Math.floor(number / TILE_WIDTH)
    const text = this.#tail.get(number) ?? this.#texts(index)[number % TILE_WIDTH]
    if (text === undefined) throw unprovable(`the text of block ${number} is gone`)
    return text
  }

  #texts(index: number): readonly Uint8Array[] {
    if (this.#bundle?.index === index) return this.#bundle.texts
    const bytes = this.#read(tilePath("entries", index))
    const texts = bytes === undefined ? [] : decodeBundle(bytes, TILE_WIDTH)
    this.#bundle = { index, texts }
    return texts
  }
}
