import { statSync } from "node:fs"

/**
 * Whether something is there. `existsSync` takes "this user may not look" for "no", and whoever may not read a ledger would
 * be told to make a new one: this throws what the system says (EACCES, ELOOP, EIO).
 */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
