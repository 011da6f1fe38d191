import { join } from "node:path"
import { assert } from "../base/assert.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import type { Clock } from "../base/time.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { isFull, isSyncError, replaceFile } from "../journal/disk.ts"
import type { Journal } from "../journal/journal.ts"
import type { ReadLimits } from "../journal/reader.ts"
import type { Reserve } from "../journal/reserve.ts"
import { formatCheckpoint } from "../tlog/checkpoint.ts"
import { signNote } from "../tlog/note.ts"
import { SEED_BYTES } from "../tlog/record-hash.ts"
import type { Signer } from "../tlog/signer.ts"
import { edgeRoot } from "../tlog/tile-edge.ts"
import { BLOCK_LIMITS } from "./block-limits.ts"
import { keyRotated } from "./control.ts"
import { signKeyRotation } from "./key-rotation.ts"
import { extendLog, type LogState, type SealedBlock } from "./log-state.ts"
import { readLogTile } from "./log-tiles.ts"
import { nextBlock } from "./next-block.ts"
import type { TailBlock } from "./tail.ts"
import { TailFile } from "./tail-file.ts"
import { type LogPlace, putTile } from "./tile-files.ts"

/** How far the log is committed. Nothing beyond is ever served. */
export type Sealed = {
  readonly blocks: number
  /** Every record below is sealed. */
  readonly records: number
  /** Signed note; empty only while a ledger is being made. */
  readonly checkpoint: string
}

export interface Sealer {
  readonly sealed: Sealed
  /** Why nothing more is sealed; undefined while all is well. It does not heal in this process. */
  readonly trouble: Refusal | undefined
  /**
   * Seals everything committed to the journal now, block by block; resolves with what became committed. Where the disk
   * refuses, the next call goes on at the same place.
   */
  sealOnce(): Promise<readonly SealedBlock[]>
  /** Resolves when the record is under the checkpoint, which may be long before a turn of {@link sealOnce} ends. */
  sealedBeyond(record: number): Promise<void>
  /** Sealed blocks whose records are in no segment yet, in order. */
  unsegmented(): readonly SealedBlock[]
  /** A segment with the records below is durable and recorded: their seeds are forgotten. */
  segmented(below: number): Promise<void>
  /** A tile or bundle, by its path; undefined beyond the committed size. Refuses `tile.malformed`. */
  readTile(path: string): Promise<Uint8Array | undefined>
  /** Seals all with the old key, then records the change, signed by both, and seals that with the new one. */
  rotateKey(next: Signer<"ed25519">): Promise<void>
  close(): Promise<void>
}

export type SealerOptions = {
  readonly place: LogPlace
  readonly origin: string
  readonly signer: Signer<"ed25519">
  readonly journal: Journal
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly reserve?: Reserve | undefined
  readonly limits?: Partial<ReadLimits> | undefined
  readonly onSealed?: ((block: SealedBlock, sealed: Sealed) => void) | undefined
  readonly onTrouble?: ((trouble: Refusal) => void) | undefined
  readonly onFatal: (error: unknown) => void
}

/** What the files of a log say. */
export type FoundLog = {
  readonly state: LogState
  readonly checkpoint: string
  /** Committed blocks whose records are in no segment yet, in order. */
  readonly unsegmented: readonly SealedBlock[]
  /** A block that a crash kept from being committed. */
  readonly decided: SealedBlock | undefined
  readonly trouble: Refusal | undefined
}

/**
 * Goes on where the files end. Writes `log/tail` anew, synced, before anything else, unless there is trouble: then it
 * touches nothing. Where the disk refuses that, it is tried again by each turn: what is journalled needs no sealer.
 */
export async function openSealer(options: SealerOptions, found: FoundLog): Promise<Sealer> {
  const sealer = new OpenSealer(options, found)
  if (found.trouble === undefined) await sealer.begin()
  return sealer
}

