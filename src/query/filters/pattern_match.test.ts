import assert from "node:assert/strict"
import { test } from "node:test"
import { compileRegexp } from "../regexp.ts"
import { patternRegexp } from "./pattern_match.ts"

const ANYWHERE = { fromStart: false, toEnd: false }
const WHOLE = { fromStart: true, toEnd: true }

/** As VictoriaLogs 1.52 answers. */
const rows: [pattern: string, whole: boolean, matching: string[], others: string[]][] = [
  ["<N>", true, ["12", "ab12", "abcd", "ABCD"], ["abc", "1.5", "-5", "12x", "12ms", ""]],
  ["<N>", false, ["user 12ms", "x12", "T12", "12_", "é12", "-5"], ["user 12x", "12z", "w12", "12w", "abc"]],
  ["user <N>", false, ["xuser 12", "user 12 x"], ["user x", "users 12"]],
  ["<N>ms", true, ["10ms"], ["10s", "10 ms"]],
  ["<N>T<N>", true, ["12T13"], ["12x13"]],
  ["v<N>", true, ["v12"], ["w12"]],
  ["w<N>", true, [], ["w12"]],
  ["<N><N>", false, [], ["1212"]],
  ["<N>.<N>", false, ["10.0.0.1", "1.5"], ["15"]],
  ["<UUID>", true, ["2edfed59-3e98-4073-bbb2-28d321ca71a7"], ["2edfed59-3e98"]],
  ["<IP4>", true, ["10.0.0.1", "999.999.999.999"], ["1.2.3", "1.2.3.4.5"]],
  ["<TIME>", true, ["12:34:56", "12:34:56,789"], ["12:34", "12:34:56Z"]],
  ["<DATE>", true, ["2026-01-02", "2026/01/02"], ["2026-01/02"]],
  ["<DATETIME>", true, ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05+01:00"], ["2026-01-02"]],
  ["<W>", true, ["foo", "a12b", "日本", '"q s"', "'q s'", "`q s`"], ["foo-bar", "a b", ""]],
  ["foo<W>", true, ["foobar"], ["foo", "foo-bar"]],
  ["<W>bar", true, [], ["foobar"]],
  ["<W>=<W> <W>", true, ["foo=bar baz"], ["foo=bar"]],
  ["<N><W>", true, ["12s", "12_", "12é"], ["12x", "12"]],
  ["<x> <N>", true, ["<x> 12"], ["y 12"]],
  ["a.b", true, ["a.b"], ["axb"]],
]
for (const [pattern, whole, matching, others] of rows) {
  test(`${pattern} ${whole ? "is all of" : "stands in"} ${matching.join(", ")}`, () => {
    const source = patternRegexp(pattern, whole ? WHOLE : ANYWHERE)
    const holds = (text: string) => source !== undefined && compileRegexp(source).test(text)
    assert.deepEqual([...matching, ...others].filter(holds), matching)
  })
}
