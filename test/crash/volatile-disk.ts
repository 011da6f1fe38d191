import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { type Disk, type DiskFile, realDisk } from "../../src/journal/disk.ts"

/** What is left of bytes and names that were not synced when the power went. */
export type Left = "nothing" | "half" | "everything"

export type VolatileDisk = Disk & {
  readonly calls: number
  /** Takes the power away after so many calls: this call and all later ones do nothing and fail. */
  failAt: number
  /** Makes of the folder what a disk holds after it. */
  crash(left: Left): void
}

/**
 * The real disk, which forgets at a crash whatever was not synced: bytes without fdatasync, names without fsync of their
 * folder. All that is below `root` at the start counts as synced.
 */
export function volatileDisk(root: string): VolatileDisk {
  const model = new Model(root)
  const disk = {
    calls: 0,
    failAt: Number.POSITIVE_INFINITY,
  }
  const step = async <T>(act: () => Promise<T>): Promise<T> => {
    if (disk.calls++ >= disk.failAt)
      throw Object.assign(new Error("EIO: no power"), { code: "EIO", syscall: "test" })
    return act()
  }
  return Object.assign(disk, {
    create: (path: string) =>
      step(async () => {
        model.create(path)
        return volatileFile(await realDisk.create(path), model.idOf(path), model, step)
      }),
    rename: (from: string, to: string) =>
      step(async () => {
        await realDisk.rename(from, to)
        model.rename(from, to)
      }),
    makeFolder: (path: string) =>
      step(async () => {
        model.makeFolder(path)
        await realDisk.makeFolder(path)
      }),
    syncFolder: (path: string) => step(async () => model.syncFolder(path)),
    remove(path: string) {
      if (disk.calls >= disk.failAt) return
      realDisk.remove(path)
      model.remove(path)
    },
    usedShare: () => 0.5,
    look: (path: string) => realDisk.look(path),
    crash: (left: Left) => model.crash(left),
  })
}

function volatileFile(
  file: DiskFile,
  id: number,
  model: Model,
  step: <T>(act: () => Promise<T>) => Promise<T>,
): DiskFile {
  return {
    write: (bytes, at) => step(() => file.write(bytes, at)),
    sync: () => step(async () => model.sync(id)),
    cut: (size) => step(() => file.cut(size)),
    size: () => file.size(),
    read: (bytes) => file.read(bytes),
    close: () => file.close(),
  }
}

const FOLDER = -1

/** Names and contents, as they are and as they would be found after a crash. */
class Model {
  readonly #root: string
  readonly #live = new Map<string, number>()
  readonly #durable = new Map<string, number>()
  readonly #contents = new Map<number, Buffer>()
  #ids = 0

  constructor(root: string) {
    this.#root = root
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const id = entry.isDirectory() ? FOLDER : this.#ids++
      this.#live.set(path, id)
      this.#durable.set(path, id)
      if (id !== FOLDER) this.#contents.set(id, readFileSync(path))
    }
  }

  idOf(path: string): number {
    return this.#live.get(path) ?? FOLDER
  }

  create(path: string): void {
    if (!existsSync(path)) this.#live.set(path, this.#ids++)
  }

  makeFolder(path: string): void {
    for (let at = path; at !== this.#root && !this.#live.has(at); at = dirname(at)) this.#live.set(at, FOLDER)
  }

  rename(from: string, to: string): void {
    this.#live.set(to, this.idOf(from))
    this.#live.delete(from)
  }

  remove(path: string): void {
    this.#live.delete(path)
  }

  sync(id: number): void {
    const path = [...this.#live].find(([, other]) => other === id)?.[0]
    if (path !== undefined) this.#contents.set(id, readFileSync(path))
  }

  syncFolder(folder: string): void {
    for (const path of this.#durable.keys()) {
      if (dirname(path) === folder && !this.#live.has(path)) this.#durable.delete(path)
    }
    for (const [path, id] of this.#live) if (dirname(path) === folder) this.#durable.set(path, id)
  }

  crash(left: Left): void {
    if (left === "everything") return
    if (left === "half") {
      for (const [path, id] of this.#live) this.#tear(path, id)
      return
    }
    const kept = new Map(
      [...this.#durable].map(([path, id]) => [path, this.#contents.get(id) ?? Buffer.alloc(0)]),
    )
    for (const path of this.#live.keys()) if (this.idOf(path) !== FOLDER) rmSync(path, { force: true })
    for (const [path, id] of this.#durable)
      if (id === FOLDER && this.#reached(path)) mkdirSync(path, { recursive: true })
    for (const [path, bytes] of kept) {
      if (this.#durable.get(path) !== FOLDER && this.#reached(path)) writeFileSync(path, bytes)
    }
  }

  /** Names are there; of bytes appended since the last sync only half. */
  #tear(path: string, id: number): void {
    if (id === FOLDER || !existsSync(path)) return
    const synced = this.#contents.get(id)?.length ?? 0
    const now = readFileSync(path).length
    if (now > synced) truncateSync(path, synced + Math.floor((now - synced) / 2))
  }

  /** Whether every folder above is durable. */
  #reached(path: string): boolean {
    for (let at = dirname(path); at !== this.#root && at.startsWith(this.#root); at = dirname(at)) {
      if (!this.#durable.has(at)) return false
    }
    return true
  }
}