class OpenSealer implements Sealer {
  readonly #options: SealerOptions
  readonly #limits: ReadLimits
  readonly #tail: TailFile
  #signer: Signer<"ed25519">
  #state: LogState
  #checkpoint: string
  #unsegmented: readonly SealedBlock[]
  /** Decided, and not committed: goes first, byte for byte. */
  #decided: SealedBlock | undefined
  /** The tail has lines that it no longer needs. */
  #tailIsLong = true
  readonly #waiters = new Set<{ readonly record: number; readonly resolve: () => void }>()
  #trouble: Refusal | undefined
  /** The last thing asked for: one at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SealerOptions, found: FoundLog) {
    this.#options = options
    this.#limits = { ...BLOCK_LIMITS, ...options.limits }
    this.#signer = options.signer
    this.#state = found.state
    this.#checkpoint = found.checkpoint
    this.#unsegmented = found.unsegmented
    this.#decided = found.decided
    this.#trouble = found.trouble
    this.#tail = new TailFile(options.place)
  }

  get sealed(): Sealed {
    const { edge, records } = this.#state
    return { blocks: edge.size, records, checkpoint: this.#checkpoint }
  }

  get trouble(): Refusal | undefined {
    return this.#trouble
  }

  sealedBeyond(record: number): Promise<void> {
    if (record < this.#state.records) return Promise.resolve()
    return new Promise((resolve) => {
      const waiter = {
        record,
        resolve: () => {
          this.#waiters.delete(waiter)
          resolve()
        },
      }
      this.#waiters.add(waiter)
    })
  }

  sealOnce(): Promise<readonly SealedBlock[]> {
    // A turn for each block: under load sealing goes on for seconds, and others have something to do in between.
    return this.#sealUpTo(this.#options.journal.next, (step) => this.#inTurn(step))
  }

  async #sealUpTo(
    end: number,
    inTurn: (step: () => Promise<boolean>) => Promise<boolean>,
  ): Promise<readonly SealedBlock[]> {
    const blocks: SealedBlock[] = []
    const step = async (): Promise<boolean> => {
      if (this.#trouble !== undefined) return false
      if (this.#state.records >= end && this.#decided === undefined) return false
      if (this.#tailIsLong && !(await this.#tried(() => this.shortenTail()))) return false
      return await this.#tried(async () => blocks.push(await this.#sealBlock()))
    }
    while (await inTurn(step));
    return blocks
  }

  /** One block. The order of the awaits is the crash argument; docs/ARCHITECTURE.md, 'What a crash leaves', has the table. */
  async #sealBlock(): Promise<SealedBlock> {
    const { place } = this.#options
    const block = this.#decided ?? (await this.#decide())
    this.#decided = block // from here on a fact, used again byte for byte
    const next = extendLog(this.#state, block.text)

    for (const { path, bytes } of next.files) await putTile(place, path, bytes) // follows from block texts alone
    const checkpoint = this.#sign(next.state) // deterministic
    const path = join(place.log, "checkpoint")
    const temporary = join(place.tmp, "checkpoint")
    await replaceFile(place.disk, { path, temporary, folder: place.log }, Buffer.from(checkpoint)) // the commit

    this.#decided = undefined
    this.#state = next.state
    this.#checkpoint = checkpoint
    this.#unsegmented = [...this.#unsegmented, block]
    this.#tailIsLong ||= next.files.length > 0
    this.#options.journal.release(next.state.records)
    this.#options.onSealed?.(block, this.sealed)
    for (const waiter of [...this.#waiters]) if (waiter.record < next.state.records) waiter.resolve()
    return block
  }

  async #decide(): Promise<SealedBlock> {
    const { journal, origin, clock, random } = this.#options
    const from = this.#state.records
    const records = await journal.read(from, this.#limits)
    if (records[0]?.number !== from) {
      throw new Refusal("ledger.damaged", `record ${from} is not in the journal, and not sealed`)
    }
    const seed = random(SEED_BYTES)
    const { text, hints } = await nextBlock({ origin, state: this.#state }, records, { seed, now: clock() })
    const block = { number: this.#state.edge.size, first: from, count: records.length, seed, text, hints }
    await this.#tail.append(block)
    return block
  }

  #sign({ edge }: LogState): string {
    const text = formatCheckpoint({ origin: this.#options.origin, size: edge.size, root: edgeRoot(edge) })
    return signNote(text, [this.#signer])
  }

  async begin(): Promise<void> {
    await this.#tried(() => this.shortenTail())
  }

  /**
   * Writes the tail anew: blocks in full tiles leave it, but for the seeds of those whose records are in no segment yet.
   * All other seeds are gone with that.
   */
  async shortenTail(): Promise<void> {
    const { edge, newest } = this.#state
    const start = edge.size - newest.length
    const seeds = new Map(this.#unsegmented.map(({ number, seed }) => [number, seed]))
    const blocks: TailBlock[] = newest.map((text, at) => {
      return { number: start + at, seed: seeds.get(start + at), text }
    })
    if (this.#decided !== undefined) blocks.push(this.#decided)
    await this.#tail.rewrite({ seeds: this.#unsegmented.filter(({ number }) => number < start), blocks })
    this.#tailIsLong = false
  }

  /** Runs one act. What the disk refuses is tried again by the next turn; what cannot be right ends sealing. */
  async #tried(act: () => Promise<unknown>): Promise<boolean> {
    try {
      try {
        await act()
      } catch (error) {
        if (!isFull(error) || this.#options.reserve?.release() !== true) throw error
        await act()
      }
      return true
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  #fail(error: unknown): void {
    const { onTrouble, onFatal } = this.#options
    if (isRefusal(error)) {
      this.#trouble = error
      onTrouble?.(error)
    } else if (isSyncError(error) || !this.#tail.usable) {
      this.#trouble = new Refusal("seal.unavailable", "nobody knows what is on the disk", {}, error)
      onFatal(error)
    } else if (error instanceof Error && "syscall" in error) {
      onTrouble?.(new Refusal("seal.unavailable", `nothing is sealed: ${error.message}`, {}, error))
    } else {
      throw error
    }
  }

  unsegmented(): readonly SealedBlock[] {
    return this.#unsegmented
  }

  segmented(below: number): Promise<void> {
    return this.#inTurn(async () => {
      const left = this.#unsegmented.filter(({ first, count }) => first + count > below)
      if (this.#trouble !== undefined || left.length === this.#unsegmented.length) return
      this.#unsegmented = left
      this.#tailIsLong = true
      await this.#tried(() => this.shortenTail())
    })
  }

  async readTile(path: string): Promise<Uint8Array | undefined> {
    return readLogTile(this.#options.place.log, this.#state, path)
  }

  rotateKey(next: Signer<"ed25519">): Promise<void> {
    return this.#inTurn(async () => {
      const { origin, journal } = this.#options
      assert(next.name === origin, "a log's key has its origin as name")
      await this.#sealUpTo(journal.next, (step) => step())
      if (this.#trouble !== undefined) throw this.#trouble
      const note = signKeyRotation(origin, this.#state.edge.size, [this.#signer, next])
      await journal.appendControl([controlRecord(keyRotated.format({ note }))])
      this.#signer = next
      await this.#sealUpTo(journal.next, (step) => step())
    })
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#tail.close())
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
