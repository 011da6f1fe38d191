import { fieldSet, hasField, removeFields } from "../fieldset.ts"
import { printFieldPattern } from "../quote.ts"
import { fieldValue, newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { readList, readPattern } from "./read.ts"

/** `| delete a, b*`: drops these fields. */
export const deleteFields: PipeWord = {
  word: "delete",
  aliases: ["del", "rm", "drop"],
  example: `verb:create | delete annotations*, userAgent`,
  parse(reader) {
    reader.next()
    const patterns = readList(reader, readPattern)
    const set = fieldSet(patterns)
    return eachPipe({
      word: "delete",
      text: ` ${patterns.map(printFieldPattern).join(", ")}`,
      keepsRows: true,
      writes: set.kind === "some" && set.prefixes.length === 0 ? [...set.names] : "any",
      needs: (after) => (set.kind === "some" ? removeFields(after, set.names) : after),
      step: (row) => {
        const kept = newRow()
        for (const name of Object.keys(row)) if (!hasField(set, name)) kept[name] = fieldValue(row, name)
        return kept
      },
    })
  },
}
