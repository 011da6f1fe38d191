import { concat, fromHex, ifBase64, toBase64, toHex } from "../base/bytes.ts"
import { Refusal } from "../base/refusal.ts"
import { isKeyName } from "./note-text.ts"

/** One signature under a note: `— <name> <base64 of key id and signature>`. */
export type NoteSignature = {
  readonly name: string
  /** Eight hex digits: which of that name's keys. Says which key to try, proves nothing. */
  readonly keyId: string
  readonly signature: Uint8Array
}

const KEY_ID_BYTES = 4
const LINE = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/

/** The line without its newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${toBase64(concat([fromHex(keyId), signature]))}`
}

/** Inverse of {@link formatSignatureLine}: refuses any text it would not have written. */
export function parseSignatureLine(line: string): NoteSignature {
  const [, name = "", base64 = ""] = LINE.exec(line) ?? []
  const bytes = ifBase64(base64)
  if (!isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) {
    throw new Refusal("note.malformed", `not a signature line: ${JSON.stringify(line.slice(0, 80))}`)
  }
  return { name, keyId: toHex(bytes.subarray(0, KEY_ID_BYTES)), signature: bytes.subarray(KEY_ID_BYTES) }
}
