import { readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Where the server answers that holds a ledger. */
export type Served = {
  readonly pid: number
  /** As it listens; the first is where to go. */
  readonly urls: readonly string[]
}

const VERSION = "tallystick/serving/v1"

/**
 * Says in `serving` where a server answers, for commands that find its ledger held. One that a crash left names a process
 * that does not hold the lock, and counts for nothing; without it, where there was no room, commands only name the process.
 * Returns what takes it away.
 */
export function tellServed(dir: string, served: Served): () => void {
  const path = pathOf(dir)
  try {
    writeFileSync(path, formatServed(served), { mode: 0o640 })
  } catch {
    // A convenience: no start fails over it.
  }
  return () => {
    try {
      unlinkSync(path)
    } catch {
      // Names a process that holds the lock no more: nobody is misled, and the end says why it ended.
    }
  }
}

/** The server of this ledger if it is the process that holds it; where nobody can say who does, if its process is there. */
export function servedBy(dir: string, holder: number | undefined): Served | undefined {
  const served = parseServed(readOr(pathOf(dir)))
  if (served === undefined) return undefined
  return holder === undefined ? ifRunning(served) : served.pid === holder ? served : undefined
}

export function formatServed({ pid, urls }: Served): string {
  return [VERSION, pid, ...urls, ""].join("\n")
}

/** Undefined for any text that {@link formatServed} would not have written: half a file says nothing. */
export function parseServed(text: string): Served | undefined {
  const [version, pid, ...urls] = text.split("\n")
  const served = { pid: Number(pid), urls: urls.slice(0, -1) }
  const isWhole = version === VERSION && Number.isSafeInteger(served.pid) && served.pid > 0
  const isAnswering = served.urls.length > 0 && served.urls.every((url) => URL.canParse(url))
  return isWhole && isAnswering && formatServed(served) === text ? served : undefined
}

function ifRunning(served: Served): Served | undefined {
  try {
    process.kill(served.pid, 0)
    return served
  } catch {
    return undefined
  }
}

function pathOf(dir: string): string {
  return join(dir, "serving")
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
