import { formatNumber, parseNumber } from "../number.ts"
import { printFields, readFields, type StatsWord, valuesIn } from "./stats.ts"

/** `stddev(a)`: the standard deviation of the values that are numbers (of all of them, not of a sample); NaN where none is. */
export const stddev: StatsWord = {
  word: "stddev",
  example: `verb:list | len(requestURI) as bytes | stats avg(bytes) mean, stddev(bytes) spread`,
  parse(reader) {
    const fields = readFields(reader)
    const values = valuesIn(fields)
    return {
      print: () => printFields("stddev", fields),
      fields,
      start() {
        // Welford's way: no difference of large squares.
        let [count, mean, squares] = [0, 0, 0]
        return {
          add: (row) => {
            for (const value of values(row)) {
              const number = parseNumber(value)
              if (Number.isNaN(number)) continue
              const step = number - mean
              mean += step / ++count
              squares += step * (number - mean)
            }
            return 0
          },
          join: () => 0,
          value: () => formatNumber(count === 0 ? Number.NaN : Math.sqrt(squares / count)),
        }
      },
    }
  },
}
