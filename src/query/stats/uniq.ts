import { textSql } from "../column.ts"
import { fieldSet, hasField } from "../fieldset.ts"
import { jsonList } from "../json_text.ts"
import { compareNatural } from "../order.ts"
import { fieldValue, type Row } from "../row.ts"
import { joinSql, orSql, sql } from "../sql.ts"
import { compareTexts } from "../words.ts"
import {
  plainFields,
  printFields,
  printLimit,
  readFields,
  readLimit,
  type StatsFunction,
  type StatsWord,
  valuesIn,
  valuesInRow,
} from "./stats.ts"

/** `count_uniq(a, b)`: different combinations of values, the empty one left out. Exact. */
export const countUniq: StatsWord = {
  word: "count_uniq",
  example: `objectRef.resource:=secrets | stats by (user.username) count_uniq(objectRef.name) secrets`,
  parse: (reader) => uniqueTuples("count_uniq", reader),
}

/** As `count_uniq`; VictoriaLogs counts hashes there. */
export const countUniqHash: StatsWord = {
  word: "count_uniq_hash",
  example: `verb:get | stats count_uniq_hash(user.username) users`,
  parse: (reader) => uniqueTuples("count_uniq_hash", reader),
}

function uniqueTuples(word: string, reader: Parameters<StatsWord["parse"]>[0]): StatsFunction {
  const fields = readFields(reader)
  const limit = readLimit(reader)
  const set = fieldSet(fields)
  const tupleOf = plainFields(fields) === undefined ? namedValues : valuesIn(fields)
  return {
    print: () => printFields(word, fields) + printLimit(limit),
    fields,
    start() {
      const seen = new Set<string>()
      return {
        add: (row) => {
          const tuple = tupleOf(row)
          return tuple.every((value) => value === "") ? 0 : put(seen, JSON.stringify(tuple), limit)
        },
        join: ([list]) => parseList(list).reduce((bytes, tuple) => bytes + put(seen, tuple, limit), 0),
        value: () => String(seen.size),
      }
    },
    partial(columns, rows) {
      const names = plainFields(fields)
      if (names === undefined) return undefined
      const texts = names.map((name) => sql`coalesce(${textSql(columns.find(name))}, '')`)
      const filled = orSql(texts.map((text) => sql`${text} <> ''`))
      const tuple = sql`CAST(to_json([${joinSql(texts, ", ")}]) AS VARCHAR)`
      return [sql`CAST(to_json(list(DISTINCT ${tuple}) FILTER (WHERE (${rows}) AND ${filled})) AS VARCHAR)`]
    },
  }

  /** Of prefixes the names count too: the same value in another field is another row. */
  function namedValues(row: Row): readonly string[] {
    return Object.keys(row)
      .filter((name) => hasField(set, name) && fieldValue(row, name) !== "")
      .sort(compareTexts)
      .flatMap((name) => [name, fieldValue(row, name)])
  }
}

/** `uniq_values(a, b)`: the different values of the fields, in order, as a JSON list. */
export const uniqValues: StatsWord = {
  word: "uniq_values",
  example: `user.username:=admin | stats uniq_values(verb) verbs`,
  parse(reader) {
    const fields = readFields(reader)
    const limit = readLimit(reader)
    const values = valuesIn(fields)
    return {
      print: () => printFields("uniq_values", fields) + printLimit(limit),
      fields,
      start() {
        const seen = new Set<string>()
        return {
          add: (row) =>
            values(row).reduce((bytes, value) => bytes + (value === "" ? 0 : put(seen, value, limit)), 0),
          join: (lists) =>
            lists.flatMap(parseList).reduce((bytes, value) => bytes + put(seen, value, limit), 0),
          value: () => jsonList([...seen].sort(compareNatural)),
        }
      },
      partial: (columns, rows) =>
        plainFields(fields)?.map((name) => {
          const text = textSql(columns.find(name))
          const list = sql`list(DISTINCT ${text}) FILTER (WHERE (${rows}) AND ${text} <> '')`
          return sql`CAST(to_json(${list}) AS VARCHAR)`
        }),
    }
  },
}

/** `values(a)`: every value of the fields, one per row, as a JSON list. */
export const values: StatsWord = {
  word: "values",
  example: `auditID:="d8d1…" | stats values(stage) stages`,
  parse(reader) {
    const fields = readFields(reader)
    const limit = readLimit(reader)
    const valuesOf = valuesInRow(fields)
    return {
      print: () => printFields("values", fields) + printLimit(limit),
      fields,
      start() {
        const list: string[] = []
        return {
          add: (row) => {
            let bytes = 0
            for (const value of valuesOf(row)) {
              if (limit > 0 && list.length >= limit) break
              list.push(value)
              bytes += 24 + 2 * value.length
            }
            return bytes
          },
          join: () => 0,
          value: () => jsonList(list),
        }
      },
    }
  },
}

function put(seen: Set<string>, value: string, limit: number): number {
  if (seen.has(value) || (limit > 0 && seen.size >= limit)) return 0
  seen.add(value)
  return 64 + 2 * value.length
}

function parseList(text: string | null | undefined): readonly string[] {
  if (text === null || text === undefined) return []
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : []
}
