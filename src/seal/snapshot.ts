import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs"
import { join } from "node:path"
import { readIfThere } from "../base/read-if-there.ts"
import { isMissing } from "../base/system-error.ts"
import { journalNames } from "../journal/files.ts"
import type { CatalogueEntry } from "../store/catalogue.ts"
import { cataloguePath, readCatalogue } from "../store/catalogue.ts"
import { filesUnder, type TailContent, tailContent } from "./log-on-disk.ts"

/** A journal file held open: what a server deletes meanwhile can still be read. */
export type OpenFile = { readonly name: string; read(): Buffer }

/**
 * One state of a ledger's directory that a server may be writing to. Every record under its checkpoint is in one of its
 * segments or in one of its journal files. Must be closed.
 */
export type Snapshot = {
  /** The signed note; undefined where there is none. */
  readonly checkpoint: Uint8Array | undefined
  readonly tail: TailContent
  /** Tiles and bundles below `log/`, as `tile/0/000`. */
  readonly tiles: readonly string[]
  /** Names below `segments/`. */
  readonly segmentFiles: readonly string[]
  readonly catalogue: {
    readonly entries: readonly CatalogueEntry[]
    readonly whole: boolean
    readonly torn: boolean
  }
  readonly journal: readonly OpenFile[]
  close(): void
}

/** A server seals every second and makes a segment every minute; reading names takes milliseconds. */
const TRIES_MAX = 20

/**
 * Takes names and small files in such an order that nothing can pass from one to the other unseen, and again where
 * something did: the journal forgets a record only after the segment's own record is under a checkpoint, so while
 * checkpoint and names stay the same nothing moved.
 */
export async function takeSnapshot(dir: string): Promise<Snapshot> {
  for (let tries = 1; ; tries++) {
    const snapshot = await tryOnce(dir)
    if (snapshot.stable || tries === TRIES_MAX) return snapshot
    snapshot.close()
  }
}

async function tryOnce(dir: string): Promise<Snapshot & { readonly stable: boolean }> {
  const segmentFiles = filesUnder(join(dir, "segments"))
  const names = journalFiles(dir)
  const journal = names.flatMap((name) => openFile(dir, name) ?? [])
  const catalogue = await catalogueIn(dir)
  const checkpoint = checkpointIn(dir)
  const tiles = filesUnder(join(dir, "log", "tile")).map((name) => `tile/${name}`)
  const tail = tailContent(dir)
  const namesNow = journalFiles(dir)
  const stable =
    same(checkpoint, checkpointIn(dir)) &&
    journal.length === names.length &&
    same(segmentFiles, filesUnder(join(dir, "segments"))) &&
    names.every((name, i) => namesNow[i] === name)
  return {
    checkpoint,
    tail,
    tiles,
    segmentFiles,
    catalogue,
    journal,
    stable,
    close: () => {
      for (const file of journal) file.close()
    },
  }
}

/** Whether a segment file that was there is gone: a server merged it, or somebody removed it. */
export function hasMoved(dir: string, { segmentFiles }: Pick<Snapshot, "segmentFiles">): boolean {
  return segmentFiles.some((name) => !existsSync(join(dir, "segments", name)))
}

/** The same state with the segment files that there are now. */
export function lookAgain(dir: string, snapshot: Snapshot): Snapshot {
  return { ...snapshot, segmentFiles: filesUnder(join(dir, "segments")) }
}

function checkpointIn(dir: string): Uint8Array | undefined {
  return readIfThere(join(dir, "log", "checkpoint"))
}

async function catalogueIn(dir: string): Promise<Snapshot["catalogue"]> {
  const path = cataloguePath(dir)
  const last = readIfThere(path)?.at(-1)
  return { ...(await readCatalogue(path)), torn: last !== undefined && last !== 0x0a }
}

function journalFiles(dir: string): string[] {
  try {
    return journalNames(join(dir, "journal"))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function openFile(dir: string, name: string): (OpenFile & { close(): void }) | undefined {
  try {
    const fd = openSync(join(dir, "journal", name), "r")
    return { name, read: () => readAll(fd), close: () => closeSync(fd) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** As long as it is now: whoever appends has not promised the rest yet. */
function readAll(fd: number): Buffer {
  const bytes = Buffer.allocUnsafe(fstatSync(fd).size)
  let at = 0
  while (at < bytes.length) {
    const read = readSync(fd, bytes, at, bytes.length - at, at)
    if (read === 0) break
    at += read
  }
  return bytes.subarray(0, at)
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
