import { randomBytes } from "node:crypto"
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { Refusal } from "../base/refusal.ts"
import { isOrigin } from "../tlog/note-text.ts"
import { formatSignerKey, openSigner, parseSignerKey, type Signer, type SignerKey } from "../tlog/signer.ts"

const SEED_BYTES = 32
/** Read and write for its owner alone. */
const MODE = 0o600
const OTHERS = 0o077

/** A new key for the ledger `origin`, which becomes its name (c2sp.org/tlog-checkpoint). */
export function newKey(origin: string, random: (bytes: number) => Uint8Array = randomBytes): SignerKey {
  if (!isOrigin(origin)) {
    throw new Refusal(
      "key.malformed",
      `expected an origin like ledger.example.com/prod without space and plus, saw ${JSON.stringify(origin)}`,
    )
  }
  return { kind: "ed25519", name: origin, seed: random(SEED_BYTES) }
}

/** Writes the key to a new file that only its owner may read, durably. Never over another file. */
export function writeKey(path: string, key: SignerKey): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const fd = opened(path, "wx")
  try {
    writeSync(fd, `${formatSignerKey(key)}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  const folderFd = openSync(folder, "r")
  fsyncSync(folderFd)
  closeSync(folderFd)
}

/** The log key in a file. Refuses a file that others may read, and any key but one of kind Ed25519 for notes. */
export function readSigner(path: string): Signer & { readonly kind: "ed25519" } {
  const fd = opened(path, "r")
  try {
    const mode = fstatSync(fd).mode & 0o777
    if ((mode & OTHERS) !== 0) {
      const shown = mode.toString(8).padStart(3, "0")
      throw new Refusal("key.exposed", `${path} has mode ${shown}: others may read it; chmod 600 ${path}`)
    }
    const signer = openSigner(parseSignerKey(readFileSync(fd, "utf8").replace(/\n$/, "")))
    if (signer.kind !== "ed25519") {
      throw new Refusal("key.malformed", `${path} is a key for cosigning: a ledger needs another one`)
    }
    return { ...signer, kind: "ed25519" }
  } finally {
    closeSync(fd)
  }
}

function opened(path: string, flags: "r" | "wx"): number {
  try {
    return openSync(path, flags, MODE)
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "EEXIST") throw new Refusal("key.exists", `${path} is there already`, {}, error)
    throw new Refusal("key.unreadable", `cannot open the key ${path}: ${String(code)}`, {}, error)
  }
}
