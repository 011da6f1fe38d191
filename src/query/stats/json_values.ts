import { fieldSet, hasField } from "../fieldset.ts"
import { jsonObject } from "../json_text.ts"
import { compareRows } from "../order.ts"
import { readKeys } from "../pipes/sort.ts"
import { printField } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type Row, weighRow } from "../row.ts"
import type { SortKey } from "../tree.ts"
import { compareTexts } from "../words.ts"
import { printFields, printLimit, readFields, readLimit, type StatsWord } from "./stats.ts"

/** `json_values(a, b*) sort by (c) limit N`: the rows with these fields, as a JSON list of objects. */
export const jsonValues: StatsWord = {
  word: "json_values",
  example: `verb:delete | stats by (user.username) json_values(_time, objectRef.name) sort by (_time) limit 10 as deleted`,
  parse(reader) {
    const fields = readFields(reader)
    const by = reader.is("sort", "order") ? readOrder(reader) : []
    const limit = readLimit(reader)
    const order = by.length > 0 ? ` sort by (${by.map(printKey).join(", ")})` : ""
    const set = fieldSet(fields)
    return {
      print: () => printFields("json_values", fields) + order + printLimit(limit),
      fields: [...fields, ...by.map((key) => key.field)],
      start() {
        const rows: Row[] = []
        const most = limit > 0 ? limit : Number.POSITIVE_INFINITY
        return {
          add: (row) => {
            if (by.length === 0 && rows.length >= most) return 0
            rows.push(row)
            if (by.length > 0 && rows.length > 2 * most + 100) {
              rows.sort((a, b) => compareRows(a, b, by)).length = most
            }
            return rows.length <= 2 * most + 100 ? weighRow(row) : 0
          },
          join: () => 0,
          value: () => {
            const shown =
              by.length > 0 ? rows.sort((a, b) => compareRows(a, b, by)).slice(0, limit || undefined) : rows
            return `[${shown.map((row) => jsonObject(chosen(row))).join(",")}]`
          },
        }
      },
    }

    function chosen(row: Row) {
      const names = Object.keys(row)
        .filter((name) => hasField(set, name))
        .sort(compareTexts)
      return names.map((name) => [name, fieldValue(row, name)] as const)
    }
  },
}

function readOrder(reader: Reader): readonly SortKey[] {
  reader.next()
  return readKeys(reader)
}

function printKey({ field, descending }: SortKey): string {
  return printField(field) + (descending ? " desc" : "")
}
