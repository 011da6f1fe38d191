import { fieldValue } from "../row.ts"
import { count } from "./count.ts"
import { max, min } from "./min.ts"
import { printFields, readOneField, type StatsWord } from "./stats.ts"
import { sum } from "./sum.ts"

const first: StatsWord = ofOrder("first")
const last: StatsWord = ofOrder("last")

/** Functions that `running_stats` and `total_stats` take: their rows have an order, so there is a first and a last one. */
export const RUNNING: readonly StatsWord[] = [count, first, last, max, min, sum]

function ofOrder(word: "first" | "last"): StatsWord {
  return {
    word,
    example: `_time:1d | running_stats by (user.username) ${word}(sourceIPs) as address`,
    parse(reader) {
      const field = readOneField(reader, word)
      return {
        print: () => printFields(word, [field]),
        fields: [field],
        start() {
          let value: string | undefined
          return {
            add: (row) => {
              if (word === "last" || value === undefined) value = fieldValue(row, field)
              return 0
            },
            join: () => 0,
            value: () => value ?? "",
          }
        },
      }
    },
  }
}
