import { ALL_FIELDS } from "../fieldset.ts"
import { fieldValue, newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"

/** `| drop_empty_fields`: drops fields without a value, and rows that have none left. */
export const dropEmptyFields: PipeWord = {
  word: "drop_empty_fields",
  example: `verb:get | fields verb, objectRef.name | drop_empty_fields`,
  parse(reader) {
    reader.next()
    return eachPipe({
      word: "drop_empty_fields",
      text: "",
      keepsRows: false,
      writes: [],
      // Whether a row is left depends on every field.
      needs: () => ALL_FIELDS,
      step: (row) => {
        const kept = newRow()
        for (const name of Object.keys(row))
          if (fieldValue(row, name) !== "") kept[name] = fieldValue(row, name)
        return Object.keys(kept).length === 0 ? undefined : kept
      },
    })
  },
}
