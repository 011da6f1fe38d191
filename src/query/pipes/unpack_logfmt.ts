import { unquote } from "../quote.ts"
import type { PipeWord } from "../word.ts"
import { readCondition } from "./read.ts"
import { readUnpackEnd, readUnpackFields, readUnpackSource, type Unpacked, unpackPipe } from "./unpack.ts"

/** `| unpack_logfmt from a fields (b) result_prefix p`: `b=1 c="x y"` becomes fields. */
export const unpackLogfmt: PipeWord = {
  word: "unpack_logfmt",
  example: `kind:=log | unpack_logfmt fields (level, err) | filter err:* | top by (err)`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    const from = readUnpackSource(reader)
    const patterns = readUnpackFields(reader)
    return unpackPipe({
      word: "unpack_logfmt",
      when,
      from,
      patterns,
      ...readUnpackEnd(reader),
      find: parseLogfmt,
    })
  },
}

/** Words without `=` are fields without a value; values without a name are none: the empty name is the message's. */
export function parseLogfmt(text: string): Unpacked {
  const fields: (readonly [string, string])[] = []
  let sign = -1
  for (let at = 0; at < text.length; ) {
    const end = nextOf(text, " ", at)
    // Many words may stand before the next one: it is looked for once.
    if (sign < at) sign = nextOf(text, "=", at)
    if (sign >= end) {
      if (end > at) fields.push([text.slice(at, end), ""])
      at = end + 1
      continue
    }
    const value = readLogfmtValue(text, sign + 1)
    if (sign > at) fields.push([text.slice(at, sign), value.text])
    at = value.end + 1
  }
  return fields
}

function readLogfmtValue(text: string, at: number): { readonly text: string; readonly end: number } {
  const quoted = /["'`]/.test(text.charAt(at)) ? unquote(text, at) : undefined
  const end = nextOf(text, " ", quoted?.end ?? at)
  return { text: quoted?.text ?? text.slice(at, end), end }
}

function nextOf(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from)
  return at < 0 ? text.length : at
}
