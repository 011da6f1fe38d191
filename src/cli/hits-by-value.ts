import { assert } from "../base/assert.ts"
import { microsOf } from "../query/filters/time.ts"
import type { Row } from "../query/row.ts"
import { hitsField } from "../query/view.ts"
import { formatMicros } from "../base/time.ts"
import type { World } from "./command.ts"
import { wordOf } from "./field-words.ts"
import { isUnicode, type Step, sparkline } from "./histogram.ts"
import { shortTime, titleOf, trustNote } from "./result-table.ts"
import { paintFor, table } from "./terminal.ts"

export type Drawn = {
  readonly step: Step
  readonly fields: readonly string[]
  readonly limit: number
  readonly counted: string
}

/** Signs of one line: more steps than these are drawn together. */
const SIGNS_MAX = 60

/** For at least one row. A line for each value: how many in all, and when, as a row of signs over the same steps for all of them. */
export function hitsByValue(
  rows: readonly Row[],
  { step, fields, limit, counted }: Drawn,
  world: World,
): string {
  const name = hitsField(fields)
  const times = rows.map(timeOf)
  const first = times.reduce((a, b) => Math.min(a, b))
  const last = times.reduce((a, b) => Math.max(a, b))
  const steps = Math.round((last - first) / step.micros) + 1
  const together = Math.ceil(steps / SIGNS_MAX)
  const series = new Map<string, Series>()
  rows.forEach((row, i) => {
    const values = fields.map((field) => row[field] ?? "-")
    const key = JSON.stringify(values)
    const one = series.get(key) ?? {
      values,
      total: 0,
      hits: new Array<number>(Math.ceil(steps / together)).fill(0),
    }
    const at = Math.floor(Math.round(((times[i] ?? first) - first) / step.micros) / together)
    const hits = Number(row[name])
    one.total += hits
    one.hits[at] = (one.hits[at] ?? 0) + hits
    series.set(key, one)
  })
  const sorted = [...series.values()].toSorted((a, b) => b.total - a.total)
  const most = sorted.reduce((max, { hits }) => Math.max(max, ...hits), 1)
  const lines = sorted.slice(0, limit).map(({ values, total, hits }) => ({
    ...Object.fromEntries(fields.map((field, i) => [field, values[i] ?? ""])),
    ...{ [counted]: String(total), when: sparkline(hits, most, isUnicode(world.env)) },
  }))
  const columns = [
    { name: counted, align: "right" as const, whole: true },
    { name: "when", whole: true },
    ...fields.map((field) => ({ name: field, title: titleOf(field, wordOf(field)) })),
  ]
  const all = sorted.reduce((sum, { total }) => sum + total, 0)
  const span = `${shortTime(formatMicros(first))} to ${shortTime(formatMicros(last))}, ${together === 1 ? "" : `${together} times `}${step.text} a sign, UTC`
  const shown = lines.length < sorted.length ? `${lines.length} of ${sorted.length}` : `${sorted.length}`
  const { dim } = paintFor(world.stdout, world.env)
  return `${table(lines, columns, Number.POSITIVE_INFINITY)}${dim(`${shown} values; ${all} ${counted} in all; ${span}`)}\n${trustNote(fields)}`
}

type Series = { readonly values: readonly string[]; total: number; readonly hits: number[] }

function timeOf({ _time = "" }: Row): number {
  const at = microsOf(_time)
  assert(at !== undefined, "_time of a group is a time")
  return at
}
