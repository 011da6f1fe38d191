import { type Columns, keySql, storedColumn } from "../column.ts"
import { Groups, weighKey } from "../groups.ts"
import { fieldValue, type Row } from "../row.ts"
import { trusted } from "../sql.ts"
import type { Grouping, GroupSink, PipeShape, RunScene, Sink } from "../tree.ts"

/** How often each combination of values came: what `uniq`, `top` and `field_values` are made of. */
export type Counted = { readonly key: readonly string[]; readonly value: { hits: number } }

export type CountedPipe = {
  readonly run: (next: Sink, scene: RunScene) => Sink
  readonly shape: PipeShape
}

/** Counts rows by fields; `finish` passes on the groups when no more come. */
export function countBy(
  fields: readonly string[],
  finish: (groups: readonly Counted[], next: Sink) => void,
): CountedPipe {
  return {
    run(next, scene) {
      const table = openTable(scene)
      return {
        take: (row: Row) =>
          table.add(
            fields.map((field) => fieldValue(row, field)),
            1,
          ),
        end: () => {
          finish([...table.groups.entries()], next)
          next.end()
        },
      }
    },
    shape: {
      kind: "group",
      group: (columns) => ({
        ...knownValues(fields, columns),
        keys: fields.map((field) => keySql(columns.find(field))),
        results: [trusted("CAST(count(*) AS VARCHAR)")],
        join(next, scene): GroupSink {
          const table = openTable(scene)
          return {
            take: (values) =>
              table.add(
                values.slice(0, fields.length).map((value) => value ?? ""),
                Number(values[fields.length]),
              ),
            end: () => {
              finish([...table.groups.entries()], next)
              next.end()
            },
          }
        },
      }),
    },
  }
}

function knownValues(fields: readonly string[], columns: Columns): Pick<Grouping, "known"> {
  const [field, ...others] = fields
  if (field === undefined || others.length > 0) return {}
  const found = columns.find(field)
  return { known: { kind: "values", column: found.kind === "text" ? storedColumn(found) : undefined } }
}

function openTable(scene: RunScene) {
  const groups = new Groups<{ hits: number }>()
  return {
    groups,
    add(key: readonly string[], hits: number): boolean {
      const { value, fresh } = groups.at(key, () => ({ hits: 0 }))
      value.hits += hits
      return !fresh || scene.budget.charge(weighKey(key))
    },
  }
}
