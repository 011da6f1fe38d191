import { fieldSet } from "../fieldset.ts"
import { printField } from "../quote.ts"
import { newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { countBy } from "./counted.ts"
import { printContained, readContained, readField } from "./read.ts"
import { hitsName } from "./uniq.ts"

/** `| field_values a filter "text" limit N`: every value of a field (that holds a text), with its count. */
export const fieldValues: PipeWord = {
  word: "field_values",
  example: `kind:=k8s.audit | field_values verb`,
  parse(reader) {
    reader.next()
    const inside = reader.skip("(")
    const field = readField(reader)
    if (inside) reader.expect(")", "after the field of field_values")
    const contained = readContained(reader)
    const limit = reader.skip("limit") ? reader.count("a number of values") : 0
    const hits = hitsName([field])
    return {
      word: "field_values",
      print: () =>
        `field_values ${printField(field)}${printContained(contained)}${limit > 0 ? ` limit ${limit}` : ""}`,
      needs: () => fieldSet([field]),
      ...countBy([field], (groups, next) => {
        const wanted = groups.filter(({ key }) => (key[0] ?? "").includes(contained))
        for (const { key, value } of limit > 0 ? wanted.slice(0, limit) : wanted) {
          const row = newRow()
          row[field] = key[0] ?? ""
          row[hits] = String(value.hits)
          if (!next.take(row)) return
        }
      }),
    }
  },
}
