import type { Micros } from "../../base/time.ts"
import { parseDuration } from "../number.ts"
import type { Reader } from "../reader.ts"
import { fieldValue } from "../row.ts"
import { FALSE, type Sql, sql } from "../sql.ts"
import { MICROS_LAST, type Moment, parseMoment, placeMoment, type Span } from "../time.ts"
import type { Filter, Leaf, Scene } from "../tree.ts"
import { dayRange, weekRange } from "./calendar.ts"

/**
 * `_time:` and what may follow: `5m` (the last five minutes), `>1h`, `[2026-01-01, 2026-02)`, `2026-01-02T03`, `now`,
 * `day_range[08:00, 18:00]`, `week_range[Mon, Fri]`, each with `offset 1d`.
 */
export function readTime(reader: Reader): Filter {
  if (reader.is("day_range")) return dayRange(reader)
  if (reader.is("week_range")) return weekRange(reader)
  if (reader.is("offset")) {
    const offset = readOffset(reader)
    return timeLeaf(offset.text, ({ now }) => ({ first: -MICROS_LAST, last: now - offset.micros }))
  }
  const range = readRange(reader)
  if (!reader.is("offset")) return timeLeaf(range.text, range.place)
  const offset = readOffset(reader)
  return timeLeaf(`${range.text} ${offset.text}`, (scene) => {
    const span = range.place(scene)
    return { first: span.first - offset.micros, last: span.last - offset.micros }
  })
}

type Range = { readonly text: string; readonly place: (scene: Scene) => Span }

function readOffset(reader: Reader): { readonly text: string; readonly micros: number } {
  reader.next()
  const start = reader.token
  const text = reader.compound("a duration")
  const nanos = parseDuration(text)
  if (nanos === undefined) throw reader.refuse("expected a duration like 5m", start)
  return { text: `offset ${text}`, micros: Math.round(nanos / 1000) }
}

function readRange(reader: Reader): Range {
  if (reader.is("[", "(")) return readInterval(reader)
  if (reader.is(">", "<")) return readBound(reader)
  const prefix = reader.skip("=") ? "=" : ""
  const { text, moment, micros } = readMomentOrDuration(reader)
  if (moment !== undefined) return { text: prefix + text, place: ({ now }) => placeMoment(moment, now) }
  return { text: prefix + text, place: ({ now }) => ({ first: now - micros, last: now - 1 }) }
}

function readBound(reader: Reader): Range {
  const sign = reader.next().text
  const operator = reader.skip("=") ? `${sign}=` : sign
  const { text, moment, micros } = readMomentOrDuration(reader)
  const place = ({ now }: Scene): Span => {
    // A duration says how old: the greater it is, the earlier.
    if (moment === undefined && sign === ">")
      return before(operator === ">" ? now - micros - 1 : now - micros)
    if (moment === undefined)
      return { first: operator === "<" ? now - micros + 1 : now - micros, last: now - 1 }
    const span = placeMoment(moment, now)
    if (operator === ">") return since(span.first + 1)
    if (operator === ">=") return since(span.first)
    return before(operator === "<" ? span.first - 1 : span.last)
  }
  return { text: operator + text, place }
}

function readInterval(reader: Reader): Range {
  const opening = reader.next().text
  const from = readMoment(reader)
  reader.expect(",", "between the ends of a time range")
  const to = readMoment(reader)
  if (!reader.is("]", ")")) throw reader.refuse(`expected "]" or ")" after a time range`)
  const closing = reader.next().text
  return {
    text: `${opening}${from.text},${to.text}${closing}`,
    place: ({ now }) => {
      const [first, last] = [placeMoment(from.moment, now), placeMoment(to.moment, now)]
      return {
        first: opening === "[" ? first.first : first.first + 1,
        last: closing === "]" ? last.last : last.first - 1,
      }
    },
  }
}

/** A time, or how long ago. Few digits are Unix seconds too, as somebody writes who means "since ever"; four are a year. */
function readMoment(reader: Reader): { readonly text: string; readonly moment: Moment } {
  const start = reader.token
  const text = reader.compound("a time")
  const seconds = /^[0-9]{1,3}$/.test(text) ? text.padStart(10, "0") : text
  const moment = parseMoment(seconds) ?? parseMoment(`now-${text}`)
  if (moment === undefined) throw reader.refuse("expected a time like 2026-01-02T03:04:05Z or now-5m", start)
  return { text, moment }
}

/** `2026-01`, `now` and `now-5m` are moments; `5m` is a duration. */
function readMomentOrDuration(reader: Reader): { text: string; moment?: Moment; micros: number } {
  const start = reader.token
  const text = reader.compound("a time or duration")
  if (/^(now|[0-9]{4}([-+Zz]|$))/i.test(text)) {
    const moment = parseMoment(text)
    if (moment !== undefined) return { text, moment, micros: 0 }
  } else {
    const nanos = parseDuration(text)
    if (nanos !== undefined) return { text, micros: Math.round(Math.abs(nanos) / 1000) }
  }
  throw reader.refuse("expected a time like 2026-01-02T03:04:05Z or a duration like 5m", start)
}

const since = (first: Micros): Span => ({ first, last: MICROS_LAST })
const before = (last: Micros): Span => ({ first: -MICROS_LAST, last })

/** A row whose `_time` lies in the span, both ends taken in. */
export function timeLeaf(text: string, place: (scene: Scene) => Span): Leaf {
  return {
    kind: "leaf",
    word: "_time",
    fields: ["_time"],
    print: () => `_time:${text}`,
    bounds: place,
    matches: (row, scene) => {
      const at = microsOf(fieldValue(row, "_time"))
      const { first, last } = place(scene)
      return at !== undefined && at >= first && at <= last
    },
    where: (columns, scene) => {
      const column = columns.find("_time")
      return column.kind === "time" ? within(column.column, place(scene)) : FALSE
    },
  }
}

export function within(column: Sql, { first, last }: Span): Sql {
  if (first > last) return FALSE
  const parts: Sql[] = []
  if (first > -MICROS_LAST) parts.push(sql`${column} >= make_timestamp(${BigInt(first)})`)
  if (last < MICROS_LAST) parts.push(sql`${column} <= make_timestamp(${BigInt(last)})`)
  const [a, b] = parts
  if (a === undefined) return sql`${column} IS NOT NULL`
  return b === undefined ? a : sql`(${a} AND ${b})`
}

/** Microseconds of a `_time` value; undefined where it is no time. */
export function microsOf(value: string): Micros | undefined {
  const moment = parseMoment(value)
  return moment?.kind === "span" ? moment.span.first : undefined
}
