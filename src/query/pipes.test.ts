import assert from "node:assert/strict"
import { test } from "node:test"
import { isRefusal } from "../base/refusal.ts"
import { parsePipes } from "./parse.ts"
import { PIPES } from "./pipes/index.ts"
import type { Row } from "./row.ts"
import { runPipes } from "./run.ts"
import { STATS } from "./stats/index.ts"

/** A row is written `name=value`, parts between bars; several rows are lines of their own in the tables below. */
const row = (text: string): Row =>
  Object.fromEntries(
    text === ""
      ? []
      : text.split("|").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  )
const shown = (rows: readonly Row[]) =>
  rows.map((given) =>
    Object.entries(given)
      .filter(([, value]) => value !== "")
      .map((field) => field.join("="))
      .join("|"),
  )

const cases: [why: string, pipes: string, given: readonly string[], expected: readonly string[]][] = [
  [
    "a run of letters and digits is a number when its length is even",
    "collapse_nums",
    ["_msg=abcd abc 12ab x12 v1 10ms"],
    ["_msg=<N> abc <N> x<N> v<N> <N>ms"],
  ],
  [
    "the most specific shape wins",
    "collapse_nums prettify",
    ["_msg=1.2.3.4 12:30:45,5 2024-01-02T03:04:05Z"],
    ["_msg=<IP4> <TIME> <DATETIME>"],
  ],
  [
    "only rows that match are changed",
    "collapse_nums if (k:a) at n",
    ["k=a|n=1", "k=b|n=1"],
    ["k=a|n=<N>", "k=b|n=1"],
  ],
  [
    "two hexadecimal digits are a byte, what is no such pair stays",
    'format "<hexdecode:a>" as x',
    ["a=61zz626", "a=0x61", "a=C3A9", "a=ff"],
    ["a=61zz626|x=azzb6", "a=0x61|x=0xa", "a=C3A9|x=é", "a=ff|x=ff"],
  ],
  ["moves of the cursor go too", "decolorize", ["_msg=\u001b[1;31mred\u001b[0m\u001b[2K"], ["_msg=red"]],
  ["matching ends where a text is missing", 'extract "a=<x> b=<y>"', ["_msg=a=1 c=2"], ["_msg=a=1 c=2"]],
  [
    "a quoted string is taken whole, also when the rest is missing",
    'extract "a=<x> b=<y>"',
    [`_msg=a="1 2"`],
    [`_msg=a="1 2"|x=1 2`],
  ],
  ["plain leaves quotes alone", 'extract "a=<plain:x> b"', [`_msg=a="1" b`], [`_msg=a="1" b|x="1"`]],
  ["what was there stays", 'extract "a=<x>" keep_original_fields', ["_msg=a=1|x=old"], ["_msg=a=1|x=old"]],
  [
    "nothing found takes nothing away",
    'extract "b=<x>" skip_empty_results',
    ["_msg=a=1|x=old"],
    ["_msg=a=1|x=old"],
  ],
  ["nothing found is nothing", 'extract "b=<x>"', ["_msg=a=1|x=old"], ["_msg=a=1"]],
  ["groups become fields", 'extract_regexp "(?P<x>[0-9]+)(?P<y>[a-z])?"', ["_msg=a1"], ["_msg=a1|x=1"]],
  [
    "options that cannot read a value leave it",
    'format "<time:a> <ipv4:a> <hexnumencode:a>" as b',
    ["a=x"],
    ["a=x|b=x x x"],
  ],
  [
    "a time is in whichever unit it can be in",
    'format "<time:a> <time:b>" as c | fields c',
    ["a=1717328141|b=1717328141123"],
    ["c=2024-06-02T11:35:41Z 2024-06-02T11:35:41.123Z"],
  ],
  [
    "nanoseconds as people write them",
    'format "<duration:a>" as b | fields b',
    ["a=90061000000000", "a=1500"],
    ["b=1d1h1m1s", "b=1µs500ns"],
  ],
  [
    "numbers in groups are numbers, codes that begin with a zero are not",
    'format "<duration:a> <ipv4:a>" as b | fields b',
    ["a=1_500", "a=007"],
    ["b=1µs500ns 0.0.5.220", "b=007 007"],
  ],
  [
    "numbers in other notations, and one that is too large",
    "math a + 1 as b",
    ["a=0b11", "a=0o17", "a=0x1F", "a=1e400"],
    ["a=0b11|b=4", "a=0o17|b=16", "a=0x1F|b=32", "a=1e400|b=NaN"],
  ],
  [
    "an offset moves the bounds of numbers too; codes and sizes are no numbers to group",
    "stats by (a:10 offset 5) count() n",
    ["a=7", "a=-3", "a=007", "a=1KiB", "a=10.0.0.9"],
    ["a=5|n=1", "a=-5|n=1", "a=007|n=1", "a=1KiB|n=1", "a=10.0.0.5|n=1"],
  ],
  [
    "the bits of an address are a step of numbers too",
    "stats by (a:/24) count() n",
    ["a=10.1.2.3", "a=300", "a=-5", "a=x", "a=300ns"],
    ["a=10.1.2.0|n=1", "a=256|n=1", "a=-256|n=1", "a=x|n=1", "a=256ns|n=1"],
  ],
  [
    "a number is a step of times in nanoseconds",
    "stats by (a:1_000) count() n",
    ["a=2026-01-02T03:04:05.123456789Z", "a=2026-01-02T04:04:05.1234561+01:00"],
    ["a=2026-01-02T03:04:05.123456Z|n=2"],
  ],
  [
    "of equal numbers the next key decides, then the order in which they came",
    "sort by (a, b) rank as r",
    ["a=1|b=2|c=x", "a=1.0|b=1", "a=01|b=2|c=y"],
    ["a=1.0|b=1|r=1", "a=1|b=2|c=x|r=2", "a=01|b=2|c=y|r=3"],
  ],
  [
    "values of several fields come in the row's order, those it has not last",
    "stats values(z, b, a) as x, values(z, b*) as y",
    ["a=1|b=2"],
    [`x=["1","2",""]|y=["2",""]`],
  ],
  [
    "the same value in another field is another row",
    "stats count_uniq(*) n, count_uniq(a*, b) m",
    ["a=x", "b=x", "a=x"],
    ["n=2|m=2"],
  ],
  [
    "fields of json_values stand by name",
    "stats json_values(b, a) x",
    ["b=1|a=2"],
    [`x=[{"a":"2","b":"1"}]`],
  ],
  [
    "values so many rows before, and behind the first",
    "running_stats by (k) last(n) offset 1 as x, first(n) offset 1 as y | total_stats last(n) offset 2 as z | fields n,x,y,z",
    ["_time=1|k=a|n=1", "_time=2|k=a|n=2", "_time=3|k=a|n=3"],
    ["n=1|z=1", "n=2|x=1|y=2|z=1", "n=3|x=2|y=2|z=1"],
  ],
  [
    "of equal values the first counts",
    "stats field_max(a, b) x, row_min(a, b) y",
    ["a=1|b=p", "a=1.0|b=q"],
    [`x=p|y={"b":"p"}`],
  ],
  ["what a row has not is not packed", "pack_logfmt fields (z, a) as x", ["a=1 2"], [`a=1 2|x=a="1 2"`]],
  [
    "what is no object has no members that could be missing",
    "unpack_json fields (a) | fields a",
    ["_msg=text|a=1", "_msg=[1]|a=2", `_msg= {"b":1}|a=3`, "_msg={|a=4"],
    ["a=1", "a=2", "", ""],
  ],
  [
    "times that cannot be are part of the message",
    "unpack_syslog | fields timestamp, hostname, message",
    [
      "_msg=<13>Feb 30 10:00:00 h a: x",
      "_msg=<13>2026-13-01T00:00:00Z h a: x",
      "_msg=<13>Jan  2 24:00:00 h a: x",
    ],
    [
      "message=Feb 30 10:00:00 h a: x",
      "message=2026-13-01T00:00:00Z h a: x",
      "message=Jan  2 24:00:00 h a: x",
    ],
  ],
  [
    "times of another zone and months in small letters are read",
    "unpack_syslog | fields timestamp, hostname",
    ["_msg=<13>2026-01-02T00:00:00.5+0100 h a: x", "_msg=<13>jan  2 10:00:00 h a: x"],
    ["timestamp=2026-01-01T23:00:00.5Z|hostname=h", "timestamp=1969-01-02T10:00:00Z|hostname=h"],
  ],
  [
    "parameters of structured data may stand without quotes",
    "unpack_syslog | fields x.a, x.b, message",
    [`_msg=<13>1 2026-01-02T00:00:00Z h a p m [x a=1 b="2 3"] y`],
    ["x.a=1|x.b=2 3|message=y"],
  ],
  ["stats by may be left out before keys", "(a) count() n", ["a=x", "a=x", "a=y"], ["a=x|n=2", "a=y|n=1"]],
  [
    "of equal counts the first in the order of bytes comes first",
    "top 2 by (a)",
    ["a=foo2", "a=foo10", "a=foo9"],
    ["a=foo10|hits=1", "a=foo2|hits=1"],
  ],
  [
    "the field to compare, then all fields",
    "stats row_min(a, *) as x, row_max(a, *) as y",
    ["a=2|b=q", "a=10|b=r"],
    [`x={"a":"2","b":"q"}|y={"a":"10","b":"r"}`],
  ],
  [
    "rows that pipes made belong to no stream",
    'filter {kind!="x"}',
    ["kind=y", 'kind=y|_stream={kind="y"}'],
    ['kind=y|_stream={kind="y"}'],
  ],
  [
    "characters of a URL",
    'format "<urlencode:a> <urldecode:b>" as c | fields c',
    ["a=x y&z|b=a+b%20%zz"],
    ["c=x+y%26z a b %zz"],
  ],
  [
    "powers before products, from the left",
    "math 2 ^ 3 ^ 2 as a, 1 + 2 * 3 ^ 2 as b, -2 ^ 2 as c",
    [""],
    ["a=64|b=19|c=4"],
  ],
  [
    "units are numbers",
    "math a + b as c, round(d / 1s, 0.1) as e",
    ["a=1KiB|b=1|d=1550ms"],
    ["a=1KiB|b=1|d=1550ms|c=1025|e=1.6"],
  ],
  [
    "what is no number is NaN, unless there is a default",
    "math a + 1 as b, a default 7 as c",
    ["a=x"],
    ["a=x|b=NaN|c=7"],
  ],
  [
    "half goes away from zero",
    "math round(2.5) as a, round(-2.5) as b, round(1.005, 0.1) as c",
    [""],
    ["a=3|b=-3|c=1"],
  ],
  [
    "no result has an exponent",
    "math 1 / 10000000 as a, 10 ^ 22 as b",
    [""],
    ["a=0.0000001|b=10000000000000000000000"],
  ],
  [
    "JSON that can stand in HTML",
    "pack_json fields (a, none) as p | fields p",
    ["a=<b>'"],
    [`p={"a":"\\u003cb>\\u0027"}`],
  ],
  ["what must be quoted is", "pack_logfmt as p | fields p", ["a=x y|b=1"], [`p=a="x y" b=1`]],
  [
    "numbers stay as they are written, null is nothing",
    "unpack_json from j | delete j",
    [`j={"a":{"b":1.50,"c":null},"d":[1, {"e":2}]}`],
    [`a.b=1.50|d=[1,{"e":2}]`],
  ],
  [
    "only these fields, under a prefix",
    "unpack_json from j fields (a.*) result_prefix p_ | delete j",
    [`j={"a":{"b":1},"c":2}`],
    ["p_a.b=1"],
  ],
  ["no object, no fields", "unpack_json from j", ["j=[1]", "j={", "j=1"], ["j=[1]", "j={", "j=1"]],
  [
    "a quoted value ends with its quote, whatever follows",
    "unpack_logfmt | delete _msg",
    [`_msg=a="1 2"b=2 c=3`],
    ["a=1 2|c=3"],
  ],
  [
    "words without = are fields without a value, values without a name are none",
    "unpack_logfmt | delete _msg",
    [`_msg=x a=1 b="2 3" =4|x=old`],
    ["a=1|b=2 3"],
  ],
  [
    "RFC 5424 with its data",
    "unpack_syslog | fields app_name, level, x.a, message",
    [`_msg=<165>1 2023-06-03T17:42:32Z h app 1 id [x a="b\\"c"] hi`],
    [`app_name=app|level=notice|x.a=b"c|message=hi`],
  ],
  [
    "a row for each item, side by side",
    "unroll by (a, b)",
    [`a=[1,2]|b=["x"]|c=k`, "a=x|c=l"],
    ["a=1|b=x|c=k", "a=2|c=k", "c=l"],
  ],
  [
    "words of any script",
    "unpack_words as w drop_duplicates | fields w",
    ["_msg=né_1, x né_1"],
    [`w=["né_1","x"]`],
  ],
  [
    "items of a list in one text",
    `json_array_concat ", " from a as b | fields b`,
    [`a=["x",1,[2,"y"],null,""]`, "a=no list", "a=[]"],
    [`b=x, 1, [2,"y"], null, `, "", ""],
  ],
  [
    "items of a list with nothing between",
    "json_array_concat from a | fields a",
    [`a=["x",1.50]`],
    ["a=x1.50"],
  ],
  [
    "the first that has a value",
    "coalesce(a, b*) default none as c",
    ["a=1|b=2", "b=2", "b1=3", "d=4"],
    ["a=1|b=2|c=1", "b=2|c=2", "b1=3|c=3", "d=4|c=none"],
  ],
  ["named before matched", "coalesce(b, *) as c", ["a=1|b=2", "a=1"], ["a=1|b=2|c=2", "a=1|c=1"]],
  [
    "a count takes the place of no field that is counted",
    "top by (a) hits as a",
    ["a=x", "a=x"],
    ["a=x|as=2"],
  ],
  [
    "the first that has a value, in the message",
    "coalesce(a, b)",
    ["a=1|_msg=m", "c=1|_msg=m"],
    ["a=1|_msg=1", "c=1"],
  ],
  [
    "what is quoted in logfmt",
    "pack_logfmt fields (a) as b | fields b",
    ["a=x y", "a=\\d", "a=\u00a0", "a={x}"],
    ['b=a="x y"', 'b=a="\\\\d"', "b=a=\u00a0", "b=a={x}"],
  ],
  ["without a separator, characters", `split "" from a as b | fields b`, ["a=a😀"], [`b=["a","😀"]`]],
  ["everywhere or so many times", `replace ("a", "b") limit 2`, ["_msg=aaa"], ["_msg=bba"]],
  ["groups by number and name", `replace_regexp ("(?P<x>.)-(.)", "$2\${x}$$$9")`, ["_msg=a-b"], ["_msg=ba$"]],
  ["an empty match is none right behind another", `replace_regexp ("x*", "-")`, ["_msg=axb"], ["_msg=-a-b-"]],
  [
    "beyond the digits of JavaScript",
    "time_add 1ns | time_add -1h at a",
    ["_time=2026-01-01T00:00:00.999999999Z|a=x"],
    ["_time=2026-01-01T00:00:01Z|a=x"],
  ],
  [
    "labels in their order",
    "set_stream_fields b, a | fields _stream",
    [`a=1|b="`],
    [`_stream={a="1",b="\\""}`],
  ],
  [
    "in the order of time, group by group",
    "running_stats by (k) sum(n) s, last(n) l | fields k, s, l",
    ["_time=2|k=b|n=1", "_time=2|k=a|n=2", "_time=1|k=a|n=3"],
    ["k=a|s=3|l=3", "k=a|s=5|l=2", "k=b|s=1|l=1"],
  ],
  [
    "the whole beside each part",
    "total_stats count() c, max(n) m | fields n, m",
    ["_time=1|n=3", "_time=2|n=10"],
    ["n=3|m=10", "n=10|m=10"],
  ],
  [
    "rows that are written down",
    `join by (k) rows({k=a, x="1", n=9}, {"k":"a","x":"2"})`,
    ["k=a|n=0", "k=b"],
    ["k=a|n=0|x=1", "k=a|n=0|x=2", "k=b"],
  ],
  [
    "inner drops, prefix renames",
    "join by (k) rows({k=a, n=9}) inner prefix p.",
    ["k=a|n=0", "k=b"],
    ["k=a|n=0|p.n=9"],
  ],
  ["what comes in is not used", "generate_sequence 2", ["a=1", "a=2", "a=3"], ["_msg=0", "_msg=1"]],
  [
    "a field that is the same everywhere says nothing",
    "facets",
    ["a=1|b=x", "a=1|b=y"],
    ["field_name=b|field_value=x|hits=1", "field_name=b|field_value=y|hits=1"],
  ],
  [
    "the known value of a published hash, cut to 53 bits",
    "hash(a) as h | fields h",
    ["a=1", "none=1"],
    ["h=5649798455977172", "h=1929880503118233"],
  ],
  [
    "partitions come in their order",
    "sort by (n desc) partition by (k) limit 1 | fields k, n",
    ["k=b|n=1", "k=a|n=2", "k=a|n=3"],
    ["k=a|n=3", "k=b|n=1"],
  ],
  ["no limit is not the limit 0", "sort by (n) limit 0 | fields n", ["n=2", "n=1"], ["n=1", "n=2"]],
  ["values that hold a text", "uniq by (k) filter b with hits", ["k=ab", "k=c", "k=ab"], ["k=ab|hits=2"]],
  [
    "rates of a step",
    "stats by (_time:1m) rate() r, rate_sum(n) s | fields r, s",
    ["_time=2026-01-01T00:00:00Z|n=30", "_time=2026-01-01T00:00:30Z|n=60"],
    ["r=0.03333333333333333|s=1.5"],
  ],
  [
    "the bound above belongs to a bucket",
    "stats histogram(n) h",
    ["n=10", "n=0", "n=x"],
    [`h=[{"vmrange":"0...1.000e-09","hits":1},{"vmrange":"8.799e+00...1.000e+01","hits":1}]`],
  ],
  [
    "rows in an order of their own",
    "stats json_values(n) sort by (n desc) limit 2 v",
    ["n=1", "n=3", "n=2"],
    [`v=[{"n":"3"},{"n":"2"}]`],
  ],
  [
    "of all values, not of a sample",
    "stats stddev(n) s, any(k) a, field_max(n, k) m",
    ["n=1", "n=5|k=x"],
    ["s=2|a=x|m=x"],
  ],
]
for (const [why, pipes, given, expected] of cases) {
  test(`${pipes}: ${why}`, () => assert.deepEqual(shown(runPipes(pipes, given.map(row))), expected))
}

