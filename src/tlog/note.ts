import { verifyEd25519 } from "#ed25519"
import { toBytes, utf8 } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { type CosignatureBytes, cosignedMessage, parseCosignature } from "./cosignature.ts"
import { isNoteText } from "./note-text.ts"
import { formatSignatureLine, type NoteSignature, parseSignatureLine } from "./signature-line.ts"
import type { Signer } from "./signer.ts"
import { parseVerifierKey, type VerifierKey } from "./verifier-key.ts"

/**
 * A text and the signatures under it (c2sp.org/signed-note):
 *
 *     This is an example message.
 *
 *     — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
 */
export type Note = {
  /** Ends with a newline; may hold blank lines. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** As Go's sumdb/note: a note is read whole, so its length has an end. */
export const NOTE_LENGTH_MAX = 1_000_000
/** As Go's sumdb/note; the specification asks for at least 16. */
export const SIGNATURES_MAX = 100

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map((line) => `${formatSignatureLine(line)}\n`).join("")}`
}

/** Inverse of {@link formatNote}: refuses any text it would not have written. Checks no signature. */
export function parseNote(note: string | Uint8Array): Note {
  const whole = typeof note === "string" ? note : utf8(note)
  if (whole === undefined) throw malformed("it is not UTF-8")
  if (whole.length > NOTE_LENGTH_MAX) throw malformed(`it is longer than ${NOTE_LENGTH_MAX}`)
  if (!isNoteText(whole)) throw malformed("it holds a control character or half a character")
  const split = whole.lastIndexOf("\n\n")
  const lines = whole.slice(split + 2).split("\n")
  if (split < 0 || lines.pop() !== "")
    throw malformed("expected a text, a blank line and lines of signatures")
  if (lines.length > SIGNATURES_MAX) throw malformed(`it has more than ${SIGNATURES_MAX} signatures`)
  if (lines.length === 0) throw malformed("it has no signature")
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignatureLine) }
}

/** A note of which at least one signature was found right. */
export type OpenedNote = {
  readonly text: string
  /** By the keys given, each line once. */
  readonly verified: readonly VerifiedSignature[]
  /** Lines of other keys, each once. They may hold anything. */
  readonly unverified: readonly NoteSignature[]
}

export type VerifiedSignature = {
  readonly key: VerifierKey
  /** What the witness says its clock was, in seconds since 1970; only of a `cosignature` key. */
  readonly atSeconds?: number
}

/**
 * Opens a signed note with the keys a reader trusts, given as {@link VerifierKey} or as text.
 * Throws `note.refuted` when a signature under the name and id of a given key is not that key's, `note.unsigned` when
 * no given key signed, `key.ambiguous` when two given keys have one name and id, `note.malformed`, `key.malformed`.
 */
export function openNote(note: string | Uint8Array, keys: readonly (VerifierKey | string)[]): OpenedNote {
  const known = knownKeys(keys)
  const { text, signatures } = parseNote(note)
  const verified: VerifiedSignature[] = []
  const unverified: NoteSignature[] = []
  const seen = new Set<string>()
  for (const signature of signatures) {
    const line = formatSignatureLine(signature)
    if (seen.has(line)) continue
    seen.add(line)
    const key = known.get(`${signature.name}+${signature.keyId}`)
    if (key === undefined) unverified.push(signature)
    else verified.push(verifySignature({ key, text, signature: signature.signature }))
  }
  if (verified.length === 0) {
    const signers = signatures.slice(0, SIGNERS_TOLD_MAX).map(({ name, keyId }) => `${name}+${keyId}`)
    const given = keys.length === 1 ? "the key given" : `any of the ${keys.length} keys given`
    throw new Refusal("note.unsigned", `it is signed by ${signers.join(", ")}, not by ${given}`, { signers })
  }
  return { text, verified, unverified }
}

const SIGNERS_TOLD_MAX = 4

/** ML-DSA keys are left out: their lines count as those of unknown keys. */
function knownKeys(keys: readonly (VerifierKey | string)[]): Map<string, VerifierKey> {
  const known = new Map<string, VerifierKey>()
  for (const key of keys.map((key) => (typeof key === "string" ? parseVerifierKey(key) : key))) {
    const place = `${key.name}+${key.keyId}`
    if (known.has(place)) throw new Refusal("key.ambiguous", `two of the keys given are ${place}`)
    if (key.kind !== "mldsa44") known.set(place, key)
  }
  return known
}

/** Throws `note.refuted` unless the signature over `text` is that key's. */
function verifySignature(claim: {
  readonly key: VerifierKey
  readonly text: string
  readonly signature: Uint8Array
}): VerifiedSignature {
  const { key, text, signature } = claim
  const { publicKey } = key
  if (key.kind === "ed25519") {
    if (verifyEd25519({ publicKey, message: toBytes(text), signature })) return { key }
  } else {
    const bytes: CosignatureBytes | undefined = parseCosignature(signature)
    if (bytes !== undefined) {
      const { atSeconds } = bytes
      const message = toBytes(cosignedMessage({ text, atSeconds }))
      if (verifyEd25519({ publicKey, message, signature: bytes.signature })) return { key, atSeconds }
    }
  }
  throw new Refusal("note.refuted", `the signature of ${key.name}+${key.keyId} is not over this text`)
}

/** The note made of `text`, which ends with a newline, and a signature of each signer. */
export function signNote(text: string, signers: readonly Signer<"ed25519">[]): string {
  if (!text.endsWith("\n") || !isNoteText(text)) {
    throw malformed("a text to sign ends with a newline and holds no other control character")
  }
  const message = toBytes(text)
  return formatNote({
    text,
    signatures: signers.map(({ name, keyId, sign }) => ({ name, keyId, signature: sign(message) })),
  })
}

function malformed(why: string): Refusal {
  return new Refusal("note.malformed", `not a signed note: ${why}`)
}
