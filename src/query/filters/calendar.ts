import { parseDuration } from "../number.ts"
import type { Reader } from "../reader.ts"
import { fieldValue } from "../row.ts"
import { FALSE, type Sql, sql } from "../sql.ts"
import { parseMoment, parseTimeOfDay, parseWeekday } from "../time.ts"
import type { Filter, Leaf } from "../tree.ts"

const DAY = 86_400_000_000

/** `_time:day_range[08:00, 18:00)`: by the hour of the day, in UTC or, with `offset 2h`, two hours east of it. */
export function dayRange(reader: Reader): Filter {
  const read = readRange(reader, parseTimeOfDay, "a time of day like 08:00")
  const first = read.opening === "[" ? read.from : read.from + 1
  const last = read.closing === "]" ? read.to : read.to - 1
  return calendarLeaf(`day_range${read.text}`, {
    matches: (micros) => inside(modulo(micros + read.offset, DAY), first, last),
    where: (micros) =>
      sql`(${shifted(micros, read.offset)} % ${BigInt(DAY)} BETWEEN ${BigInt(first)} AND ${BigInt(last)})`,
  })
}

/** `_time:week_range[Mon, Fri]`: by the day of the week, both days taken in with brackets. */
export function weekRange(reader: Reader): Filter {
  const read = readRange(reader, parseWeekday, "a day of the week")
  const first = read.opening === "[" ? read.from : read.from + 1
  const last = read.closing === "]" ? read.to : read.to - 1
  return calendarLeaf(`week_range${read.text}`, {
    // 1970-01-01 was a Thursday.
    matches: (micros) => inside(modulo(Math.floor((micros + read.offset) / DAY) + 4, 7), first, last),
    where: (micros) =>
      sql`((${shifted(micros, read.offset)} // ${BigInt(DAY)} + 4) % 7 BETWEEN ${BigInt(first)} AND ${BigInt(last)})`,
  })
}

function inside(value: number, first: number, last: number): boolean {
  return value >= first && value <= last
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** Events are later than 1970, so that SQL's `%` and `//` round as they should. */
function shifted(micros: Sql, offset: number): Sql {
  return offset === 0 ? micros : sql`(${micros} + ${BigInt(offset)})`
}

type Read = {
  readonly text: string
  readonly opening: string
  readonly closing: string
  readonly from: number
  readonly to: number
  readonly offset: number
}

function readRange(reader: Reader, parse: (text: string) => number | undefined, what: string): Read {
  reader.next()
  if (!reader.is("[", "(")) throw reader.refuse(`expected "[" or "("`)
  const opening = reader.next().text
  const one = (): readonly [string, number] => {
    const start = reader.token
    const text = reader.compound(what)
    const value = parse(text)
    if (value === undefined) throw reader.refuse(`expected ${what}`, start)
    return [text, value]
  }
  const [fromText, from] = one()
  reader.expect(",", "between the ends of a range")
  const [toText, to] = one()
  if (!reader.is("]", ")")) throw reader.refuse(`expected "]" or ")" after a range`)
  const closing = reader.next().text
  const text = `${opening}${fromText}, ${toText}${closing}`
  if (!reader.skip("offset")) return { text, opening, closing, from, to, offset: 0 }
  const start = reader.token
  const duration = reader.compound("a duration")
  const nanos = parseDuration(duration)
  if (nanos === undefined) throw reader.refuse("expected a duration like 2h", start)
  return { text: `${text} offset ${duration}`, opening, closing, from, to, offset: Math.round(nanos / 1000) }
}

function calendarLeaf(
  text: string,
  test: { matches(micros: number): boolean; where(micros: Sql): Sql },
): Leaf {
  return {
    kind: "leaf",
    word: "_time",
    fields: ["_time"],
    print: () => `_time:${text}`,
    matches: (row) => {
      const moment = parseMoment(fieldValue(row, "_time"))
      return moment?.kind === "span" && test.matches(moment.span.first)
    },
    where: (columns) => {
      const column = columns.find("_time")
      return column.kind === "time" ? test.where(sql`epoch_us(${column.column})`) : FALSE
    },
  }
}
