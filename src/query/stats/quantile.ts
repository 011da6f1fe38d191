import { parseNumber } from "../number.ts"
import { compareNatural } from "../order.ts"
import { readParenthesised, readPattern } from "../pipes/read.ts"
import type { Reader } from "../reader.ts"
import { printFields, readFields, type StatsFunction, type StatsWord, valuesIn } from "./stats.ts"

/** `quantile(0.99, a)`: the value below which this part of the values lies. Holds every value: exact, and limited by memory. */
export const quantile: StatsWord = {
  word: "quantile",
  example: `verb:list | len(requestURI) as bytes | stats quantile(0.99, bytes) p99`,
  parse(reader) {
    const start = reader.peek(1)
    const items = readAll(reader)
    const [phiText = "", ...rest] = items
    const phi = parseNumber(phiText)
    if (!(phi >= 0 && phi <= 1)) throw reader.refuse("quantile() takes a number from 0 to 1 first", start)
    const fields = rest.length === 0 || rest.includes("*") ? ["*"] : rest
    const printed = fields[0] === "*" ? `quantile(${phiText})` : printFields("quantile", [phiText, ...fields])
    return quantileFunction(printed, phi, fields)
  },
}

/** `median(a)`: the value in the middle. */
export const median: StatsWord = {
  word: "median",
  example: `verb:list | len(requestURI) as bytes | stats median(bytes) typical`,
  parse(reader) {
    const fields = readFields(reader)
    return quantileFunction(printFields("median", fields), 0.5, fields)
  },
}

/** The share and the fields: as {@link readFields}, but the first is no field. */
function readAll(reader: Reader): readonly string[] {
  return readParenthesised(reader, "after quantile", readPattern)
}

function quantileFunction(printed: string, phi: number, fields: readonly string[]): StatsFunction {
  const values = valuesIn(fields)
  return {
    print: () => printed,
    fields,
    start() {
      const list: string[] = []
      return {
        add: (row) => {
          let bytes = 0
          for (const value of values(row)) {
            list.push(value)
            bytes += 24 + 2 * value.length
          }
          return bytes
        },
        join: () => 0,
        value: () => {
          list.sort(compareNatural)
          const at = Math.min(list.length - 1, Math.floor(phi * list.length))
          return list[at] ?? ""
        },
      }
    },
  }
}
