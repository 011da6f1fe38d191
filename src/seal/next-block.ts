import { setImmediate } from "node:timers/promises"
import { assert } from "../base/assert.ts"
import type { Micros } from "../base/time.ts"
import type { PlacedRecord } from "../event/record.ts"
import { STEP_MICROS_MAX } from "../journal/clock-step.ts"
import { formatBlock } from "../tlog/block.ts"
import { foldRight, type Hash, pushLeaf } from "../tlog/merkle.ts"
import { blockSalts, hintOf, recordHash, saltAt, sealedLine } from "../tlog/record-hash.ts"
import type { LogState } from "./log-state.ts"

/** Hashing holds the event loop for about 2 ms (300 records of 1.5 KB), then lets requests in. */
const TURN_BYTES_MAX = 512 * 1024
/** What a record costs besides its body: a line of 250 bytes and its node, in bytes of hashing. */
const LINE_BYTES = 400

export type NextBlock = {
  readonly text: string
  /** {@link hintOf} each record's hash. */
  readonly hints: Uint16Array
}

/** The block that holds `records`, which follow the log's last one. */
export async function nextBlock(
  log: { readonly origin: string; readonly state: LogState },
  records: readonly PlacedRecord[],
  drawn: { readonly seed: Uint8Array; readonly now: Micros },
): Promise<NextBlock> {
  const first = records[0]?.number
  const last = records.at(-1)
  assert(
    first === log.state.records && last !== undefined,
    "a block's records follow those of the block before",
  )
  const { root, hints } = await hashAll(records, drawn.seed)
  const text = formatBlock({
    origin: log.origin,
    number: log.state.edge.size,
    first,
    count: records.length,
    root,
    sealedAt: notBefore(Math.max(last.receivedAt, log.state.sealedAt ?? 0), drawn.now),
    previous: log.state.previous,
  })
  return { text, hints }
}

/** A small step back of the clock shows in no block; a larger one was recorded, and is true here too. */
function notBefore(earlier: Micros, now: Micros): Micros {
  return earlier - now <= STEP_MICROS_MAX ? Math.max(earlier, now) : now
}

/** Root over the hashes of the records, grown record by record so that no turn of the event loop is long. */
async function hashAll(
  records: readonly PlacedRecord[],
  seed: Uint8Array,
): Promise<{ readonly root: Hash; readonly hints: Uint16Array }> {
  const salts = blockSalts(seed, records.length)
  const complete: Hash[] = []
  const hints = new Uint16Array(records.length)
  let bytes = 0
  for (const [index, record] of records.entries()) {
    const hash = recordHash(sealedLine(record, saltAt(salts, index)))
    hints[index] = hintOf(hash)
    pushLeaf(complete, index, hash)
    bytes += record.body.length + LINE_BYTES
    if (bytes > TURN_BYTES_MAX) {
      await setImmediate()
      bytes = 0
    }
  }
  return { root: foldRight(complete), hints }
}