const refused: [why: string, pipes: string, code: string][] = [
  ["a pattern without fields", 'extract "abc"', "query.malformed"],
  ["two fields beside each other", 'extract "<a><b>"', "query.malformed"],
  ["a pattern that is not closed", 'format "<a"', "query.malformed"],
  ["an expression without named groups", 'extract_regexp "(a)"', "query.malformed"],
  ["an expression RE2 does not know", `replace_regexp ("(a)\\\\1", "")`, "query.malformed"],
  ["too few arguments", "math min(1) as a", "query.malformed"],
  ["an exponent with a sign is a subtraction", "math 1e-7 as a", "query.malformed"],
  ["the same name twice", "running_stats count() a, sum(b) a", "query.malformed"],
  ["a function that has no running value", "running_stats avg(a) b", "query.malformed"],
  ["a sample of nothing", "sample 0", "query.malformed"],
  ["rows without end", "generate_sequence 1_000_000_000", "query.tooLarge"],
  ["a tree of operators", `math ${"1 + ".repeat(2_000)}1 as a`, "query.tooLarge"],
  ["parentheses without end", `math ${"(".repeat(5_000)}`, "query.tooLarge"],
]
for (const [why, pipes, code] of refused) {
  test(`refused: ${why}`, () => {
    assert.throws(
      () => runPipes(pipes, [{ a: "1" }]),
      (error) => isRefusal(error) && error.code === code,
    )
  })
}

test("every pipe and function is printed so that it is read as the same", () => {
  for (const { example } of [...PIPES, ...STATS]) {
    const pipes = example.slice(example.indexOf("|") + 1)
    const printed = parsePipes(pipes).map((pipe) => pipe.print())
    assert.deepEqual(
      parsePipes(printed.join(" | ")).map((pipe) => pipe.print()),
      printed,
    )
  }
})

test("a step that holds rows stops at its budget, and says so", () => {
  const holding = [
    "facets",
    "running_stats count() n",
    "total_stats count() n",
    "stats json_values() v",
    "stats values(a) v",
  ]
  for (const text of holding) {
    let charged = 0
    const scene = {
      now: 0,
      clock: 0,
      random: () => 0,
      budget: {
        charge(bytes: number) {
          charged += bytes
          return charged < 5_000
        },
      },
    }
    const [pipe] = parsePipes(text)
    const sink = pipe?.run({ take: () => true, end: () => {} }, scene)
    let taken = 0
    while (taken < 10_000 && sink?.take({ _time: String(taken), a: `value ${taken}` })) taken++
    assert.ok(taken > 0 && taken < 1_000, `${text} took ${taken} rows`)
  }
})
