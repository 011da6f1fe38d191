/**
 * What is obeyed or passed over instead of seen: DEL and C1 controls, soft hyphen, marks and changes of direction, zero-width
 * characters, line separators, invisible operators, byte order marks, tags. Written as ranges: matched against every row
 * of every answer.
 */
const UNSEEN =
  /[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\udb40[\udc00-\udfff]/g

/** The text with what nobody sees written as `\u200b`, as JSON has it: two for a character beyond the first 65,536. */
export function escapeUnseen(text: string): string {
  return text.replace(UNSEEN, escapeUnits)
}

/** What a terminal obeys; lines and tabs are text. */
const OBEYED = /[\0-\x08\x0b-\x1f]/g

/** Besides what nobody sees, what a terminal obeys; lines and tabs stay. For text that no JSON escapes. */
export function escapeObeyed(text: string): string {
  return escapeUnseen(text.replace(OBEYED, escapeUnits))
}

export function escapeUnits(found: string): string {
  const units = Array.from({ length: found.length }, (_, i) => found.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")
}
