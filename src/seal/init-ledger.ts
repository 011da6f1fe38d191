import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Refusal } from "../base/refusal.ts"
import { type Clock, possibleClock } from "../base/time.ts"
import { controlRecord } from "../journal/control-kind.ts"
import { type Disk, realDisk } from "../journal/disk.ts"
import { type Journal, openJournal } from "../journal/journal.ts"
import type { Signer } from "../tlog/signer.ts"
import { formatVerifierKey } from "../tlog/verifier-key.ts"
import { ledgerCreated } from "./control.ts"
import { type LedgerPlace, ledgerPlace, makeFolders } from "./ledger-place.ts"
import { takeLock } from "./lock.ts"
import { EMPTY_LOG } from "./log-state.ts"
import { checkpointOf, type Remembered } from "./remember.ts"
import { openSealer } from "./sealer.ts"

export type InitOptions = {
  /** The log's key; its name is the ledger's origin, for good. */
  readonly signer: Signer<"ed25519">
  readonly clock: Clock
  readonly random?: (bytes: number) => Uint8Array
  readonly disk?: Disk
  readonly remembered?: Remembered
  /** Last signed checkpoint of the ledger that this one follows. */
  readonly predecessor?: string
}

/**
 * Makes a new ledger: record 0, `ledger.created`, sealed in block 0. Refuses `ledger.exists` where one is,
 * `ledger.damaged` where parts of one are, `ledger.shrunk` where this origin is known to have been one: a ledger that is
 * gone is never made anew under its old name. Interrupted, it can be run again.
 */
export async function initLedger(dir: string, given: InitOptions): Promise<void> {
  const options = { ...given, clock: possibleClock(given.clock) }
  const place = ledgerPlace(resolve(dir), options.disk ?? realDisk)
  mkdirSync(place.root, { recursive: true, mode: 0o750 })
  await place.disk.syncFolder(dirname(place.root))
  const lock = takeLock(place.lock)
  try {
    if (existsSync(join(place.log, "checkpoint"))) {
      if (!existsSync(place.initialising)) throw new Refusal("ledger.exists", `${dir} is a ledger already`)
    } else {
      refuseParts(place)
      refuseKnown(options)
      await make(place, options)
    }
    place.disk.remove(place.initialising)
    await place.disk.syncFolder(place.root)
  } finally {
    lock.release()
  }
}

function refuseParts(place: LedgerPlace): void {
  if (existsSync(place.initialising)) return
  const parts = [place.dir, place.log, join(place.root, "segments")].filter((path) => existsSync(path))
  if (parts.length > 0) {
    throw new Refusal(
      "ledger.damaged",
      `${parts.join(", ")} of a ledger are there, and its checkpoint is not`,
    )
  }
}

function refuseKnown({ signer, remembered }: InitOptions): void {
  const known = remembered?.read(signer.name)
  if (known === undefined) return
  const { size } = checkpointOf(known)
  throw new Refusal(
    "ledger.shrunk",
    `${signer.name} was a ledger of ${size} blocks: restore it, or take another origin (…/2) and name it as predecessor`,
  )
}

async function make(place: LedgerPlace, options: InitOptions): Promise<void> {
  const { signer, clock } = options
  const marker = await place.disk.create(place.initialising)
  await marker.sync()
  await marker.close()
  await place.disk.syncFolder(place.root)
  for (const folder of [place.dir, place.log]) rmSync(folder, { recursive: true, force: true })
  await makeFolders(place)

  // Whatever fails here is the answer to whoever runs init, who can run it again.
  const failures: unknown[] = []
  const onFatal = (error: unknown) => void failures.push(error)
  const onTrouble = (trouble: Refusal) => void failures.push(trouble)
  const { origin, journal } = await openFirstJournal(place, options, { onFatal, onTrouble })
  try {
    const found = {
      state: EMPTY_LOG,
      checkpoint: "",
      unsegmented: [],
      decided: undefined,
      trouble: undefined,
    }
    const random = options.random ?? randomBytes
    const sealer = await openSealer(
      { place, origin, signer, journal, clock, random, onFatal, onTrouble },
      found,
    )
    await sealer.sealOnce()
    await sealer.close()
    if (sealer.sealed.blocks === 0) throw failures[0]
  } finally {
    await journal.close()
  }
}

async function openFirstJournal(
  place: LedgerPlace,
  { signer, clock, predecessor }: InitOptions,
  callbacks: { readonly onFatal: (error: unknown) => void; readonly onTrouble: (trouble: Refusal) => void },
): Promise<{ readonly origin: string; readonly journal: Journal }> {
  const sealed = { records: 0, segmented: 0 }
  const journal = await openJournal({ place, sealed, clock, steady: clock, ...callbacks })
  const origin = signer.name
  const created = { origin, key: formatVerifierKey(signer), predecessor: predecessor ?? null }
  try {
    await journal.appendControl([controlRecord(ledgerCreated.format(created))])
  } catch (error) {
    await journal.close()
    throw error
  }
  return { origin, journal }
}
