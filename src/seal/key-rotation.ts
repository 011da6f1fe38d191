import { isCount } from "../base/count.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { openNote, signNote } from "../tlog/note.ts"
import { isOrigin } from "../tlog/note-text.ts"
import type { Signer } from "../tlog/signer.ts"
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from "../tlog/verifier-key.ts"

/**
 * What both keys sign when a log changes its key:
 *
 *     tallystick/key-rotation/v1
 *     ledger.example.com/prod
 *     ledger.example.com/prod+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
 *     ledger.example.com/prod+1f0a8c11+AXl...
 *     4711
 *
 * The old key signed checkpoints up to `lastSize` and signs none after; the block that holds this is the next.
 */
export type KeyRotation = {
  readonly origin: string
  readonly older: VerifierKey
  readonly newer: VerifierKey
  /** Blocks under the last checkpoint of the old key. */
  readonly lastSize: number
}

const HEAD = "tallystick/key-rotation/v1"

export function formatKeyRotation({ origin, older, newer, lastSize }: KeyRotation): string {
  return `${HEAD}\n${origin}\n${formatVerifierKey(older)}\n${formatVerifierKey(newer)}\n${lastSize}\n`
}

/** Inverse of {@link formatKeyRotation}: refuses any text it would not have written. */
export function parseKeyRotation(text: string): KeyRotation {
  const [, origin = "", older = "", newer = "", lastSize = ""] = text.split("\n", 6)
  try {
    const rotation = {
      origin,
      older: parseVerifierKey(older),
      newer: parseVerifierKey(newer),
      lastSize: Number(lastSize),
    }
    const named = rotation.older.name === origin && rotation.newer.name === origin
    const kinds = rotation.older.kind === "ed25519" && rotation.newer.kind === "ed25519"
    const sized = isCount(rotation.lastSize)
    const possible = isOrigin(origin) && named && kinds && sized && older !== newer
    if (!possible || formatKeyRotation(rotation) !== text) throw malformed(text)
    return rotation
  } catch (error) {
    if (isRefusal(error) && error.code !== "control.malformed") throw malformed(text, error)
    throw error
  }
}

export function signKeyRotation(
  origin: string,
  lastSize: number,
  keys: readonly [older: Signer<"ed25519">, newer: Signer<"ed25519">],
): string {
  const [older, newer] = keys
  const rotation = { origin, older, newer, lastSize }
  return signNote(formatKeyRotation(rotation), keys)
}

/** Opens a rotation's note: both keys it names must have signed it. Whether the old one is trusted is the caller's to say. */
export function openKeyRotation(note: string): KeyRotation {
  const rotation = parseKeyRotation(note.slice(0, note.lastIndexOf("\n\n") + 1))
  const { verified } = openNote(note, [rotation.older, rotation.newer])
  if (verified.length !== 2) {
    throw new Refusal("note.unsigned", "a change of keys is signed by the old key and by the new one")
  }
  return rotation
}

function malformed(text: string, cause?: unknown): Refusal {
  return new Refusal(
    "control.malformed",
    `not a change of keys: ${JSON.stringify(text.slice(0, 80))}`,
    {},
    cause,
  )
}
