import { type Column, textSql } from "../column.ts"
import { compareNatural } from "../order.ts"
import { type Sql, sql } from "../sql.ts"
import {
  plainFields,
  printFields,
  readFields,
  type StatsFunction,
  type StatsWord,
  valuesIn,
} from "./stats.ts"

/** `min(a)`: the least value: of numbers the smallest, of texts the first in natural order. */
export const min: StatsWord = {
  word: "min",
  example: `user.username:=admin | stats min(_time) first`,
  parse: (reader) => extreme("min", readFields(reader)),
}

/** `max(a)`: the greatest value. */
export const max: StatsWord = {
  word: "max",
  example: `user.username:=admin | stats max(_time) last`,
  parse: (reader) => extreme("max", readFields(reader)),
}

function extreme(word: "min" | "max", fields: readonly string[]): StatsFunction {
  const values = valuesIn(fields)
  const better = (a: string, b: string) =>
    word === "min" ? compareNatural(a, b) < 0 : compareNatural(a, b) > 0
  return {
    print: () => printFields(word, fields),
    fields,
    start() {
      // An absent field is the empty text, and the least of all: so says VictoriaLogs.
      let best: string | undefined
      const add = (value: string | null) => {
        if (value !== null && (best === undefined || better(value, best))) best = value
      }
      return {
        add: (row) => {
          values(row).forEach(add)
          return 0
        },
        join: (candidates) => {
          candidates.forEach(add)
          return 0
        },
        value: () => best ?? "",
      }
    },
    partial(columns, rows) {
      const names = plainFields(fields)
      const candidates = names?.map((name) => candidate(word, columns.find(name), rows))
      return candidates?.every((sql) => sql !== undefined) ? candidates : undefined
    },
  }
}

/** Times and integers have SQL's own order; texts have the natural one, which SQL does not know. */
function candidate(word: "min" | "max", column: Column, rows: Sql): Sql | undefined {
  if (column.kind === "absent") return sql`''`
  if (column.kind !== "integer" && column.kind !== "time") return undefined
  const best = word === "min" ? sql`min(${column.column})` : sql`max(${column.column})`
  const text = textSql({ ...column, column: sql`${best} FILTER (WHERE ${rows})` })
  if (word === "max") return text
  const absent = sql`count(*) FILTER (WHERE (${rows}) AND ${column.column} IS NULL)`
  return sql`CASE WHEN ${absent} > 0 THEN '' ELSE ${text} END`
}
