import { compareValues } from "../order.ts"
import { fieldValue } from "../row.ts"
import { printFields, readFields, type StatsFunction, type StatsWord } from "./stats.ts"
import type { Reader } from "../reader.ts"

/** `field_min(a, b)`: b of the row with the least a. */
export const fieldMin: StatsWord = {
  word: "field_min",
  example: `objectRef.resource:=secrets | stats by (objectRef.name) field_min(_time, user.username) first_seen_by`,
  parse: (reader) => fieldOf("field_min", reader),
}

/** `field_max(a, b)`: b of the row with the greatest a. */
export const fieldMax: StatsWord = {
  word: "field_max",
  example: `objectRef.resource:=secrets | stats by (objectRef.name) field_max(_time, user.username) last_seen_by`,
  parse: (reader) => fieldOf("field_max", reader),
}

function fieldOf(word: "field_min" | "field_max", reader: Reader): StatsFunction {
  const start = reader.peek(1)
  const fields = readFields(reader)
  const [key = "", field = ""] = fields
  if (fields.length !== 2 || fields.some((name) => name.endsWith("*")))
    throw reader.refuse(`${word}() takes two fields: the one to compare and the one to show`, start)
  const sign = word === "field_min" ? 1 : -1
  return {
    print: () => printFields(word, fields),
    fields,
    start() {
      let [best, shown] = ["", ""]
      return {
        add: (row) => {
          const value = fieldValue(row, key)
          if (value === "" || (best !== "" && sign * compareValues(value, best) >= 0)) return 0
          const before = best.length + shown.length
          best = value
          shown = fieldValue(row, field)
          return Math.max(0, 2 * (best.length + shown.length - before))
        },
        join: () => 0,
        value: () => shown,
      }
    },
  }
}
