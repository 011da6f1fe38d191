import { toBytes } from "../base/bytes.ts"

/** An ML-DSA cosignature writes the length of an origin in one byte (c2sp.org/tlog-cosignature). */
const ORIGIN_BYTES_MAX = 255

// Unicode White_Space. JavaScript's \s is another set: it has U+FEFF and lacks U+0085.
const WHITE_SPACE = /[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
const CONTROL = /[\u0000-\u001f]/
const CONTROL_BUT_NEWLINE = /[\u0000-\u0009\u000b-\u001f]/

/** Whether a key can have this name (c2sp.org/signed-note): not empty, no white space, no plus, no control characters. */
export function isKeyName(name: string): boolean {
  return (
    name !== "" &&
    name.isWellFormed() &&
    !name.includes("+") &&
    !WHITE_SPACE.test(name) &&
    !CONTROL.test(name)
  )
}

/** What a terminal obeys or nobody sees. Others may name their keys so; a ledger is known by a name that can be read. */
const UNSEEN = /[\u007f-\u009f]|\p{Cf}/u

/** Whether a ledger can have this origin: it is the name of its key too. */
export function isOrigin(origin: string): boolean {
  return isKeyName(origin) && !UNSEEN.test(origin) && toBytes(origin).length <= ORIGIN_BYTES_MAX
}

/** Whether a note can have this text: Unicode, and of control characters only newlines. */
export function isNoteText(text: string): boolean {
  return text.isWellFormed() && !CONTROL_BUT_NEWLINE.test(text)
}
