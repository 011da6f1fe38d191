import { createHash } from "node:crypto"
import { mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { readIfThere } from "../base/read-if-there.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { realDisk, replaceFile } from "../journal/disk.ts"
import { type Checkpoint, parseCheckpoint } from "../tlog/checkpoint.ts"
import { parseNote } from "../tlog/note.ts"

/**
 * The largest checkpoint seen of each origin, kept outside every ledger, as ssh keeps known_hosts: who replaces a ledger
 * by an older copy of itself must also find this. `verify` and the ledger itself use it.
 */
export interface Remembered {
  /** The signed checkpoint; undefined where none is known. */
  read(origin: string): string | undefined
  /** Keeps it, unless one of a larger or equal size is known. Throws `remembered.unavailable`. */
  remember(signed: string): Promise<void>
}

/** `$XDG_STATE_HOME/tallystick/remembered`, or below `~/.local/state`. */
export function rememberedFolder(env: Readonly<Record<string, string | undefined>>): string {
  const state = env.XDG_STATE_HOME
  const base = state === undefined || state === "" ? join(homedir(), ".local", "state") : state
  return join(base, "tallystick", "remembered")
}

const NAME_LENGTH_MAX = 60

/** One file per origin: `<origin, shortened and readable>-<16 hex digits of its SHA-256>`, holding the signed note. */
export function openRemembered(folder: string): Remembered {
  const pathOf = (origin: string) => join(folder, nameOf(origin))
  const read = (origin: string): string | undefined => {
    try {
      const bytes = readIfThere(pathOf(origin))
      return bytes === undefined ? undefined : Buffer.from(bytes).toString()
    } catch (error) {
      throw unavailable(folder, error)
    }
  }
  return {
    read,
    async remember(signed) {
      const { origin, size } = checkpointOf(signed)
      const known = read(origin)
      if (known !== undefined && sizeOf(known) >= size) return
      const path = pathOf(origin)
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const temporary = `${path}.${process.pid}.tmp`
        await replaceFile(realDisk, { path, temporary, folder }, Buffer.from(signed))
      } catch (error) {
        throw unavailable(folder, error)
      }
    },
  }
}

/** The checkpoint in a signed note, its signatures not looked at. */
export function checkpointOf(signed: string): Checkpoint {
  return parseCheckpoint(parseNote(signed).text)
}

/** A file that cannot be read is no memory: it may be replaced. */
function sizeOf(signed: string): number {
  try {
    return checkpointOf(signed).size
  } catch (error) {
    if (isRefusal(error)) return -1
    throw error
  }
}

function nameOf(origin: string): string {
  const readable = origin.replaceAll(/[^A-Za-z0-9.-]/g, "_").slice(0, NAME_LENGTH_MAX)
  return `${readable}-${createHash("sha256").update(origin).digest("hex").slice(0, 16)}`
}

function unavailable(folder: string, cause: unknown): Refusal {
  return new Refusal(
    "remembered.unavailable",
    `cannot use the remembered checkpoints in ${folder}`,
    {},
    cause,
  )
}
