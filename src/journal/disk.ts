import {
  close,
  constants,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  mkdir,
  open,
  read,
  rename,
  rmSync,
  statfsSync,
  statSync,
  write,
} from "node:fs"
import { codeOf } from "../base/system-error.ts"

/**
 * Everything the commit path does to a disk: the one file that writes, syncs and renames on the way from a request to
 * a signed checkpoint. Behind an interface, so that a test can let each call fail once.
 *
 * Syncs are asynchronous: one takes 0.2 ms to 50 ms, and the event loop reads the next requests meanwhile. Writes too:
 * a plain write into the page cache cost 4 µs per record of 1.5 KB (measured on 2 cores), most of it page faults.
 */
export interface Disk {
  /** Makes an empty file, or opens the one that is there, whatever is in it. */
  create(path: string): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  /** With its parents; one that is there is fine. */
  makeFolder(path: string): Promise<void>
  /** Makes names made, renamed or removed in this folder durable. */
  syncFolder(path: string): Promise<void>
  /** One that is not there is fine. */
  remove(path: string): void
  /** How much of the file system is used, 0 to 1, as `df` shows it: what root alone may use counts as used. About 5 µs. */
  usedShare(path: string): number
  /** The file that has this name now; undefined where there is none. About 4 µs. */
  look(path: string): Look | undefined
}

/** A file as it stands: which it is, whatever its name, and how long. */
export type Look = { readonly file: string; readonly bytes: number }

export interface DiskFile {
  /** Stores `bytes` at that place and resolves with how many were stored, which may be fewer. */
  write(bytes: Uint8Array, at: number): Promise<number>
  /** Makes bytes and size durable. An error here means that nobody knows what is on the disk: {@link isSyncError}. */
  sync(): Promise<void>
  /** Makes the file `size` bytes long. */
  cut(size: number): Promise<void>
  size(): Promise<number>
  /** Its first so many bytes, also where its name is gone. */
  read(bytes: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** No space, or no quota, left: the one failure that heals by itself. A sync that says so has failed like any other. */
export function isFull(error: unknown): boolean {
  const code = codeOf(error)
  return (code === "ENOSPC" || code === "EDQUOT") && !isSyncError(error)
}

/**
 * A failed sync. The kernel may have dropped the pages and marked them clean, so that the next sync succeeds over lost
 * bytes (the PostgreSQL fsync incident of 2018): the only safe answer is to end and recover from what can be read.
 */
export function isSyncError(error: unknown): boolean {
  if (!(error instanceof Error) || !("syscall" in error)) return false
  return error.syscall === "fsync" || error.syscall === "fdatasync"
}

/** The disk of this machine. */
export const realDisk: Disk = {
  async create(path) {
    const { O_RDWR, O_CREAT } = constants
    return openFile(await result<number>((done) => open(path, O_RDWR | O_CREAT, 0o640, done)))
  },
  rename: (from, to) => acted((done) => rename(from, to, done)),
  makeFolder: (path) =>
    acted((done) => mkdir(path, { recursive: true, mode: 0o750 }, (error) => done(error))),
  async syncFolder(path) {
    const fd = await result<number>((done) => open(path, "r", done))
    try {
      await acted((done) => fsync(fd, done))
    } finally {
      await acted((done) => close(fd, done))
    }
  },
  remove: (path) => rmSync(path, { force: true }),
  usedShare(path) {
    const { blocks, bfree, bavail } = statfsSync(path)
    const used = blocks - bfree
    return used + bavail === 0 ? 1 : used / (used + bavail)
  },
  look(path) {
    const found = statSync(path, { throwIfNoEntry: false })
    return found && { file: `${found.dev}/${found.ino}`, bytes: found.size }
  },
}

function openFile(fd: number): DiskFile {
  return {
    write: (bytes, at) => result<number>((done) => write(fd, bytes, 0, bytes.length, at, done)),
    sync: () => acted((done) => fdatasync(fd, done)),
    cut: (size) => acted((done) => ftruncate(fd, size, done)),
    size: async () => (await result<{ size: number }>((done) => fstat(fd, done))).size,
    read: (bytes) => readStart(fd, bytes),
    close: () => acted((done) => close(fd, done)),
  }
}

async function readStart(fd: number, bytes: number): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafe(bytes)
  let at = 0
  while (at < bytes) {
    const more = await result<number>((done) => read(fd, whole, at, bytes - at, at, done))
    if (more === 0) return whole.subarray(0, at)
    at += more
  }
  return whole
}

/** Writes all of `bytes` or throws what stopped it; a disk that stores nothing more counts as full. */
export async function writeWhole(file: DiskFile, bytes: Uint8Array, at: number): Promise<void> {
  let stored = 0
  while (stored < bytes.length) {
    const more = await file.write(bytes.subarray(stored), at + stored)
    if (more === 0)
      throw Object.assign(new Error("ENOSPC: nothing more was stored"), { code: "ENOSPC", syscall: "write" })
    stored += more
  }
}

/**
 * Puts `bytes` at `path` so that a crash at any instant leaves the old file or the new one: written to `temporary` (on
 * the same file system), synced, renamed, folder synced.
 */
export async function replaceFile(
  disk: Disk,
  place: { readonly path: string; readonly temporary: string; readonly folder: string },
  bytes: Uint8Array,
): Promise<void> {
  const file = await disk.create(place.temporary)
  try {
    await file.cut(0)
    await writeWhole(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(place.temporary, place.path)
  await disk.syncFolder(place.folder)
}

function result<T>(act: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    act((error, value) => (error ? reject(error) : resolve(value)))
  })
}

function acted(act: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()))
  })
}
