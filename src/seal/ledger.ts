import { randomBytes } from "node:crypto"
import { join, resolve } from "node:path"
import { isThere } from "../base/is-there.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { type Clock, possibleClock } from "../base/time.ts"
import { type Disk, isFull, isSyncError, realDisk } from "../journal/disk.ts"
import { type Journal, openJournal } from "../journal/journal.ts"
import { JOURNAL_LIMITS, type JournalLimits } from "../journal/limits.ts"
import type { ReadLimits } from "../journal/reader.ts"
import { Reserve } from "../journal/reserve.ts"
import type { Signer } from "../tlog/signer.ts"
import { compareRemembered } from "./compare-remembered.ts"
import { readLog } from "./found-log.ts"
import { refuseOtherOrigin, refuseWrongKey } from "./key-in-force.ts"
import { type LedgerPlace, ledgerPlace, makeFolders } from "./ledger-place.ts"
import { type Lock, takeLock } from "./lock.ts"
import type { SealedBlock } from "./log-state.ts"
import type { Remembered } from "./remember.ts"
import { type FoundLog, openSealer, type Sealed, type Sealer } from "./sealer.ts"

/** 20,000 blocks without a full tile, or a week of tiles. */
const RESERVE_BYTES = 8 * 1024 * 1024

export type LedgerOptions = {
  /** The log's key; its name is the origin. */
  readonly signer: Signer<"ed25519">
  readonly clock: Clock
  /** A clock that never steps, in microseconds from any zero. */
  readonly steady?: () => number
  readonly random?: (bytes: number) => Uint8Array
  readonly disk?: Disk
  /** Checkpoints kept outside the ledger. Without them, an older copy of the ledger is not known as such. */
  readonly remembered?: Remembered
  readonly journal?: Partial<JournalLimits>
  /** Sources of the configuration, each of which has its place; see KnownSources. */
  readonly owners?: () => readonly string[]
  readonly seal?: Partial<ReadLimits>
  readonly reserveBytes?: number
  readonly onSync?: (seconds: number, records: number) => void
  /** After each block. A turn under load seals for seconds, and who makes segments need not wait for its end. */
  readonly onSealed?: (block: SealedBlock, sealed: Sealed) => void
  /** Damage found, or something refused that a person should hear of. */
  readonly onTrouble?: (trouble: Refusal) => void
  /** The process must end: a sync failed, and nobody knows what is on the disk. What is closed after it writes nothing. */
  readonly onFatal: (error: unknown) => void
}

/** A ledger that this process holds. */
export type OpenLedger = {
  readonly dir: string
  readonly origin: string
  readonly journal: Journal
  readonly sealer: Sealer
  /** Due at least once a minute, also when idle: a record of every source's next number; and room for closing is kept. */
  heartbeat(): Promise<void>
  /** Takes nothing more, seals all that was taken, and lets the ledger go. */
  close(): Promise<void>
}

/**
 * Opens the ledger in `dir` for writing. Refuses `ledger.missing`, `ledger.locked`, `key.unknown`. A ledger whose log
 * cannot go on (shorter than remembered, forked, damaged) opens all the same: it journals and answers senders, and
 * `sealer.trouble` says why nothing is sealed.
 */
