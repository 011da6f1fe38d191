import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Disk } from "../journal/disk.ts"
import type { JournalPlace } from "../journal/files.ts"
import type { LogPlace } from "./tile-files.ts"

/** Where things are in a ledger's directory. All on one file system. */
export type LedgerPlace = LogPlace &
  JournalPlace & {
    readonly root: string
    readonly lock: string
    /** Room kept for closing the log on a full disk. */
    readonly reserve: string
    /** There while `init` is at work: what else is there was never promised to anybody. */
    readonly initialising: string
  }

export function ledgerPlace(root: string, disk: Disk): LedgerPlace {
  return {
    root,
    disk,
    dir: join(root, "journal"),
    log: join(root, "log"),
    tmp: join(root, "tmp"),
    damaged: join(root, "damaged"),
    lock: join(root, "lock"),
    reserve: join(root, "reserve"),
    initialising: join(root, "initialising"),
  }
}

/** The folders of a ledger, durably, and an empty `tmp`. */
export async function makeFolders(place: LedgerPlace): Promise<void> {
  rmSync(place.tmp, { recursive: true, force: true })
  mkdirSync(place.tmp, { mode: 0o750 })
  for (const folder of [place.dir, place.log]) await place.disk.makeFolder(folder)
  await place.disk.syncFolder(place.root)
}
