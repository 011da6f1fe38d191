import { ifBase64, toBase64 } from "../base/bytes.ts"
import { isCount } from "../base/count.ts"
import { Refusal } from "../base/refusal.ts"
import { HASH_BYTES, type Hash } from "./merkle.ts"
import { type OpenedNote, openNote } from "./note.ts"
import { isNoteText } from "./note-text.ts"
import type { VerifierKey } from "./verifier-key.ts"

/**
 * A log's promise: "when I held `size` entries, my root was `root`". As text (c2sp.org/tlog-checkpoint):
 *
 *     ledger.example.com/prod
 *     923748
 *     nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
 */
export type Checkpoint = {
  readonly origin: string
  readonly size: number
  readonly root: Hash
  /** Lines that some logs add; a ledger adds none. Absent where there is none. */
  readonly extensions?: readonly string[]
}

export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  return [origin, size, toBase64(root), ...extensions].map((line) => `${line}\n`).join("")
}

/** Inverse of {@link formatCheckpoint}: refuses any text that it would not have written, and a size of 2^53 or more. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", ...rest] = text.split("\n")
  const extensions = rest.slice(0, -1)
  const head = { origin, size: Number(size), root: ifBase64(root) ?? new Uint8Array() }
  const checkpoint = extensions.length === 0 ? head : { ...head, extensions }

  // Number() and base64 decoders forgive much (" 7", "0x7", "1e3", stray bits). Writing the value
  // back and comparing forgives nothing, and leaves exactly one text per checkpoint.
  const canonical = formatCheckpoint(checkpoint) === text && isNoteText(text)
  const possible = origin !== "" && isCount(head.size) && !extensions.includes("")
  if (!canonical || !possible || head.root.length !== HASH_BYTES) {
    throw new Refusal("checkpoint.malformed", `not a checkpoint: ${JSON.stringify(text.slice(0, 80))}`)
  }
  return checkpoint
}

/** A checkpoint that its log signed, and who else did. */
export type OpenedCheckpoint = {
  readonly checkpoint: Checkpoint
  readonly note: OpenedNote
  /** The log's own keys that signed: more than one while keys change. */
  readonly signedBy: readonly VerifierKey[]
  /** The witnesses among the keys given that signed, and when by their clocks. */
  readonly cosignedBy: readonly { readonly key: VerifierKey; readonly atSeconds: number }[]
}

/**
 * Opens a signed checkpoint with the keys a reader trusts. Throws as {@link openNote} does, and `note.unsigned` when only
 * others signed: a log's key is of kind `ed25519` and has the origin as its name.
 */
export function openCheckpoint(
  signed: string | Uint8Array,
  keys: readonly (VerifierKey | string)[],
): OpenedCheckpoint {
  const note = openNote(signed, keys)
  const checkpoint = parseCheckpoint(note.text)
  const signedBy = note.verified.flatMap(({ key }) =>
    key.kind === "ed25519" && key.name === checkpoint.origin ? [key] : [],
  )
  if (signedBy.length === 0) {
    throw new Refusal(
      "note.unsigned",
      `no key given of ${JSON.stringify(checkpoint.origin)} signed its checkpoint`,
    )
  }
  const cosignedBy = note.verified.flatMap(({ key, atSeconds }) =>
    atSeconds === undefined ? [] : [{ key, atSeconds }],
  )
  return { checkpoint, note, signedBy, cosignedBy }
}
