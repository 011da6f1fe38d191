/**
 * YAML 1.2 wants what goes on within quotes and brackets to stand deeper than the key it belongs to; Go's reader of YAML 1.1 does
 * not look. White space there says nothing, so such lines are moved to the right, and what is found in them is told where it stood.
 */
export type Shift = {
  readonly text: string
  /** From an offset in `text` to the offset in the text as it was. */
  readonly original: (offset: number) => number
}

/** What a parser says: its code, words and the offset. */
type Problem = { readonly code: string; readonly message: string; readonly pos: readonly number[] }

/** Deeper than anybody nests keys. */
const PAD = " ".repeat(200)
/** Each costs another look at the whole text. */
const LOOKS_MAX = 50
const TEXT_MAX = 64 * 1024

/** `problemsOf` parses. Moves line after line until there is no such problem left, or no end of them. */
export function indented(text: string, problemsOf: (text: string) => readonly Problem[]): Shift {
  const starts: number[] = []
  let shift = shifted(text, starts)
  if (text.length > TEXT_MAX) return shift
  for (let left = LOOKS_MAX; left > 0; left--) {
    const found = linesOf(problemsOf(shift.text), shift, text).filter((start) => !starts.includes(start))
    if (found.length === 0) break
    starts.push(...found)
    shift = shifted(text, starts)
  }
  return shift
}

/** Starts of the lines, in the text as it was, that stand too far left. */
function linesOf(problems: readonly Problem[], { original }: Shift, text: string): readonly number[] {
  for (const { code, message, pos } of problems) {
    const at = original(pos[0] ?? 0)
    const quote = /^Missing closing (["'])/.exec(message)?.[1]
    if (quote !== undefined) return linesUntil(text, at, closingQuote(text, at, quote))
    if (code === "BAD_INDENT" && message.startsWith("Flow "))
      return linesInside(text, text.lastIndexOf("\n", at - 1) + 1)
  }
  return []
}

/** The line at `start`, which stands within brackets, and those behind it that surely do: nothing before them can have closed any. */
function linesInside(text: string, start: number): readonly number[] {
  const starts = [start]
  for (;;) {
    const at = starts.at(-1) ?? start
    const next = text.indexOf("\n", at) + 1
    const isOver = next === 0 || next >= text.length || /[\]}"'#]/.test(text.slice(at, next))
    if (isOver || /^(?:---|\.\.\.)/.test(text.slice(next, next + 3))) return starts
    starts.push(next)
  }
}

/** Behind `from`, where a scalar was cut off. */
function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    const escaped = quote === '"' ? sign === "\\" : sign === quote && text[at + 1] === quote
    if (escaped) at++
    else if (sign === quote) return at
  }
  return -1
}

/** Lines that begin behind `from` and not behind `to`; none where one of them ends the document. */
function linesUntil(text: string, from: number, to: number): readonly number[] {
  const starts: number[] = []
  for (let at = text.indexOf("\n", from) + 1; at > 0 && at <= to; at = text.indexOf("\n", at) + 1) {
    if (/^(?:---|\.\.\.)(?=\s|$)/.test(text.slice(at, at + 4))) return []
    starts.push(at)
  }
  return starts
}

function shifted(text: string, unsorted: readonly number[]): Shift {
  if (unsorted.length === 0) return { text, original: (offset) => offset }
  const starts = [...unsorted].sort((a, b) => a - b)
  const parts = [0, ...starts].map((start, i) => text.slice(start, starts[i]))
  return {
    text: parts.join(PAD),
    original(offset) {
      let before = 0
      for (const start of starts) {
        if (offset < start + before) break
        if (offset < start + before + PAD.length) return start
        before += PAD.length
      }
      return offset - before
    },
  }
}
