import { join } from "node:path"
import { sameBytes, utf8 } from "../base/bytes.ts"
import { readIfThere } from "../base/read-if-there.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { blockLeafHash, parseBlock, verifyBlockFollows } from "../tlog/block.ts"
import { decodeBundle } from "../tlog/bundle.ts"
import { type Checkpoint, openCheckpoint } from "../tlog/checkpoint.ts"
import { TILE_WIDTH, tilePath } from "../tlog/tile.ts"
import { edgeRoot, readEdge } from "../tlog/tile-edge.ts"
import type { VerifierKey } from "../tlog/verifier-key.ts"
import { EMPTY_LOG, type LogState, type SealedBlock } from "./log-state.ts"
import { checkpointOf } from "./remember.ts"
import type { FoundLog } from "./sealer.ts"
import { parseTail, type Tail, type TailBlock } from "./tail.ts"
import { tileReader } from "./tile-files.ts"

/**
 * Reads where a log stands: checkpoint, tail, and of the full tiles as many as the edge needs (256 per level). What does
 * not fit together is `trouble`, and sealing does not begin. `signedBy` is the key given that signed the checkpoint;
 * undefined where another did.
 */
export function readLog(log: string, key: VerifierKey): FoundLog & { readonly signed: boolean } {
  const signed = readText(join(log, "checkpoint")) ?? ""
  try {
    const checkpoint = checkpointOf(signed)
    const tail = parseTail(readIfThere(join(log, "tail")) ?? new Uint8Array())
    const bundles = bundleReader(log)
    const state = rebuild(log, { checkpoint, tail, bundles })
    const decided = decidedBlock(tail, state, bundles)
    const unsegmented = unsegmentedBlocks(tail, checkpoint.size, bundles)
    const found = { state, checkpoint: signed, unsegmented, decided, trouble: undefined }
    return { ...found, signed: isSigned(signed, key) }
  } catch (error) {
    if (!isRefusal(error)) throw error
    const trouble = error.code === "ledger.damaged" ? error : damaged(error.message, error)
    return {
      state: EMPTY_LOG,
      checkpoint: signed,
      unsegmented: [],
      decided: undefined,
      trouble,
      signed: false,
    }
  }
}

function isSigned(signed: string, key: VerifierKey): boolean {
  try {
    openCheckpoint(signed, [key])
    return true
  } catch (error) {
    if (isRefusal(error, "note.unsigned")) return false
    throw error
  }
}

type Bundles = (index: number) => readonly string[]

type Sources = { readonly checkpoint: Checkpoint; readonly tail: Tail; readonly bundles: Bundles }

function rebuild(log: string, { checkpoint, tail, bundles }: Sources): LogState {
  const { size } = checkpoint
  const full = Math.floor(size / TILE_WIDTH)
  const start = full * TILE_WIDTH
  const newest = tail.blocks.filter(({ number }) => number >= start && number < size).map(({ text }) => text)
  if (newest.length !== size - start) {
    throw damaged(`the checkpoint has ${size} blocks, log/tail ${newest.length} of those from ${start} on`)
  }
  const before = full === 0 ? [] : bundles(full - 1).slice(-1)
  const last = followed([...before, ...newest])
  const edge = readEdge(newest.map(blockLeafHash), full, tileReader(log))
  if (!sameBytes(edgeRoot(edge), checkpoint.root))
    throw damaged("tiles and tail do not give the root that was signed")
  if (last === undefined) return EMPTY_LOG
  const { origin, first, count, sealedAt } = parseBlock(last)
  if (origin !== checkpoint.origin) throw damaged(`the blocks are those of ${origin}`)
  return { edge, records: first + count, previous: blockLeafHash(last), sealedAt, newest }
}

/** Checks that each text names the one before it; returns the last. */
function followed(texts: readonly string[]): string | undefined {
  for (const [at, text] of texts.entries()) {
    const before = texts[at - 1]
    if (before !== undefined) verifyBlockFollows(parseBlock(text), before)
  }
  return texts.at(-1)
}

function decidedBlock(tail: Tail, state: LogState, bundles: Bundles): SealedBlock | undefined {
  const { size } = state.edge
  const beyond = tail.blocks.filter(({ number }) => number >= size)
  const [block] = beyond
  if (block === undefined) return undefined
  if (beyond.length > 1) throw damaged(`log/tail has ${beyond.length} blocks beyond the checkpoint`)
  const full = size / TILE_WIDTH
  const before = state.newest.at(-1) ?? (size === 0 ? undefined : bundles(full - 1).at(-1))
  if (before !== undefined) verifyBlockFollows(parseBlock(block.text), before)
  const sealed = sealedBlock(block)
  if (sealed === undefined) throw damaged("log/tail has a block without seed beyond the checkpoint")
  return sealed
}

function unsegmentedBlocks(tail: Tail, size: number, bundles: Bundles): SealedBlock[] {
  const seeds = tail.seeds.map((seed) => {
    const text = bundles(Math.floor(seed.number / TILE_WIDTH))[seed.number % TILE_WIDTH]
    if (text === undefined)
      throw damaged(`log/tail has a seed of block ${seed.number}, which is in no bundle`)
    return { ...seed, text }
  })
  const committed = tail.blocks.filter(({ number }) => number < size)
  const blocks = committed.flatMap((block) => sealedBlock(block) ?? [])
  return [...new Map([...seeds, ...blocks].map((block) => [block.number, block])).values()]
}

function sealedBlock({ number, seed, text }: TailBlock): SealedBlock | undefined {
  if (seed === undefined) return undefined
  const { first, count } = parseBlock(text)
  return { number, first, count, seed, text }
}

function bundleReader(log: string): Bundles {
  let last: { readonly index: number; readonly texts: readonly string[] } | undefined
  return (index) => {
    if (last?.index === index) return last.texts
    const path = tilePath("entries", index)
    const bytes = readIfThere(join(log, path))
    if (bytes === undefined) throw damaged(`${path} is gone`)
    last = { index, texts: decodeBundle(bytes, TILE_WIDTH).map((entry) => utf8(entry) ?? "") }
    return last.texts
  }
}

function readText(path: string): string | undefined {
  const bytes = readIfThere(path)
  return bytes === undefined ? undefined : utf8(bytes)
}

function damaged(why: string, cause?: unknown): Refusal {
  return new Refusal("ledger.damaged", `the log cannot go on: ${why}`, {}, cause)
}
