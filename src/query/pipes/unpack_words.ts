import { jsonList } from "../json_text.ts"
import { printField } from "../quote.ts"
import type { PipeWord } from "../word.ts"
import { NOT_WORD } from "../words.ts"
import { intoPipe } from "./into.ts"
import { atPipeEnd, printSource, readField, readResultName } from "./read.ts"

const BETWEEN = new RegExp(`${NOT_WORD}+`, "u")

/** `| unpack_words from a as b drop_duplicates`: the words of a value as a JSON list, for `unroll`. */
export const unpackWords: PipeWord = {
  word: "unpack_words",
  example: `responseStatus.code:>=400 | unpack_words from responseStatus.message as words | unroll words | top 5 by (words)`,
  parse(reader) {
    reader.next()
    const named = reader.skip("from") || !(atPipeEnd(reader) || reader.is("as", "drop_duplicates"))
    const from = named ? readField(reader) : "_msg"
    const to = readResultName(reader, "drop_duplicates") ?? from
    const once = reader.skip("drop_duplicates")
    return intoPipe({
      word: "unpack_words",
      text: `${printSource("from", from)}${to === from ? "" : ` as ${printField(to)}`}${once ? " drop_duplicates" : ""}`,
      from,
      to,
      compute: (value) => {
        const words = value.split(BETWEEN).filter((word) => word !== "")
        return jsonList(once ? [...new Set(words)] : words)
      },
    })
  },
}
