import { link, mkdir, readdir, readFile, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { sameBytes } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { type Disk, writeWhole } from "../journal/disk.ts"

/**
 * Named bytes, written once: segments, tiles and checkpoints outside the ledger's own disk. A directory and
 * a memory here; every implementation passes `storeContract`.
 */
export interface ObjectStore {
  /**
   * Durable when it resolves. The same bytes again are fine; others throw `store.conflict`, and change
   * nothing.
   */
  putOnce(name: string, bytes: Uint8Array): Promise<void>
  /** Undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>
  /** Names that begin with `prefix`, in ascending order of their bytes. */
  list(prefix: string): Promise<readonly string[]>
  /** One that is not there is fine. */
  delete(name: string): Promise<void>
}

const NAME_BYTES_MAX = 512
const PART = /^[A-Za-z0-9=_][A-Za-z0-9=._-]{0,199}$/

/** Names are paths of plain parts, so that each store can hold each name, and none leads out of a folder. */
export function checkObjectName(name: string): void {
  const plain = name.length <= NAME_BYTES_MAX && name.split("/").every((part) => PART.test(part))
  if (!plain) throw new Refusal("store.name", `not a name of an object: ${JSON.stringify(name.slice(0, 80))}`)
}

export function openMemoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>()
  return {
    async putOnce(name, bytes) {
      checkObjectName(name)
      const found = objects.get(name)
      if (found === undefined) objects.set(name, bytes.slice())
      else refuseOther(name, found, bytes)
    },
    async get(name) {
      checkObjectName(name)
      return objects.get(name)?.slice()
    },
    async list(prefix) {
      return [...objects.keys()].filter((name) => name.startsWith(prefix)).sort()
    },
    async delete(name) {
      checkObjectName(name)
      objects.delete(name)
    },
  }
}

/** What is being written; never a name of an object, since those hold no tilde. */
const TEMPORARY = "~"
let temporaries = 0

/**
 * Objects as files under `dir`, which is made if missing. Several processes may write: a name is taken by
 * the first.
 */
export async function openDirectoryStore(dir: string, disk: Disk): Promise<ObjectStore> {
  await mkdir(dir, { recursive: true })
  return {
    async putOnce(name, bytes) {
      checkObjectName(name)
      const path = join(dir, name)
      await makeFolders(disk, dir, name)
      temporaries++
      const temporary = join(dir, `${TEMPORARY}${process.pid}-${temporaries}`)
      try {
        await writeSynced(disk, temporary, bytes)
        // A link, unlike a rename, fails where the name is taken.
        await link(temporary, path)
        await disk.syncFolder(dirname(path))
      } catch (error) {
        if (!isSystemError(error, "EEXIST")) throw error
        refuseOther(name, await readFile(path), bytes)
        await disk.syncFolder(dirname(path))
      } finally {
        disk.remove(temporary)
      }
    },
    async get(name) {
      checkObjectName(name)
      return readFile(join(dir, name)).catch((error: unknown) => {
        if (isSystemError(error, "ENOENT") || isSystemError(error, "ENOTDIR")) return undefined
        throw error
      })
    },
    async list(prefix) {
      const found = await readdir(dir, { recursive: true, withFileTypes: true })
      const names = found
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(dir.length + 1)
            .split("\\")
            .join("/"),
        )
      return names.filter((name) => !name.startsWith(TEMPORARY) && name.startsWith(prefix)).sort()
    },
    async delete(name) {
      checkObjectName(name)
      const path = join(dir, name)
      await rm(path, { force: true })
      await disk.syncFolder(dirname(path)).catch((error: unknown) => {
        if (!isSystemError(error, "ENOENT")) throw error
      })
    },
  }
}

async function writeSynced(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.create(path)
  try {
    await writeWhole(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Each folder on the way is durable before what lies in it. */
async function makeFolders(disk: Disk, dir: string, name: string): Promise<void> {
  const parts = name.split("/").slice(0, -1)
  await disk.makeFolder(join(dir, ...parts))
  for (let depth = parts.length - 1; depth >= 0; depth--)
    await disk.syncFolder(join(dir, ...parts.slice(0, depth)))
}

function refuseOther(name: string, found: Uint8Array, bytes: Uint8Array): void {
  if (!sameBytes(found, bytes)) throw new Refusal("store.conflict", `${name} is there with other bytes`)
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}
