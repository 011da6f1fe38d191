import { fieldSet } from "../fieldset.ts"
import { printField } from "../quote.ts"
import { newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { countBy } from "./counted.ts"
import { readField } from "./read.ts"
import { hitsName } from "./uniq.ts"

/** `| field_values a limit N`: every value of a field, with its count. */
export const fieldValues: PipeWord = {
  word: "field_values",
  example: `kind:=k8s.audit | field_values verb`,
  parse(reader) {
    reader.next()
    const inside = reader.skip("(")
    const field = readField(reader)
    if (inside) reader.expect(")", "after the field of field_values")
    const limit = reader.skip("limit") ? reader.count("a number of values") : 0
    const hits = hitsName([field])
    return {
      word: "field_values",
      print: () => `field_values ${printField(field)}${limit > 0 ? ` limit ${limit}` : ""}`,
      needs: () => fieldSet([field]),
      ...countBy([field], (groups, next) => {
        for (const { key, value } of limit > 0 ? groups.slice(0, limit) : groups) {
          const row = newRow()
          row[field] = key[0] ?? ""
          row[hits] = String(value.hits)
          if (!next.take(row)) return
        }
      }),
    }
  },
}
