import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import type { Filter, Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { changePipe } from "./change.ts"
import { printSource, readAt, readCondition } from "./read.ts"

/** `| replace ("old", "new") at a limit N`: another text for a text, everywhere or N times. */
export const replace: PipeWord = {
  word: "replace",
  example: `verb:create | replace ("system:serviceaccount:", "sa:") at user.username`,
  parse: (reader) =>
    readReplacement(reader, (before, after) => {
      if (before === "") return (value) => value
      return (value, most) => replaceText({ value, before, after, most })
    }),
}

/** The common shape of `replace` and `replace_regexp`; `make` says how a value is changed, at most so many times. */
export function readReplacement(
  reader: Reader,
  make: (before: string, after: string) => (value: string, most: number) => string,
): Pipe {
  const { word } = reader
  reader.next()
  const when: Filter | undefined = readCondition(reader)
  reader.expect("(", `after ${word}`)
  const before = reader.compound("what to replace")
  reader.expect(",", "after what to replace")
  const after = reader.compound("what to replace it with")
  reader.expect(")", "after what to replace it with")
  const field = readAt(reader)
  const limit = reader.skip("limit") ? reader.count("a number of replacements") : 0
  const change = make(before, after)
  return changePipe({
    word,
    text: ` (${quoteIfNeeded(before)}, ${quoteIfNeeded(after)})${printSource("at", field)}${limit > 0 ? ` limit ${limit}` : ""}`,
    when,
    field,
    change: (value) => change(value, limit > 0 ? limit : Number.POSITIVE_INFINITY),
  })
}

function replaceText(task: {
  readonly value: string
  readonly before: string
  readonly after: string
  readonly most: number
}): string {
  const { value, before, after, most } = task
  const parts: string[] = []
  let from = 0
  for (let at = value.indexOf(before); at >= 0 && parts.length < most; at = value.indexOf(before, from)) {
    parts.push(value.slice(from, at))
    from = at + before.length
  }
  return [...parts, value.slice(from)].join(after)
}
