import { fieldSet, hasField } from "../fieldset.ts"
import { printFieldPattern, quote } from "../quote.ts"
import { fieldValue, withField } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { neededFor } from "./overwrite.ts"
import { readCondition, readList, readPattern } from "./read.ts"

/** `| set_stream_fields a, b`: `_stream` becomes `{a="…",b="…"}`. */
export const setStreamFields: PipeWord = {
  word: "set_stream_fields",
  example: `verb:create | set_stream_fields objectRef.namespace | stats by (_stream) count() hits`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    const patterns = readList(reader, readPattern)
    const set = fieldSet(patterns)
    return eachPipe({
      word: "set_stream_fields",
      when,
      text: ` ${patterns.map(printFieldPattern).join(", ")}`,
      keepsRows: true,
      writes: ["_stream"],
      needs: neededFor(["_stream"], patterns),
      step: (row) => {
        const names = Object.keys(row).filter((name) => hasField(set, name) && fieldValue(row, name) !== "")
        const labels = names.sort().map((name) => `${name}=${quote(fieldValue(row, name))}`)
        return withField(row, "_stream", `{${labels.join(",")}}`)
      },
    })
  },
}
