import type { World } from "./command.ts"
import { paintFor } from "./terminal.ts"

/** Colours a line by how the request ended: red for refused (401, 403), yellow for other failures. */
export function paintOutcome({ stdout, env }: World): (row: OutcomeRow, line: string) => string {
  const paint = paintFor(stdout, env)
  return (row, line) => {
    const code = Number(row["responseStatus.code"] ?? 0)
    if (code === 401 || code === 403 || row.stage === "Panic") return paint.red(line)
    return code >= 400 ? paint.yellow(line) : line
  }
}
type OutcomeRow = Readonly<Record<string, string | undefined>>
