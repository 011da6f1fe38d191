import { textSql } from "../column.ts"
import { orSql, sql } from "../sql.ts"
import {
  plainFields,
  printFields,
  readFields,
  type StatsFunction,
  type StatsWord,
  valuesIn,
} from "./stats.ts"

/** `count()`: rows. `count(a, b)`: rows where one of the fields has a value. */
export const count: StatsWord = {
  word: "count",
  example: `verb:delete | stats by (user.username) count() deletions`,
  parse: (reader) => counting("count", readFields(reader)),
}

/** `count_empty(a, b)`: rows where none of the fields has a value. */
export const countEmpty: StatsWord = {
  word: "count_empty",
  example: `verb:create | stats count_empty(objectRef.name) unnamed`,
  parse: (reader) => counting("count_empty", readFields(reader)),
}

function counting(word: "count" | "count_empty", fields: readonly string[]): StatsFunction {
  const values = valuesIn(fields)
  const wantsEmpty = word === "count_empty"
  const everything = fields[0] === "*" && !wantsEmpty
  return {
    print: () => printFields(word, fields),
    fields: everything ? [] : fields,
    start() {
      let rows = 0
      return {
        add: (row) => {
          const counts = everything || values(row).some((value) => value !== "") !== wantsEmpty
          if (counts) rows++
          return 0
        },
        join: ([more]) => {
          rows += Number(more ?? 0)
          return 0
        },
        value: () => String(rows),
      }
    },
    partial(columns, rows) {
      if (everything) return [sql`CAST(count(*) FILTER (WHERE ${rows}) AS VARCHAR)`]
      const names = plainFields(fields)
      if (names === undefined) return undefined
      const filled = orSql(names.map((name) => sql`coalesce(${textSql(columns.find(name))}, '') <> ''`))
      const wanted = wantsEmpty ? sql`NOT ${filled}` : filled
      return [sql`CAST(count(*) FILTER (WHERE (${rows}) AND ${wanted}) AS VARCHAR)`]
    },
  }
}
