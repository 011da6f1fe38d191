import { formatNumber } from "../number.ts"
import { sql } from "../sql.ts"
import { readFields, type StatsWord } from "./stats.ts"

/**
 * `rate()`: rows per second of the time that is asked for: the step of `by (_time:5m)`, else from the first to the last
 * moment the query allows. Where the query has no such bounds, it is the number of rows, as in VictoriaLogs.
 */
export const rate: StatsWord = {
  word: "rate",
  example: `_time:1h | stats by (_time:5m) rate() requests_per_second`,
  parse(reader) {
    const start = reader.token
    if (readFields(reader)[0] !== "*") throw reader.refuse("rate() takes no fields", start)
    return {
      print: () => "rate()",
      fields: [],
      start(seconds) {
        let rows = 0
        return {
          add: () => {
            rows++
            return 0
          },
          join: ([more]) => {
            rows += Number(more ?? 0)
            return 0
          },
          value: () => formatNumber(rows / seconds),
        }
      },
      partial: (_, rows) => [sql`CAST(count(*) FILTER (WHERE ${rows}) AS VARCHAR)`],
    }
  },
}
