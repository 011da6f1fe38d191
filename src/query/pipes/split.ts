import { jsonList } from "../json_text.ts"
import { printField, quoteIfNeeded } from "../quote.ts"
import type { PipeWord } from "../word.ts"
import { intoPipe } from "./into.ts"
import { atPipeEnd, printSource, readField, readResultName } from "./read.ts"

/** `| split "," from a as b`: the parts of a value as a JSON list, for `unroll`; with "" its characters. */
export const split: PipeWord = {
  word: "split",
  example: `verb:list | split "/" from requestURI as parts | unroll parts | top 5 by (parts)`,
  parse(reader) {
    reader.next()
    if (reader.is("from", "as")) throw reader.refuse("expected what to split at")
    const separator = reader.compound("what to split at")
    const named = reader.skip("from") || !(atPipeEnd(reader) || reader.is("as"))
    const from = named ? readField(reader) : "_msg"
    const to = readResultName(reader) ?? from
    return intoPipe({
      word: "split",
      text: ` ${quoteIfNeeded(separator)}${printSource("from", from)}${to === from ? "" : ` as ${printField(to)}`}`,
      from,
      to,
      compute: (value) => jsonList(separator === "" ? [...value] : value.split(separator)),
    })
  },
}
