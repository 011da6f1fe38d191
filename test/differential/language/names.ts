import type { Choose } from "./choose.ts"

/** What a generated query may be about. */
export type Subject = {
  readonly fields: readonly string[]
  readonly values: readonly string[]
}

/** Names and values nobody would choose, and words that mean something to the language. */
export const ODD: Subject = {
  fields: [
    ...["a", "b", "c", "n", "t", "l", "j", "_msg", "_time", "a.b", "a_b", "7", "é", "A"],
    ...[
      "x y",
      "a/b",
      "a:b",
      "f-g",
      "",
      "in",
      "by",
      "stats",
      "count",
      "if",
      "as",
      "and",
      "limit",
      "a*b",
      'q"q',
    ],
    ...["_stream", "_stream_id", "offset", "now", "hits", "-", "x|y", "x(y)", "now-5m", "desc"],
  ],
  values: [
    ...[
      "x",
      "foo",
      "Foo",
      "foo bar",
      "foo-bar",
      "foo.bar/baz",
      "a=b",
      "",
      " ",
      "*",
      "foo*",
      "é",
      "日本",
      "ÄÖ",
    ],
    ...[
      "1",
      "-1",
      "0",
      "007",
      "1.5",
      "-0.5",
      "1e5",
      "1E-3",
      "10KiB",
      "1.5MB",
      "1_000",
      "0x1F",
      "0b11",
      "inf",
      "nan",
    ],
    ...[
      "5m",
      "1.5s",
      "-3h",
      "1w2d",
      "10ms",
      "1h30m",
      "10.0.0.1",
      "10.0.0.0/8",
      "::1",
      "2026-01-02",
      "now-5m",
    ],
    ...[
      "2026-01-02T03:04:05Z",
      "2026-01-02T03:04:05.123456789+01:00",
      "12345678901234567890",
      "1,000",
      "true",
    ],
    ...[
      "and",
      "or",
      "not",
      "in",
      "stats",
      "count",
      "by",
      "is it",
      'say "hi"',
      "it's",
      "back`tick",
      "tab\t",
      "line\nend",
    ],
    ...[
      "a|b",
      "(x)",
      "[y]",
      "{z}",
      "<w>",
      "a:b",
      "a,b",
      "-a",
      "!a",
      "=a",
      "~a",
      ">1",
      "\\d+",
      "%",
      "\u00a0",
      "\u200b",
      "😀",
    ],
  ],
}

const RESERVED = /^(and|or|not|by|offset|now|options|if|as|in|limit|count|stats|desc|-)$/i

/** How names, values and numbers are written: in all the ways the language knows. */
export function openWriting(choose: Choose, { fields, values }: Subject) {
  const { one, below } = choose
  const plain = (text: string) => /^[\p{L}\p{N}_][\p{L}\p{N}_.]*$/u.test(text) && !RESERVED.test(text)
  const almostPlain = (text: string) => /^[\p{L}\p{N}_.][\p{L}\p{N}_./:+-]*$/u.test(text)

  function text(value: string): string {
    if (plain(value)) return below(5) > 0 ? value : quoted(value)
    return almostPlain(value) && below(2) === 0 && !value.includes(":") ? value : quoted(value)
  }
  function quoted(value: string): string {
    const way = below(6)
    if (way === 0 && !/[`\r]/.test(value)) return `\`${value}\``
    if (way === 1)
      return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
    return JSON.stringify(value)
  }
  const field = () => {
    const name = one(fields)
    return plain(name) ? (below(8) > 0 ? name : quoted(name)) : quoted(name)
  }
  const pattern = () => one([field, field, field, () => `${field()}*`, () => "*"])()
  const list = (make: () => string, most = 3, comma = one([", ", ",", " , "])) =>
    choose.some(most, make).join(comma)
  return {
    field,
    pattern,
    list,
    quoted,
    value: () => text(one(values)),
    quotedValue: () => quoted(one(values)),
    number: () =>
      one([
        ...[
          "0",
          "1",
          "-1",
          "5",
          "10",
          "200",
          "404",
          "1.5",
          "-2.5",
          "1e3",
          "1E2",
          "10K",
          "10KiB",
          "1.5MB",
          "2Gi",
          "1_000",
        ],
        ...[
          "0x10",
          "0b101",
          "0o17",
          "5m",
          "1.5s",
          "-3h",
          "10ms",
          "1h30m",
          "2d",
          "1w",
          "inf",
          "-inf",
          "nan",
          "10.0.0.1",
        ],
        ...[
          "2026-01-02",
          "2026-01-02T03:04:05Z",
          ".5",
          "5.",
          "+1",
          "1e400",
          "99999999999999999999",
          "1KB",
          "3ns",
          "7µs",
        ],
      ]),
    count: () => one(["0", "1", "2", "3", "5", "10", "100", "1K", "2Ki", "1_0"]),
    duration: () =>
      one([
        "1s",
        "5m",
        "1h",
        "1.5h",
        "1d",
        "2w",
        "1y",
        "10ms",
        "-1h",
        "90s",
        "1h30m",
        "3µs",
        "7ns",
        "1h5m3s",
      ]),
    /** Words of the language, in other letters now and then. */
    word: (of: string) => (below(12) === 0 ? of.toUpperCase() : of),
  }
}

export type Writing = ReturnType<typeof openWriting>
