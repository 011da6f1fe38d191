import { dirname, join, relative, sep } from "node:path"
import { sameBytes } from "../base/bytes.ts"
import { readIfThere } from "../base/read-if-there.ts"
import { Refusal } from "../base/refusal.ts"
import { type Disk, replaceFile } from "../journal/disk.ts"
import { tilePath } from "../tlog/tile.ts"
import type { ReadTile } from "../tlog/tile-proof.ts"

/** Where a log's files live; `tmp` on the same file system, and free to be emptied at any start. */
export type LogPlace = { readonly log: string; readonly tmp: string; readonly disk: Disk }

/**
 * Puts a full tile or bundle where it belongs, durably, with the folders above it. The same bytes may be there already: a
 * crash came between this and the commit. Others mean that two logs are being written: `ledger.damaged`.
 */
export async function putTile(place: LogPlace, path: string, bytes: Uint8Array): Promise<void> {
  const target = join(place.log, path)
  const folder = dirname(target)
  await place.disk.makeFolder(folder)
  const there = readIfThere(target)
  if (there === undefined) {
    await replaceFile(place.disk, { path: target, temporary: join(place.tmp, "tile"), folder }, bytes)
  } else if (!sameBytes(there, bytes)) {
    throw new Refusal("ledger.damaged", `${path} is there with other bytes than the block texts give`)
  } else {
    await place.disk.syncFolder(folder)
  }
  for (const above of foldersBetween(place.log, folder)) await place.disk.syncFolder(above)
}

/** The folders from the parent of `folder` up to `top`. */
function foldersBetween(top: string, folder: string): string[] {
  const names = relative(top, folder).split(sep)
  return names.map((_, depth) => join(top, ...names.slice(0, names.length - 1 - depth)))
}

/** Reads full tiles out of files. Throws `tile.missing`. */
export function tileReader(log: string): ReadTile {
  return ({ level, index }) => {
    const path = tilePath(level, index)
    const bytes = readIfThere(join(log, path))
    if (bytes === undefined) throw new Refusal("tile.missing", `${path} is not in the ledger`)
    return bytes
  }
}
