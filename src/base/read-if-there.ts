import { readFileSync } from "node:fs"
import { isMissing } from "./system-error.ts"

/** The bytes of a file; undefined where there is none. Throws what else the system says (EACCES, EISDIR, EIO). */
export function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
