import { Refusal } from "../base/refusal.ts"
import type { Micros } from "../base/time.ts"
import { addFields } from "../query/fieldset.ts"
import { microsOf } from "../query/filters/time.ts"
import type { Plan } from "../query/plan.ts"
import type { Row } from "../query/row.ts"
import { andSql, type Sql, sql, TRUE } from "../query/sql.ts"
import type { Query } from "../query/tree.ts"
import type { Walk } from "./message.ts"
import { allSources, type Snapshot, type Source } from "./snapshot.ts"

/**
 * Going through the records that answer a query in pieces that fit together, also while more records come: no row twice, none
 * left out. What makes it so are record numbers, which never change and only grow.
 *
 * - `tail`: records in the order in which they were received, each piece from the record after the last one looked at.
 * - `page`: newest `_time` first, as without pages. The first page notes the next record number; later pages do not look at
 *   records from there on, wherever their `_time` would put them, and begin behind the place of the last row.
 *
 * A piece's end is text that only this file reads: `<record>`, or `<records>-<time>-<record>`.
 */
export interface Walking {
  readonly order: "newest" | "received"
  /** Besides the query's own condition. */
  readonly condition: Sql
  /** Whether one of the source's records can be in this piece. */
  reaches(source: Source): boolean
  /** A row goes into the pipes. */
  pass(row: Row): void
  /** Where the next piece begins; undefined where there is none. `whole`: this one was not cut, by a limit or the asked number. */
  next(whole: boolean): string | undefined
}

/** Fields of a row that say where it is. */
const PLACE = ["record", "_time"]

export function openWalk(walk: Walk, snapshot: Snapshot): Walking {
  const end = Math.max(0, ...allSources(snapshot).map(({ last }) => last + 1))
  return walk.kind === "tail" ? tailFrom(walk.after, end) : pageAfter(walk.after, end)
}

/** The plan with what a walk needs of each row. Refuses `query.cursor` where rows are no records any more. */
export function planWalk(plan: Plan, { pipes }: Query): Plan {
  const other = pipes.find(({ shape }) => shape?.kind !== "each")
  if (other !== undefined || plan.read.kind !== "rows") {
    throw new Refusal(
      "query.cursor",
      `| ${other?.print() ?? "stats"} makes something else of rows: it has no pages`,
    )
  }
  return { ...plan, read: { ...plan.read, fields: addFields(plan.read.fields, PLACE) } }
}

function tailFrom(after: string | undefined, end: number): Walking {
  const from = after === undefined ? 0 : Number(parsePlace(after, /^([0-9]{1,15})$/)[0])
  let last: number | undefined
  return {
    order: "received",
    condition: after === undefined ? TRUE : sql`"record" >= ${from}`,
    reaches: (source) => source.last >= from,
    pass(row) {
      last = Number(row.record)
    },
    next: (whole) => String(whole ? Math.max(from, end) : last === undefined ? from : last + 1),
  }
}

function pageAfter(after: string | undefined, end: number): Walking {
  if (after === undefined) return pageOf({ records: end, behind: undefined })
  const [records = 0, time = 0, record = 0] = parsePlace(after, /^([0-9]{1,15})-([0-9]{1,16})-([0-9]{1,15})$/)
  return pageOf({ records, behind: { time, record } })
}

type Page = {
  readonly records: number
  readonly behind: { readonly time: Micros; readonly record: number } | undefined
}

function pageOf({ records, behind }: Page): Walking {
  let last: Row | undefined
  const conditions = [sql`"record" < ${records}`]
  if (behind !== undefined) {
    const at = sql`make_timestamp(${BigInt(behind.time)})`
    conditions.push(sql`("_time" < ${at} OR ("_time" = ${at} AND "record" < ${behind.record}))`)
  }
  return {
    order: "newest",
    condition: andSql(conditions),
    reaches: ({ first, timeMin }) => first < records && (behind === undefined || timeMin <= behind.time),
    pass(row) {
      last = row
    },
    next: (whole) =>
      whole || last === undefined ? undefined : `${records}-${microsOf(last._time ?? "")}-${last.record}`,
  }
}

function parsePlace(text: string, shape: RegExp): readonly number[] {
  const match = shape.exec(text)
  if (match === null) {
    throw new Refusal(
      "query.cursor",
      `expected a cursor as the last answer gave it, saw ${JSON.stringify(text.slice(0, 80))}`,
    )
  }
  return match.slice(1).map(Number)
}
