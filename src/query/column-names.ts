import { FIELDS } from "../event/fields.ts"
import { type Columns, storedColumn, textSql } from "./column.ts"
import { newRow } from "./row.ts"
import { type Sql, sql, trusted } from "./sql.ts"
import type { GroupSink, Pipe, Sink } from "./tree.ts"

/**
 * How many rows have a value in each field that has a column, and in each key of the maps: `| field_names` without the fields
 * inside bodies, which takes one pass over columns where that one has to read every body.
 */
export const countColumnNames: Pipe = {
  word: "field_names",
  print: () => "field_names",
  needs: (after) => after,
  run: (next) => next,
  shape: {
    kind: "group",
    group: (columns) => ({
      keys: [],
      known: {
        kind: "filled",
        columns: [
          ...PLAIN.map((name) => (ALWAYS.has(name) ? undefined : storedColumn(columns.find(name)))),
          ...MAPS.map(() => undefined),
        ],
      },
      results: [...PLAIN.map((name) => filled(columns, name)), ...MAPS.map(keySets)],
      join: (next) => joinCounts(next),
    }),
  },
}

const isMap = (type: string) => type === "map" || type === "listMap"
const PLAIN = [...FIELDS.filter(({ type }) => !isMap(type)).map(({ name }) => name), "_stream_id"]
const MAPS = FIELDS.filter(({ type }) => isMap(type)).map(({ name }) => name)
/** Never empty: counted without reading them. */
const ALWAYS = new Set([
  "record",
  "receivedAt",
  "source",
  "n",
  "kind",
  "_time",
  "_msg",
  "_stream",
  "_stream_id",
  "cluster",
])

function filled(columns: Columns, name: string): Sql {
  if (ALWAYS.has(name)) return trusted("CAST(count(*) AS VARCHAR)")
  const column = columns.find(name)
  const value = column.kind === "text" ? sql`nullif(${textSql(column)}, '')` : columnOf(column)
  return sql`CAST(count(${value}) AS VARCHAR)`
}

function columnOf(column: ReturnType<Columns["find"]>): Sql {
  return "column" in column ? column.column : textSql(column)
}

/** Rows by the set of keys they have, as JSON: there are few such sets, whatever the values are. */
function keySets(name: string): Sql {
  const keys = trusted(`CAST(to_json(map_keys("${name}")) AS VARCHAR)`)
  return sql`CAST(to_json(histogram(${keys})) AS VARCHAR)`
}

function joinCounts(next: Sink): GroupSink {
  const counts = new Map<string, number>()
  const add = (name: string, hits: number) => counts.set(name, (counts.get(name) ?? 0) + hits)
  return {
    take(values) {
      PLAIN.forEach((name, i) => {
        add(name, Number(values[i] ?? 0))
      })
      MAPS.forEach((map, i) => {
        const sets: Record<string, number> = JSON.parse(values[PLAIN.length + i] ?? "{}") ?? {}
        for (const [keys, hits] of Object.entries(sets))
          for (const key of JSON.parse(keys) as string[]) add(`${map}.${key}`, hits)
      })
      return true
    },
    end() {
      for (const [name, hits] of counts) {
        if (hits === 0) continue
        const row = newRow()
        row.name = name
        row.hits = String(hits)
        if (!next.take(row)) break
      }
      next.end()
    },
  }
}
