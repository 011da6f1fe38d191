import { readFileSync, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { Refusal } from "../base/refusal.ts"

/** SQLITE_BUSY */
const BUSY = 5

export type Lock = { release(): void }

/**
 * Takes a ledger for this process. An exclusive SQLite transaction that is never ended: the kernel lets it go when the
 * process dies, however it dies, so there is no stale lock to judge. Refuses `ledger.locked` at once when it is taken (its fact
 * `holder` is the process, where the kernel says so), and `ledger.unwritable` where there can be no lock.
 */
export function takeLock(path: string): Lock {
  const database = open(path)
  try {
    // Nothing is ever written, so no journal either: a full disk must not keep a ledger from being opened.
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
  } catch (error) {
    database.close()
    const busy = error instanceof Error && "errcode" in error && error.errcode === BUSY
    if (!busy) throw unwritable(path, error)
    const holder = holderOf(path)
    const who = holder === undefined ? "another process" : `process ${holder}`
    const facts = holder === undefined ? {} : { holder }
    throw new Refusal("ledger.locked", `${who} holds ${path}`, facts, error)
  }
  return { release: () => database.close() }
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw unwritable(path, error)
  }
}

function unwritable(path: string, error: unknown): Refusal {
  const why = error instanceof Error ? error.message : String(error)
  return new Refusal("ledger.unwritable", `cannot lock ${path}: ${why}`, {}, error)
}

/** Number of the process that locks the file, where the kernel shows it: `1: POSIX ADVISORY WRITE 4711 00:2b:9000 …`. */
function holderOf(path: string): number | undefined {
  try {
    const { ino } = statSync(path)
    for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
      const [, , , , pid = "", file = ""] = line.split(/\s+/)
      if (file.split(":")[2] === String(ino) && Number(pid) > 0) return Number(pid)
    }
  } catch {
    // Not Linux, or not ours to see: the message names nobody.
  }
  return undefined
}
