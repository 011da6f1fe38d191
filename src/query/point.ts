/** Characters of a line shown around the place: a query may be one line of 64 KiB. */
const AROUND = 60

/**
 * Two lines: the line of a text that holds a place, and carets under it.
 *
 *     verb:delete | sotr by (_time)
 *                   ^^^^
 */
export function pointAt(
  text: string,
  { position, length }: { readonly position: number; readonly length: number },
): string {
  const start = text.lastIndexOf("\n", position - 1) + 1
  const lineEnd = text.indexOf("\n", position)
  const end = lineEnd < 0 ? text.length : lineEnd
  const from = Math.max(start, position - AROUND)
  const to = Math.min(end, position + AROUND)
  const [before, after] = [from > start ? "…" : "", to < end ? "…" : ""]
  const under = Math.max(1, Math.min(length, to - position))
  const line = text.slice(from, to).replace(CONTROL, "�")
  return `${before}${line}${after}\n${" ".repeat(before.length + position - from)}${"^".repeat(under)}`
}

// What a terminal would obey is shown as one character that it does not.
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
