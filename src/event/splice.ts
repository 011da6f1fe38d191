import { toBytes } from "../base/bytes.ts"

/** `bytes[start, end)` becomes the mark of `rule`: quoted where it stands for a whole JSON value. */
export type Edit = {
  readonly start: number
  readonly end: number
  readonly rule: string
  readonly quoted: boolean
}

export function markOf(rule: string): string {
  return `[redacted:${rule}]`
}

const MARK = /^"?\[redacted:[a-z][a-z0-9-]{0,31}\]"?$/
const MARK_CHARS_MAX = 50

/** Whether a text is exactly a mark: what is replaced once is not replaced again. */
export function isMark(text: string): boolean {
  return text.length <= MARK_CHARS_MAX && MARK.test(text)
}

export type Spliced = { readonly body: Uint8Array; readonly rules: readonly string[] }

/**
 * Applies the edits; everything outside of them stays byte for byte. Where two overlap, the one that begins
 * first gets both.
 */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Spliced {
  const merged = merge(edits)
  const marks = merged.map(({ rule, quoted }) => toBytes(quoted ? `"${markOf(rule)}"` : markOf(rule)))
  const size = merged.reduce(
    (sum, { start, end }, i) => sum - (end - start) + (marks[i]?.length ?? 0),
    bytes.length,
  )
  const body = new Uint8Array(size)
  let from = 0
  let to = 0
  merged.forEach(({ start, end }, i) => {
    const mark = marks[i] ?? new Uint8Array()
    body.set(bytes.subarray(from, start), to)
    body.set(mark, to + start - from)
    to += start - from + mark.length
    from = end
  })
  body.set(bytes.subarray(from), to)
  return { body, rules: [...new Set(merged.map(({ rule }) => rule))] }
}

function merge(edits: readonly Edit[]): readonly Edit[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || b.end - a.end)
  const merged: Edit[] = []
  for (const edit of sorted) {
    const last = merged.at(-1)
    if (last === undefined || edit.start >= last.end) merged.push(edit)
    else if (edit.end > last.end)
      merged[merged.length - 1] = { ...last, end: edit.end, quoted: last.quoted || edit.quoted }
  }
  return merged
}
