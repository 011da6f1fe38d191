import { type Disk, type DiskFile, realDisk } from "../../src/journal/disk.ts"

/** What the one failing call did before it said so. */
export type Effect = "lost" | "stored" | "half"

export type Fault = {
  /** Which call fails, counted from 0. */
  readonly at: number
  readonly code: "ENOSPC" | "EIO"
  readonly effect: Effect
  /** Whether the process dies with it, so that nothing after it happens. */
  readonly dies: boolean
}

export type FaultyDisk = Disk & {
  /** Every call so far, by name. */
  readonly calls: readonly string[]
  /** Whether the fault has happened. */
  readonly failed: boolean
}

type Act<T> = { readonly name: string; whole(): Promise<T>; half?(): Promise<unknown> }

/** The real disk (without its slow syncs), of which one call fails. */
export function faultyDisk(fault?: Fault): FaultyDisk {
  const calls: string[] = []
  let failed = false

  async function run<T>({ name, whole, half }: Act<T>): Promise<T> {
    const at = calls.push(name) - 1
    if (failed && fault?.dies === true) throw failure("EIO", name)
    if (fault?.at !== at) return whole()
    failed = true
    if (fault.effect === "stored") await whole()
    if (fault.effect === "half") await half?.()
    throw failure(fault.code, name)
  }

  return {
    calls,
    get failed() {
      return failed
    },
    async create(path) {
      const file = await run({ name: "open", whole: () => realDisk.create(path) })
      return faultyFile(file, run)
    },
    rename: (from, to) => run({ name: "rename", whole: () => realDisk.rename(from, to) }),
    makeFolder: (path) => run({ name: "mkdir", whole: () => realDisk.makeFolder(path) }),
    syncFolder: () => run({ name: "fsync", whole: async () => {} }),
    remove(path) {
      if (!failed || fault?.dies !== true) realDisk.remove(path)
    },
    usedShare: () => 0.5,
    look: (path) => realDisk.look(path),
  }
}

function faultyFile(file: DiskFile, run: <T>(act: Act<T>) => Promise<T>): DiskFile {
  return {
    write: (bytes, at) =>
      run({
        name: "write",
        whole: () => file.write(bytes, at),
        half: () => file.write(bytes.subarray(0, Math.floor(bytes.length / 2)), at),
      }),
    sync: () => run({ name: "fdatasync", whole: async () => {} }),
    cut: (size) => run({ name: "ftruncate", whole: () => file.cut(size) }),
    size: () => file.size(),
    read: (bytes) => file.read(bytes),
    close: () => file.close(),
  }
}

function failure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: made up by a test, ${syscall}`), { code, syscall })
}
