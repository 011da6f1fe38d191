import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** A file system in memory, of a given size, that only processes begun by {@link enter} see under its own path. */
export type SmallDisk = {
  /** Words before a command that run it where the disk is. */
  readonly enter: readonly string[]
  /** Where this process sees a path of the disk. */
  seen(path: string): string
  freeBytes(): number
  /** Leaves so many bytes free, and gives them back. */
  fill(leftBytes: number): void
  release(): void
  /** Mounts another small one over a folder of it; resolves with what takes that away. */
  cover(folder: string, bytes: number): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** Why there can be none here, for `skip`; undefined where there can. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  if (process.platform !== "linux") return "file systems of a given size are made on Linux only"
  const [code] = await ended(spawn("unshare", [...SHARED, "mount", "-t", "tmpfs", "none", "/tmp"], QUIET))
  return code === 0 ? undefined : "this machine lets nobody mount a file system (unshare --mount)"
}

/** A namespace of mounts, so that nothing is left behind whatever becomes of the test; of users where we are not root. */
const SHARED = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--user", "--map-root-user"]
const ENTERED = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--user", "--preserve-credentials"]
const QUIET = { stdio: "ignore" } as const

/** Mounts it over the folder `path`. The namespace lives as long as this process. */
export async function openSmallDisk(path: string, options: string): Promise<SmallDisk> {
  const holder = spawn(
    "unshare",
    [...SHARED, "sh", "-c", `mount -t tmpfs -o ${options} none "$0" && echo ready && read -r _`, path],
    { stdio: ["pipe", "pipe", "inherit"] },
  )
  const gone = once(holder, "exit").then(() => {
    throw new Error("the small disk could not be mounted")
  })
  gone.catch(() => undefined)
  await Promise.race([once(createInterface({ input: holder.stdout }), "line"), gone])
  const enter = ["nsenter", `--target=${holder.pid}`, ...ENTERED]
  const seen = (inside: string) => `/proc/${holder.pid}/root${inside}`
  const ballast = seen(join(path, "ballast"))
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(seen(path))
    return bavail * bsize
  }
  return {
    enter,
    seen,
    freeBytes,
    fill: (leftBytes) =>
      untilFull(() => {
        const more = Math.min(freeBytes() - leftBytes, BALLAST_BYTES)
        if (more > 0) appendFileSync(ballast, new Uint8Array(more))
        return more > 0
      }),
    release: () => rmSync(ballast, { force: true }),
    async cover(folder, bytes) {
      await done(spawnIn(enter, ["mount", "-t", "tmpfs", "-o", `size=${bytes}`, "none", folder]))
      return () => done(spawnIn(enter, ["umount", "--lazy", folder]))
    },
    async close() {
      holder.stdin.end()
      await once(holder, "exit")
    },
  }
}

/** Takes every name the disk has left, and gives them back. */
export function takeNames(folder: string): () => void {
  const taken: string[] = []
  untilFull(() => {
    const path = join(folder, `name-${taken.length}`)
    writeFileSync(path, "")
    return taken.push(path) > 0
  })
  return () => {
    for (const path of taken) rmSync(path, { force: true })
  }
}

const BALLAST_BYTES = 2 ** 20

/** Does it again until it says no, or nothing more fits: others may be quicker. */
function untilFull(take: () => boolean): void {
  try {
    while (take());
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error
  }
}

function spawnIn(enter: readonly string[], command: readonly string[]): ChildProcess {
  const [program = "", ...words] = [...enter, ...command]
  return spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] })
}

async function done(child: ChildProcess): Promise<void> {
  const [code] = await ended(child)
  if (code !== 0) throw new Error(`${child.spawnargs.join(" ")} ended with ${code}`)
}

async function ended(child: ChildProcess): Promise<readonly [code: number | null]> {
  const failed = new Promise<readonly [number]>((resolve) => child.once("error", () => resolve([127])))
  return await Promise.race([failed, once(child, "exit") as Promise<[number | null]>])
}
