import type { Choose } from "./choose.ts"
import type { Writing } from "./names.ts"

export type Filters = { filter(depth: number): string; condition(): string }

/** Every filter of the language. `query` makes queries for `in(…)`. */
export function openFilters(choose: Choose, write: Writing, query: () => string): Filters {
  const { one, below, maybe } = choose
  const { field, value, quotedValue, number, list, word, duration } = write

  /** What stands behind a field's colon, or alone. */
  const test = (): string =>
    one([
      ...[value, value, quotedValue, () => `${value()}*`, () => `${quotedValue()}*`, () => "*", () => '""'],
      ...[
        () => `=${value()}`,
        () => `=${value()}*`,
        () => `= ${quotedValue()}`,
        () => `!=${value()}`,
        () => `!=${value()}*`,
      ],
      ...[
        () => `~${regexp()}`,
        () => `!~${regexp()}`,
        () => `=~${regexp()}`,
        () => `${word("re")}(${regexp()})`,
      ],
      ...[
        () => `${one([">", ">=", "<", "<=", "> ", "< "])}${number()}`,
        () => `${one([">", "<"])}${value()}`,
      ],
      ...[() => `${word("in")}(${list(value, 4)})`, () => "in()", () => "in(*)", () => `in(a, *)`],
      ...[() => `contains_all(${list(value)})`, () => `contains_any(${list(value)})`],
      ...[() => `contains_any(*)`, () => `contains_all()`, () => `contains_common_case(${list(value)})`],
      ...[() => `equals_common_case(${list(value)})`, () => `json_array_contains_any(${list(value)})`],
      ...[
        () => `${word("exact")}(${value()})`,
        () => `exact(${value()}*)`,
        () => `i(${value()})`,
        () => `i(${value()}*)`,
      ],
      ...[() => `seq(${list(value)})`, () => `len_range(${bound()}, ${bound()})`, () => "i(*)"],
      ...[() => `${word("range")}${one(["(", "["])}${number()}, ${number()}${one([")", "]"])}`],
      ...[
        () => `string_range(${value()}, ${value()})`,
        () => `value_type(${one(["string", "dict", "uint8", "const"])})`,
      ],
      ...[
        () => `ipv4_range(${one(["10.0.0.1, 10.0.0.9", "10.0.0.0/8", "10.0.0.7", "10.0.0.0/33", "1.2.3"])})`,
      ],
      ...[() => `ipv6_range(${one(['"::1"', '"2001:db8::/32"', '"::", "::ffff"'])})`],
      ...[() => `${one(["eq_field", "lt_field", "le_field"])}(${field()})`],
      ...[() => `pattern_match${one(["", "_full", "_prefix", "_suffix"])}(${quoted(one(PATTERNS))})`],
      () => `in(${query()})`,
      () => `contains_${one(["any", "all"])}(${query()})`,
    ])()
  const quoted = write.quoted
  const bound = () => one(["0", "1", "3", "10", "1KiB", "inf", "5"])
  const regexp = () => quoted(one(REGEXPS))

  const time = () =>
    `_time:${one([interval, interval, comparison, moment, duration, dayRange, weekRange])()}${maybe(offset, 4)}`
  const offset = () => ` ${word("offset")} ${duration()}`
  const moment = () => one(MOMENTS)
  const interval = () => `${one(["[", "("])}${moment()}, ${moment()}${one(["]", ")"])}`
  const comparison = () => `${one([">", ">=", "<", "<=", "="])}${one([moment, duration])()}`
  const hour = () => one(["00:00", "08:00", "8:15", "18:30", "23:59", "24:00"])
  const dayRange = () => `day_range${one(["[", "("])}${hour()}, ${hour()}${one(["]", ")"])}`
  const day = () => one(["Mon", "Tue", "wed", "Thursday", "Fri", "Sat", "Sunday"])
  const weekRange = () => `week_range${one(["[", "("])}${day()}, ${day()}${one(["]", ")"])}`

  const label = () => `${field()}${one([equal, equal, like, among])()}`
  const equal = () => `${one(["=", "!=", " = "])}${quotedValue()}`
  const like = () => `${one(["=~", "!~"])}${regexp()}`
  const among = () => ` ${one(["in", "not_in"])} (${list(quotedValue)})`
  const stream = () =>
    `${one(["", "", "_stream:"])}{${one([() => "", () => list(label), () => list(label, 3, " or "), label])()}}`

  const atom = (depth: number): string =>
    one([
      ...Array.from({ length: 8 }, () => () => `${field()}:${one(["", "", "", " "])}${test()}`),
      test,
      test,
      time,
      stream,
      () => `_stream_id:${one(["0000000000000000e934a84adb05276890d7f7bfcadabe92", "in(00,01)", "x"])}`,
      () => `${one(["*", "a*", '"a."*', "_*"])}:${test()}`,
      () => `${field()}:(${depth > 0 ? inside(depth - 1) : test()})`,
      () => `${field()}:${one(["!", "-", "not "])}${test()}`,
      () => `${field()}:not (${test()} or ${test()})`,
    ])()
  /** Tests of one field joined. */
  const inside = (depth: number): string =>
    depth === 0
      ? test()
      : one([
          test,
          () => `${inside(depth - 1)}${joint()}${inside(depth - 1)}`,
          () => `!${test()}`,
          () => `(${inside(depth - 1)})`,
        ])()
  const joint = () => one([" ", " and ", " or ", " AND ", " Or ", " # comment\n"])

  function filter(depth: number): string {
    if (depth === 0) return atom(0)
    return one([
      () => atom(depth),
      () => atom(depth),
      () => `${filter(depth - 1)}${joint()}${filter(depth - 1)}`,
      () => `(${filter(depth - 1)})`,
      () => `(${filter(depth - 1)} or ${filter(depth - 1)})`,
      () =>
        `${one(["!", "-", "not ", "NOT ", "! "])}${one([() => atom(depth - 1), () => `(${filter(depth - 1)})`])()}`,
    ])()
  }
  return { filter, condition: () => filter(below(3)) }
}

const REGEXPS = [
  ...[
    "foo",
    "^foo",
    "bar$",
    "foo|bar",
    ".+",
    "^$",
    "[a-z]+[0-9]",
    "(?i)FOO",
    "\\d+",
    "a.b",
    "(foo|bar)baz",
    "",
  ],
  ...[
    "^(foo|bar)$",
    "foo.*bar",
    "x{2,3}",
    "\\bfoo\\b",
    "(",
    "[",
    "é",
    "\\.",
    "a\\nb",
    ".*",
    "foo.*",
    ".*foo",
    "^foo$",
  ],
]
const PATTERNS = [
  "<N>",
  "user <N>",
  "<IP4>",
  "<UUID>",
  "<TIME>",
  "<DATE>",
  "<DATETIME>",
  "<W>",
  "a<N>b",
  "<N>.<N>",
  "x",
  "<x>",
]
const MOMENTS = [
  ...[
    "2026",
    "2026Z",
    "2026-01",
    "2026-01-02",
    "2026-01-02Z",
    "2026-01-02T03",
    "2026-01-02T03:04",
    "2026-01-02T03:04:05",
  ],
  ...[
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.5Z",
    "2026-01-02T03:04:05+02:00",
    "2026-01-02 03:04:05",
    "2026-01-02T03-05:30",
  ],
  ...[
    "now",
    "now-5m",
    "now-1h30m",
    "1767322800",
    "1767322800123",
    "1767322800.5",
    "1h",
    "5m30s",
    "2026-13",
    "2026-01-02T03:04:05.123456789Z",
  ],
]