export async function openLedger(dir: string, options: LedgerOptions): Promise<OpenLedger> {
  const place = ledgerPlace(resolve(dir), options.disk ?? realDisk)
  if (!isThere(join(place.log, "checkpoint"))) {
    throw new Refusal("ledger.missing", `${dir} holds no ledger: there is no log/checkpoint`)
  }
  const lock = takeLock(place.lock)
  try {
    return await openHeld(place, lock, options)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openHeld(place: LedgerPlace, lock: Lock, given: LedgerOptions): Promise<OpenLedger> {
  const health = { failed: false }
  const options: LedgerOptions = {
    ...given,
    clock: possibleClock(given.clock),
    onFatal(error) {
      health.failed = true
      given.onFatal(error)
    },
  }
  const { signer, clock, random = randomBytes, remembered } = options
  await makeFolders(place)
  const read = readLog(place.log, signer)
  refuseOtherOrigin(read, signer)
  const trouble = read.trouble ?? compareRemembered(place.log, read, remembered?.read(signer.name))
  const found = { ...read, trouble }
  const reserve = new Reserve(place.disk, place.reserve, options.reserveBytes ?? RESERVE_BYTES)
  const opening = () => openRecovered(place, found, { ...options, reserve })
  const journal = await opening().catch((error: unknown) => {
    // What a crash left unsealed is copied before anything else; on a full disk into the room that was kept.
    if (!isFull(error) || !reserve.release()) throw error
    return opening()
  })
  try {
    if (trouble === undefined) await refuseWrongKey(journal, found, signer)
    const origin = signer.name
    const { onSealed, onTrouble, onFatal, seal: limits } = options
    const sealer = await openSealer(
      { place, origin, signer, journal, clock, random, reserve, limits, onSealed, onTrouble, onFatal },
      found,
    )
    if (trouble !== undefined) onTrouble?.(trouble)
    return new HeldLedger({ place, options, journal, sealer, reserve, lock, health })
  } catch (error) {
    await journal.close()
    throw error
  }
}

function openRecovered(
  place: LedgerPlace,
  { state, decided, unsegmented, trouble }: FoundLog,
  options: LedgerOptions & { readonly reserve: Reserve },
): Promise<Journal> {
  // What was decided is sealed as far as the journal is concerned: its records keep their numbers.
  const records = decided === undefined ? state.records : decided.first + decided.count
  const segmented = unsegmented[0]?.first ?? state.records
  const {
    clock,
    steady = steadyMicros,
    reserve,
    owners,
    journal: limits,
    onSync,
    onTrouble,
    onFatal,
  } = options
  const sealed = trouble === undefined ? { records, segmented } : undefined
  return openJournal({ place, sealed, clock, steady, reserve, owners, limits, onSync, onTrouble, onFatal })
}

const steadyMicros = () => Math.floor(performance.now() * 1000)

type Held = {
  readonly place: LedgerPlace
  readonly options: LedgerOptions
  readonly journal: Journal
  readonly sealer: Sealer
  readonly reserve: Reserve
  readonly lock: Lock
  /** Failed after a sync that failed: nothing is written any more. */
  readonly health: { readonly failed: boolean }
}

class HeldLedger implements OpenLedger {
  readonly #held: Held

  constructor(held: Held) {
    this.#held = held
  }

  get dir(): string {
    return this.#held.place.root
  }

  get origin(): string {
    return this.#held.options.signer.name
  }

  get journal(): Journal {
    return this.#held.journal
  }

  get sealer(): Sealer {
    return this.#held.sealer
  }

  async heartbeat(): Promise<void> {
    const { journal, place, options, reserve } = this.#held
    await journal.heartbeat()
    await this.#remember()
    const usedShareMax = options.journal?.usedShareMax ?? JOURNAL_LIMITS.usedShareMax
    if (place.disk.usedShare(place.root) >= usedShareMax) return
    try {
      await reserve.hold()
    } catch (error) {
      reserve.release()
      if (isSyncError(error)) options.onFatal(error)
      else
        options.onTrouble?.(new Refusal("seal.unavailable", "no room is kept for closing the log", {}, error))
    }
  }

  async #remember(): Promise<void> {
    const { sealer, options } = this.#held
    if (options.remembered === undefined || sealer.trouble !== undefined) return
    try {
      await options.remembered.remember(sealer.sealed.checkpoint)
    } catch (error) {
      if (!isRefusal(error)) throw error
      options.onTrouble?.(error)
    }
  }

  async close(): Promise<void> {
    const { journal, sealer, lock, health } = this.#held
    try {
      await journal.close()
      if (!health.failed) await sealer.sealOnce()
      await sealer.close()
      if (!health.failed) await this.#remember()
    } finally {
      lock.release()
    }
  }
}
