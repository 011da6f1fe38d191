import { addFields, fieldsOf, matchesFilter } from "../fieldset.ts"
import { listItems } from "../json_text.ts"
import { formatFilter } from "../print.ts"
import { printField } from "../quote.ts"
import { fieldValue, newRow, type Row } from "../row.ts"
import type { Filter, Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { readCondition, readListOrParenthesised } from "./read.ts"

/** `| unroll by (a, b)`: a row for each item of JSON lists; the lists go side by side. */
export const unroll: PipeWord = {
  word: "unroll",
  example: `verb:create | unroll by (user.groups) | top by (user.groups)`,
  parse(reader) {
    reader.next()
    const when = readCondition(reader)
    reader.skip("by")
    const start = reader.token
    const fields = readListOrParenthesised(reader)
    if (fields.length === 0) throw reader.refuse("unroll needs a field", start)
    return unrollPipe(fields, when)
  },
}

function unrollPipe(fields: readonly string[], when: Filter | undefined): Pipe {
  const condition = when === undefined ? "" : ` if (${formatFilter(when)})`
  return {
    word: "unroll",
    print: () => `unroll${condition} by (${fields.map(printField).join(", ")})`,
    needs: (after) => addFields(after, [...fields, ...(when === undefined ? [] : fieldsOf(when))]),
    ...(when === undefined
      ? {}
      : { filters: [when], withFilters: ([answered]) => unrollPipe(fields, answered) }),
    run: (next, scene) => ({
      take: (row) =>
        when !== undefined && !matchesFilter(when, row, scene)
          ? next.take(row)
          : unrolled(row, fields).every((item) => next.take(item)),
      end: () => next.end(),
    }),
  }
}

/** A row without a list stays, without these fields. */
function unrolled(row: Row, fields: readonly string[]): readonly Row[] {
  const lists = fields.map((field) => listItems(fieldValue(row, field)) ?? [])
  const count = Math.max(1, ...lists.map((list) => list.length))
  return Array.from({ length: count }, (_, i) => {
    const item = newRow(row)
    fields.forEach((field, at) => {
      item[field] = lists[at]?.[i] ?? ""
    })
    return item
  })
}
