import { DatabaseSync } from "node:sqlite"
import { Refusal } from "../base/refusal.ts"

/** SQLITE_BUSY */
const BUSY = 5

export type Lock = { release(): void }

/**
 * Takes a ledger for this process. An exclusive SQLite transaction that is never ended: the kernel lets it go when the
 * process dies, however it dies, so there is no stale lock to judge. Refuses `ledger.locked` at once when it is taken.
 */
export function takeLock(path: string): Lock {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
  } catch (error) {
    database.close()
    const busy = error instanceof Error && "errcode" in error && error.errcode === BUSY
    if (!busy) throw error
    throw new Refusal("ledger.locked", `another process holds ${path}`, {}, error)
  }
  return { release: () => database.close() }
}
