import { ALL_FIELDS } from "../fieldset.ts"
import { printField } from "../quote.ts"
import { newRow } from "../row.ts"
import type { PipeWord } from "../word.ts"
import { atPipeEnd, printContained, readContained, readField } from "./read.ts"

/** `| field_names filter "text" as a`: every field that has a value, with the count of rows where it has one. */
export const fieldNames: PipeWord = {
  word: "field_names",
  example: `kind:=app.audit | field_names`,
  parse(reader) {
    reader.next()
    const contained = readContained(reader)
    const as = reader.skip("as")
    const to = as || !atPipeEnd(reader) ? readField(reader) : "name"
    return {
      word: "field_names",
      print: () => `field_names${printContained(contained)}${to === "name" ? "" : ` as ${printField(to)}`}`,
      needs: () => ALL_FIELDS,
      onlyField: to,
      run(next, scene) {
        const counts = new Map<string, number>()
        return {
          take: (row) => {
            for (const name of Object.keys(row)) {
              if (row[name] === "" || !name.includes(contained)) continue
              const count = counts.get(name)
              if (count === undefined && !scene.budget.charge(64 + 2 * name.length)) return false
              counts.set(name, (count ?? 0) + 1)
            }
            return true
          },
          end: () => {
            for (const [name, count] of counts) {
              const row = newRow()
              row[to] = name
              row.hits = String(count)
              if (!next.take(row)) break
            }
            next.end()
          },
        }
      },
    }
  },
}
