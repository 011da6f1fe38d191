import type { Choose } from "./choose.ts"
import type { Writing } from "./names.ts"

export type StatsTexts = { by(): string; calls(most: number): string; running(most: number): string }

/** Every function of `stats`, with its options and its `if (…)`. */
export function openStats(choose: Choose, write: Writing, condition: () => string): StatsTexts {
  const { one, maybe, some } = choose
  const { field, pattern, list, count, word } = write
  const of = (names: readonly string[], inner: () => string) => `${word(one(names))}(${inner()})`
  const fields = () => one([() => list(pattern), () => list(field), field, () => "", () => "*"])()
  const limit = () => maybe(() => ` limit ${count()}`)
  const order = () => `${field()}${one(["", " desc", " asc", ""])}`

  const call = (): string =>
    one([
      () => of(["count", "count", "sum", "avg", "min", "max", "median", "stddev", "sum_len"], fields),
      () => of(["count_empty", "any", "row_any", "histogram", "rate_sum", "values"], fields),
      () => of(["count_uniq", "count_uniq_hash", "uniq_values"], fields) + limit(),
      () => of(["values"], fields) + limit(),
      () => "rate()",
      () => `quantile(${one(["0.5", "0", "1", "0.99", "1.5", "-1", "x", "0.05"])}, ${fields()})`,
      () => `quantile(${fields()})`,
      () => of(["row_min", "row_max"], () => list(field)),
      () => of(["row_min", "row_max"], () => `${field()}, ${one(["*", "a*", "a, b"])}`),
      () => of(["field_min", "field_max"], () => `${field()}, ${field()}`),
      () => `json_values(${fields()})${maybe(() => ` sort by (${list(order)})`)}${limit()}`,
      () => `json_values(${fields()})${maybe(() => ` order by (${list(order)})`)}${limit()}`,
    ])()
  const named = (one_: () => string) => () =>
    `${one_()}${maybe(() => ` ${word("if")} (${condition()})`, 4)}${one([() => ` ${word("as")} ${field()}`, () => ` ${field()}`, () => ` r${choose.below(90)}`, () => ` as r${choose.below(90)}`, () => ""])()}`
  const step = () =>
    one([
      "1h",
      "5m",
      "1d",
      "day",
      "week",
      "month",
      "year",
      "1w",
      "10",
      "0.5",
      "100",
      "/24",
      "/16",
      "/33",
      "1KiB",
      "hour",
      "2y",
      "second",
      "nanosecond",
      "1ns",
      "minute",
    ])
  const offset = () => maybe(() => ` offset ${one(["1h", "-30m", "5", "2h", "15s"])}`)
  const key = () =>
    one([field, field, () => `${field()}:${step()}${offset()}`, () => `_time:${step()}${offset()}`])()
  const by = () =>
    one([
      () => "",
      () => `${word("by")} (${list(key)}) `,
      () => `by (${field()}) `,
      () => `(${list(key)}) `,
      () => "by () ",
    ])()
  const running = () =>
    of(["count", "sum", "min", "max", "first", "last", "avg"], () =>
      one([field, () => list(field), () => ""])(),
    )
  const join = (calls: readonly string[]) => calls.join(", ")
  return {
    by,
    calls: (most) => join(some(most, named(call))),
    running: (most) =>
      join(
        some(
          most,
          () => `${running()}${one([() => ` as ${field()}`, () => ` r${choose.below(90)}`, () => ""])()}`,
        ),
      ),
  }
}
