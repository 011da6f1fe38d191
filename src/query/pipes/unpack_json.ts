import { fieldSet, hasField } from "../fieldset.ts"
import { flattenJson } from "../json_text.ts"
import { printField } from "../quote.ts"
import type { PipeWord } from "../word.ts"
import { readCondition, readParenthesised, readField } from "./read.ts"
import { OPTIONS, readUnpackEnd, readUnpackFields, readUnpackSource, unpackPipe } from "./unpack.ts"

/** `| unpack_json from a fields (b, c*) result_prefix p`: members of a JSON object become fields, with dotted names. */
export const unpackJson: PipeWord = {
  word: "unpack_json",
  example: `kind:=log | unpack_json from _msg fields (level, msg) | top by (level)`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    const from = readUnpackSource(reader, [...OPTIONS, "preserve_keys"])
    const whole = reader.skip("preserve_keys")
      ? readParenthesised(reader, "after preserve_keys", readField)
      : []
    const kept = fieldSet(whole)
    const patterns = readUnpackFields(reader)
    return unpackPipe({
      word: "unpack_json",
      when,
      from,
      patterns,
      ...(whole.length > 0 ? { options: ` preserve_keys (${whole.map(printField).join(", ")})` } : {}),
      ...readUnpackEnd(reader),
      find: (value) =>
        value.trimStart().startsWith("{") ? flattenJson(value, (name) => hasField(kept, name)) : undefined,
    })
  },
}
