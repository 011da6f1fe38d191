import { fieldValue } from "../row.ts"
import { count } from "./count.ts"
import { max, min } from "./min.ts"
import { printFields, readOneField, type StatsWord } from "./stats.ts"
import { sum } from "./sum.ts"

const first: StatsWord = ofOrder("first")
const last: StatsWord = ofOrder("last")

/** Functions that `running_stats` and `total_stats` take: their rows have an order, so there is a first and a last one. */
export const RUNNING: readonly StatsWord[] = [count, first, last, max, min, sum]

/** `last(a) offset N`: N rows before the last one; `first(a) offset N`: N rows behind the first one. */
function ofOrder(word: "first" | "last"): StatsWord {
  return {
    word,
    example: `_time:1d | running_stats by (user.username) ${word}(sourceIPs) as address`,
    parse(reader) {
      const field = readOneField(reader, word)
      const offset = reader.skip("offset") ? reader.count("a number of rows") : 0
      return {
        print: () => printFields(word, [field]) + (offset > 0 ? ` offset ${offset}` : ""),
        fields: [field],
        start() {
          // The rows are held anyway; these are the same texts.
          const values: string[] = []
          return {
            add: (row) => {
              values.push(fieldValue(row, field))
              return 8
            },
            join: () => 0,
            value: () => values.at(word === "last" ? -1 - offset : offset) ?? "",
          }
        },
      }
    },
  }
}
