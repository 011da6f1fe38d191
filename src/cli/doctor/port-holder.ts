import { readdir, readFile, readlink } from "node:fs/promises"
import { isRefusal, Refusal } from "../../base/refusal.ts"

/** A process that listens on a port. */
export type PortHolder = { readonly pid: number; readonly name: string }

const LISTENING = "0A"

/** Who listens on a TCP port of this machine; undefined where that cannot be seen (not Linux, not our process). */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  const inodes = new Set<string>()
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (await readOr(table)).split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/)
      if (state === LISTENING && Number.parseInt(local.split(":")[1] ?? "", 16) === port) inodes.add(inode)
    }
  }
  if (inodes.size === 0) return undefined
  for (const pid of await listOr("/proc")) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of await listOr(`/proc/${pid}/fd`)) {
      const target = await linkOr(`/proc/${pid}/fd/${fd}`)
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      if (inode !== undefined && inodes.has(inode)) {
        return { pid: Number(pid), name: (await readOr(`/proc/${pid}/comm`)).trim() }
      }
    }
  }
  return undefined
}

/** A start that found its port taken, with who has it. */
export async function withPortHolder(error: unknown, port: number): Promise<unknown> {
  if (!isRefusal(error, "listen.unavailable") || error.facts.code !== "EADDRINUSE") return error
  const holder = await findPortHolder(port)
  if (holder === undefined) return error
  const message = `${error.message} (process ${holder.pid}, ${holder.name})`
  return new Refusal("listen.unavailable", message, error.facts, error)
}

// Processes end while we look, and those of others cannot be looked into: both mean "not seen".
const readOr = (path: string) => readFile(path, "utf8").catch(() => "")
const listOr = (path: string) => readdir(path).catch(() => [])
const linkOr = (path: string) => readlink(path).catch(() => "")
