import type { Column } from "../column.ts"
import { decimalSql } from "../filters/compare.ts"
import { formatNumber, parseNumber } from "../number.ts"
import { type Sql, sql } from "../sql.ts"
import {
  plainFields,
  printFields,
  readFields,
  type StatsFunction,
  type StatsWord,
  valuesIn,
} from "./stats.ts"

const encoder = new TextEncoder()

/** `sum(a)`: of the values that are numbers; NaN where none is. */
export const sum: StatsWord = {
  word: "sum",
  example: `verb:list | len(requestURI) as bytes | stats sum(bytes) total`,
  parse: (reader) => adding("sum", readFields(reader)),
}

/** `avg(a)`: the mean of the values that are numbers; NaN where none is. */
export const avg: StatsWord = {
  word: "avg",
  example: `verb:list | stats avg(responseStatus.code) code`,
  parse: (reader) => adding("avg", readFields(reader)),
}

/** `rate_sum(a)`: `sum(a)` per second, over the time that `rate()` counts. */
export const rateSum: StatsWord = {
  word: "rate_sum",
  example: `_time:1h | len(requestURI) as bytes | stats rate_sum(bytes) bytes_per_second`,
  parse: (reader) => adding("rate_sum", readFields(reader)),
}

function adding(word: "sum" | "avg" | "rate_sum", fields: readonly string[]): StatsFunction {
  const values = valuesIn(fields)
  return {
    print: () => printFields(word, fields),
    fields,
    start(seconds) {
      let [total, count] = [0, 0]
      return {
        add: (row) => {
          for (const value of values(row)) {
            const number = parseNumber(value)
            if (Number.isNaN(number)) continue
            total += number
            count++
          }
          return 0
        },
        join: (parts) => {
          for (let i = 0; i + 1 < parts.length; i += 2) {
            total += Number(parts[i] ?? 0)
            count += Number(parts[i + 1] ?? 0)
          }
          return 0
        },
        value: () => {
          if (count === 0) return "NaN"
          if (word === "sum") return formatNumber(total)
          return formatNumber(total / (word === "avg" ? count : seconds))
        },
      }
    },
    partial(columns, rows) {
      const parts = plainFields(fields)?.map((name) => numberIn(columns.find(name)))
      if (parts === undefined || !parts.every((part) => part !== undefined)) return undefined
      return parts.flatMap((number) => [
        sql`CAST(sum(${number}) FILTER (WHERE ${rows}) AS VARCHAR)`,
        sql`CAST(count(${number}) FILTER (WHERE ${rows}) AS VARCHAR)`,
      ])
    },
  }
}

/** A column's number, where SQL reads it as we do; times, sizes and durations are left to JavaScript. */
function numberIn(column: Column): Sql | undefined {
  if (column.kind === "integer") return sql`CAST(${column.column} AS DOUBLE)`
  if (column.kind === "json") return decimalSql(column.text)
  return undefined
}

/** `sum_len(a)`: bytes in the values. */
export const sumLen: StatsWord = {
  word: "sum_len",
  example: `verb:create | stats by (user.username) sum_len(requestURI) bytes`,
  parse(reader) {
    const fields = readFields(reader)
    const values = valuesIn(fields)
    return {
      print: () => printFields("sum_len", fields),
      fields,
      start() {
        let bytes = 0
        return {
          add: (row) => {
            for (const value of values(row)) bytes += encoder.encode(value).length
            return 0
          },
          join: () => 0,
          value: () => String(bytes),
        }
      },
    }
  },
}
