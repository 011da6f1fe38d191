import { randomBytes } from "node:crypto"
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs"
import { dirname } from "node:path"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { saidOf } from "../base/said.ts"
import { codeOf } from "../base/system-error.ts"
import { isOrigin } from "../tlog/note-text.ts"
import { formatSignerKey, openSigner, parseSignerKey, type Signer, type SignerKey } from "../tlog/signer.ts"
import { unfinishedPath } from "./unfinished-secrets.ts"

const SEED_BYTES = 32
/** Read and write for its owner alone. */
const MODE = 0o600
const OTHERS = 0o077

/** A new key for the ledger `origin`, which becomes its name (c2sp.org/tlog-checkpoint). */
export function newKey(
  origin: string,
  random: (bytes: number) => Uint8Array = randomBytes,
): SignerKey<"ed25519"> {
  // One that was made before may have a scheme (c2sp.org/tlog-checkpoint: it should not), and goes on.
  if (!isOrigin(origin) || origin.includes("://")) {
    throw new Refusal(
      "usage",
      `expected an origin like ledger.example.com/prod without scheme, space and plus, saw ${JSON.stringify(origin)}`,
    )
  }
  return { kind: "ed25519", name: origin, seed: random(SEED_BYTES) }
}

/** Writes the key to a new file that only its owner may read, durably. Refuses `key.exists`: never over another file. */
export function writeKey(path: string, key: SignerKey): void {
  writeSecret(path, `${formatSignerKey(key)}\n`)
}

/**
 * The same for any text that nobody else may read. Whole or not at all: a file that a crash left empty would be a key for
 * good, since nothing is written over one.
 */
export function writeSecret(path: string, text: string): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const temporary = unfinishedPath(path)
  rmSync(temporary, { force: true }) // of an earlier process of this number
  try {
    const fd = opened(temporary, "wx")
    try {
      fchmodSync(fd, MODE) // whatever the umask says
      writeSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    place(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
  const folderFd = openSync(folder, "r")
  fsyncSync(folderFd)
  closeSync(folderFd)
}

/** Gives a file its name, where nothing has it yet; a rename would take it from another. */
function place(temporary: string, path: string): void {
  try {
    try {
      linkSync(temporary, path)
    } catch (error) {
      if (codeOf(error) === "EEXIST") throw error
      copyFileSync(temporary, path, constants.COPYFILE_EXCL) // a file system without links
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === "EEXIST") throw new Refusal("key.exists", `${path} is there already`, {}, error)
    throw new Refusal("key.unreadable", `cannot make the key ${path}: ${String(code)}`, {}, error)
  }
}

/** The log key in a file. Refuses a file that others may read, and any key but one of kind Ed25519 for notes. */
export function readSigner(path: string): Signer<"ed25519"> {
  const fd = opened(path, "r")
  try {
    const mode = fstatSync(fd).mode & 0o777
    if ((mode & OTHERS) !== 0) {
      const shown = mode.toString(8).padStart(3, "0")
      throw new Refusal("key.exposed", `${path} has mode ${shown}: others may read it; chmod 600 ${path}`)
    }
    const { kind, name, seed } = parsedKey(readFileSync(fd, "utf8").replace(/\n$/, ""), path)
    if (kind !== "ed25519") {
      throw new Refusal("key.malformed", `${path} is a key for cosigning: a ledger needs another one`)
    }
    return openSigner({ kind, name, seed })
  } finally {
    closeSync(fd)
  }
}

function parsedKey(text: string, path: string): SignerKey {
  try {
    return parseSignerKey(text)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const what = text === "" ? "the file is empty" : error.message
    throw new Refusal(error.code, `${path}: ${what}`, {}, error)
  }
}

function opened(path: string, flags: "r" | "wx"): number {
  try {
    return openSync(path, flags, MODE)
  } catch (error) {
    throw new Refusal("key.unreadable", `cannot open the key ${path}: ${saidOf(error)}`, {}, error)
  }
}
