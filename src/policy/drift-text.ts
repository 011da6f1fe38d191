import type { Drift } from "./drift.ts"

/** One line: what the declared policy says, and what was seen. */
export function driftText({ rule, expected, seen, kind }: Drift): string {
  const where = kind === "flags" ? "flags" : rule === undefined ? "no rule matches" : `rule ${rule + 1}`
  return kind === "missing"
    ? `${where}: ${expected} never came`
    : `${where}: expected ${expected}, saw ${seen}`
}
