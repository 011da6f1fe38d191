import { isRefusal } from "./refusal.ts"
import { saidOf } from "./said.ts"

/** That a file which a configuration names cannot be read, and why, in the words of whoever tried. */
export function unreadable(path: string, cause: unknown): string {
  return isRefusal(cause) ? cause.message : `cannot read ${path}: ${saidOf(cause)}`
}
