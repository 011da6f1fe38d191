import { readFileSync } from "node:fs"
import { pause } from "../base/loop.ts"

/** Often enough that a process which grows by a gigabyte a second is ended within the next. */
const LOOK_MS = 500

/**
 * Calls `onOver` once when the process needs more than `bytesMax`, and ends then or when `stop` aborts. The engine's own
 * limit does not count what it needs to understand a query; without this one a hostile query could take the machine's
 * memory, and the process that acknowledges with it. Where there is no /proc nothing is watched.
 */
export async function watchMemory(
  pid: number,
  bytesMax: number,
  onOver: (bytes: number) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const bytes = residentBytes(pid)
    if (bytes === undefined) return
    if (bytes > bytesMax) {
      onOver(bytes)
      return
    }
    await pause(LOOK_MS, stop)
  }
}

/** As the kernel prints it: its pages have 4 KiB here and 64 KiB there. */
function residentBytes(pid: number): number | undefined {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? []
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
  } catch {
    return undefined
  }
}
