import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { PlacedRecord } from "../../src/event/record.ts"
import { journalNames } from "../../src/journal/files.ts"
import { groupLines, parseJournalLine, scanJournal } from "../../src/journal/line.ts"
import { parseTail } from "../../src/seal/tail.ts"
import { type Block, blockLeafHash, parseBlock, verifyBlockFollows } from "../../src/tlog/block.ts"
import { decodeBundle } from "../../src/tlog/bundle.ts"
import { type Checkpoint, openCheckpoint } from "../../src/tlog/checkpoint.ts"
import { proveConsistency, verifyConsistency } from "../../src/tlog/consistency.ts"
import { treeRoot } from "../../src/tlog/merkle.ts"
import { sealRecords } from "../../src/tlog/record-hash.ts"
import type { Signer } from "../../src/tlog/signer.ts"
import { TILE_WIDTH, tilePath } from "../../src/tlog/tile.ts"

export type CheckedLedger = {
  readonly checkpoint: Checkpoint
  readonly blocks: readonly Block[]
  /** All that the journal holds, in order. */
  readonly records: readonly PlacedRecord[]
}

/**
 * Verifies a ledger from its files alone: signature, root, chain, every record of every block against the journal, gapless
 * numbers per source, and that it extends `older`. For ledgers whose journal has forgotten nothing.
 */
export function checkLedger(
  dir: string,
  signer: Signer,
  older?: Checkpoint,
  /** Blocks of records below this are not hashed again: a segment has their seeds, or they were checked before. */
  from = 0,
): CheckedLedger {
  const { checkpoint } = openCheckpoint(readFileSync(join(dir, "log/checkpoint"), "utf8"), [signer])
  const texts = blockTexts(dir, checkpoint.size)
  const leaves = texts.map(blockLeafHash)
  assert.deepEqual(treeRoot(leaves), checkpoint.root, "the root that is signed is that of the block texts")
  for (const [at, text] of texts.entries()) {
    const block = parseBlock(text)
    assert.equal(block.origin, checkpoint.origin)
    const before = texts[at - 1]
    if (before !== undefined) verifyBlockFollows(block, before)
  }
  if (older !== undefined) {
    const proof = older.size === 0 ? [] : proveConsistency(older.size, leaves)
    verifyConsistency({ older, newer: checkpoint, proof })
  }
  const records = journalRecords(dir)
  const blocks = texts.map(parseBlock)
  checkRecords(dir, { blocks, records, from })
  return { checkpoint, blocks, records }
}

function blockTexts(dir: string, size: number): string[] {
  const full = Math.floor(size / TILE_WIDTH)
  const texts: string[] = []
  for (let index = 0; index < full; index++) {
    const bundle = decodeBundle(readFileSync(join(dir, "log", tilePath("entries", index))), TILE_WIDTH)
    const entries = bundle.map((entry) => Buffer.from(entry).toString())
    const tile = readFileSync(join(dir, "log", tilePath(0, index)))
    assert.deepEqual(tile, Buffer.concat(entries.map(blockLeafHash)), `tile ${index} is that of its bundle`)
    texts.push(...entries)
  }
  const tail = parseTail(readFileSync(join(dir, "log/tail")))
  texts.push(
    ...tail.blocks
      .filter(({ number }) => number >= full * TILE_WIDTH && number < size)
      .map(({ text }) => text),
  )
  assert.equal(texts.length, size, "every block under the checkpoint is there")
  return texts
}

/** What readers of the journal see: every valid group of every file, in order. */
export function journalRecords(dir: string): PlacedRecord[] {
  const folder = join(dir, "journal")
  return journalNames(folder).flatMap((name) => {
    const bytes = readFileSync(join(folder, name))
    return [...scanJournal(bytes)].flatMap((group) => [...groupLines(bytes, group)].map(parseJournalLine))
  })
}

function checkRecords(
  dir: string,
  { blocks, records, from }: { blocks: readonly Block[]; records: readonly PlacedRecord[]; from: number },
): void {
  const counts = new Map<string, number>()
  for (const [at, { number, source, n }] of records.entries()) {
    assert.equal(number, at, "numbers have no gap")
    assert.equal(n, counts.get(source) ?? 0, `numbers of ${source} have no gap`)
    counts.set(source, n + 1)
  }
  const tail = parseTail(readFileSync(join(dir, "log/tail")))
  const seeds = new Map([...tail.seeds, ...tail.blocks].map(({ number, seed }) => [number, seed]))
  for (const block of blocks) {
    const seed = seeds.get(block.number)
    if (block.first + block.count <= from) continue
    assert.ok(seed !== undefined, `block ${block.number} has its seed`)
    const { hashes } = sealRecords(records.slice(block.first, block.first + block.count), seed)
    assert.equal(hashes.length, block.count, `all records of block ${block.number} are in the journal`)
    assert.deepEqual(treeRoot(hashes), block.root, `block ${block.number} holds the records of the journal`)
  }
  assert.ok(!existsSync(join(dir, "initialising")), "making the ledger was finished")
}
