import { quoteIfNeeded } from "../quote.ts"
import { fieldValue, newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { formatValue } from "./format_value.ts"
import { neededFor, printOverwrite, putResult, readOverwrite } from "./overwrite.ts"
import { parsePattern, patternFields } from "./pattern.ts"
import { printResultName, readCondition, readField } from "./read.ts"

/** `| format "<a> by <uc:b>" as c`: a text made of fields. */
export const format: PipeWord = {
  word: "format",
  example: `verb:delete | format "<user.username> deleted <objectRef.resource> <objectRef.name>" as what | fields _time, what`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    const at = reader.token
    const source = reader.compound("a pattern", "withStars")
    const { prefix, steps } = parsePattern(source, reader, at)
    const to = reader.skip("as") ? readField(reader, "a name for the result") : "_msg"
    const overwrite = readOverwrite(reader)
    return eachPipe({
      word: "format",
      when,
      text: ` ${quoteIfNeeded(source)}${printResultName(to)}${printOverwrite(overwrite)}`,
      keepsRows: true,
      writes: [to],
      needs: neededFor([to], patternFields({ prefix, steps }), overwrite),
      step: (row) => {
        const texts = steps.map(({ field, option, text }) => {
          return (field === "" ? "" : formatValue(option, fieldValue(row, field))) + text
        })
        const changed = newRow(row)
        putResult(changed, to, prefix + texts.join(""), overwrite)
        return changed
      },
    })
  },
}
