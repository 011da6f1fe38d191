import { addFields, removeFields } from "../fieldset.ts"
import { printField } from "../quote.ts"
import { fieldValue, newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { atPipeEnd, readField } from "./read.ts"

const encoder = new TextEncoder()

/** `| len(a) as b`: the bytes in a value. */
export const len: PipeWord = {
  word: "len",
  example: `verb:create | len(requestURI) as uriBytes | sort by (uriBytes desc) limit 10`,
  parse(reader) {
    reader.next()
    const inside = reader.skip("(")
    const from = readField(reader)
    if (inside) reader.expect(")", "after the field of len()")
    reader.skip("as")
    const to = atPipeEnd(reader) ? "_msg" : readField(reader)
    return eachPipe({
      word: "len",
      text: `len(${printField(from)})${to === "_msg" ? "" : ` as ${printField(to)}`}`,
      keepsRows: true,
      writes: [to],
      needs: (after) => addFields(removeFields(after, [to]), [from]),
      step: (row) => {
        const changed = newRow(row)
        changed[to] = String(encoder.encode(fieldValue(row, from)).length)
        return changed
      },
    })
  },
}
