import { fieldSet, hasField } from "../fieldset.ts"
import { jsonObject } from "../json_text.ts"
import { compareValues } from "../order.ts"
import { readParenthesised, readPattern } from "../pipes/read.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, type Row, weighRow } from "../row.ts"
import { printFields, readFields, type StatsFunction, type StatsWord } from "./stats.ts"

/** `row_min(a, b, c)`: fields b and c (all, where none is named) of the row with the least a, as JSON. */
export const rowMin: StatsWord = {
  word: "row_min",
  example: `verb:delete | stats row_min(_time, _time, user.username) first`,
  parse: (reader) => rowBy("row_min", readKeyAndFields(reader)),
}

/** `row_max(a, b, c)`: of the row with the greatest a. */
export const rowMax: StatsWord = {
  word: "row_max",
  example: `verb:delete | stats row_max(_time, _time, user.username) last`,
  parse: (reader) => rowBy("row_max", readKeyAndFields(reader)),
}

/** `row_any(a, b)`: of some row. */
export const rowAny: StatsWord = {
  word: "row_any",
  example: `verb:delete | stats by (user.username) row_any(objectRef.name) example`,
  parse: (reader) => rowBy("row_any", readFields(reader)),
}

/** `(a, b, c)`, `(a, *)`: the second is `(a)`. */
function readKeyAndFields(reader: Reader): readonly string[] {
  const start = reader.peek(1)
  const [key, ...rest] = readParenthesised(reader, "after the function's name", readPattern)
  if (key === undefined || key.endsWith("*")) throw reader.refuse("expected the field to compare", start)
  return rest.includes("*") ? [key] : [key, ...rest]
}

function rowBy(word: "row_min" | "row_max" | "row_any", all: readonly string[]): StatsFunction {
  const [key = "", ...rest] = word === "row_any" ? ["", ...all] : all
  const wanted = fieldSet(rest.length === 0 ? ["*"] : rest)
  return {
    print: () => printFields(word, all),
    fields: rest.length === 0 ? ["*"] : all,
    start() {
      let best: Row | undefined
      const better = (row: Row) => {
        if (best === undefined) return word === "row_any" || fieldValue(row, key) !== ""
        if (word === "row_any" || fieldValue(row, key) === "") return false
        const order = compareValues(fieldValue(row, key), fieldValue(best, key))
        return word === "row_min" ? order < 0 : order > 0
      }
      return {
        add: (row) => {
          if (!better(row)) return 0
          const grown = weighRow(row) - (best === undefined ? 0 : weighRow(best))
          best = row
          return Math.max(0, grown)
        },
        join: () => 0,
        value: () => {
          const row = best ?? {}
          const names = Object.keys(row).filter(
            (name) => hasField(wanted, name) && fieldValue(row, name) !== "",
          )
          return jsonObject(names.map((name) => [name, fieldValue(row, name)] as const))
        },
      }
    },
  }
}
