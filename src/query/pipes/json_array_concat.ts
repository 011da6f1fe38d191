import { listItems } from "../json_text.ts"
import { printField, quoteIfNeeded } from "../quote.ts"
import type { PipeWord } from "../word.ts"
import { intoPipe } from "./into.ts"
import { atPipeEnd, printSource, readField, readResultName } from "./read.ts"

/** `| json_array_concat ", " from a as b`: the items of a JSON list in one text; empty where the value is no list. */
export const jsonArrayConcat: PipeWord = {
  word: "json_array_concat",
  example: `verb:create | json_array_concat ", " from user.groups as groups | top 5 by (groups)`,
  parse(reader) {
    reader.next()
    const between = atPipeEnd(reader) || reader.is("from", "as") ? "" : reader.compound("what to put between")
    const named = reader.skip("from") || !(atPipeEnd(reader) || reader.is("as"))
    const from = named ? readField(reader) : "_msg"
    const to = readResultName(reader) ?? from
    const text = between === "" ? "" : ` ${quoteIfNeeded(between)}`
    return intoPipe({
      word: "json_array_concat",
      text: `${text}${printSource("from", from)}${to === from ? "" : ` as ${printField(to)}`}`,
      from,
      to,
      compute: (value) => (listItems(value) ?? []).join(between),
    })
  },
}
