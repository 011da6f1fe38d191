import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fc } from "../../test/support/properties.ts"
import { cpuMs } from "../../test/support/cpu.ts"
import { isRefusal, Refusal } from "../base/refusal.ts"
import { FUNCTION_FILTERS, SIGN_FILTERS } from "./filters/index.ts"
import { formatQuery, parseQuery } from "./index.ts"
import { FILTER_WORDS, PIPE_WORDS, STATS_WORDS } from "./keywords.ts"
import { QUERY_LIMITS } from "./limits.ts"
import { PIPES } from "./pipes/index.ts"
import { STATS } from "./stats/index.ts"

const vectors: { accepted: [string, string][]; refused: string[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/logsql-parse.json", import.meta.url), "utf8"),
)

test("accepted queries have VictoriaLogs' canonical text, which reads back as itself", () => {
  for (const [text, canonical] of vectors.accepted) {
    assert.equal(formatQuery(parseQuery(text)), canonical, text)
    assert.equal(formatQuery(parseQuery(canonical)), canonical, canonical)
  }
})

test("what VictoriaLogs refuses is refused, at a place inside the text", () => {
  for (const text of vectors.refused) {
    const refusal = refusalOf(text)
    const position = Number(refusal.facts.position)
    assert.ok(position >= 0 && position <= text.length, `${text}: ${refusal.message}`)
  }
})

const examples = [
  ...[...SIGN_FILTERS, ...FUNCTION_FILTERS, ...PIPES].map(({ word, example }) => [word, example] as const),
  ...STATS.map(({ word, example }) => [word, example] as const),
]
test("every word's example can be read, and its print is stable", () => {
  for (const [word, example] of examples) {
    const printed = formatQuery(parseQuery(example))
    assert.equal(formatQuery(parseQuery(printed)), printed, word)
  }
})

test("every word with a file is in the list of words", () => {
  const pipes = PIPES.flatMap((pipe) => [pipe.word, ...(pipe.aliases ?? [])])
  assert.deepEqual(
    pipes.filter((word) => !PIPE_WORDS.includes(word)),
    [],
  )
  assert.deepEqual(
    STATS.filter(({ word }) => !STATS_WORDS.includes(word)),
    [],
  )
  assert.deepEqual(
    FUNCTION_FILTERS.filter(({ word }) => !FILTER_WORDS.includes(word)),
    [],
  )
})

const printed: [why: string, text: string, canonical: string][] = [
  [
    "labels and values without quotes",
    "{cluster=prod-1, a/b!=c.d or e:f=~x-y}",
    '{cluster="prod-1","a/b"!="c.d" or "e:f"=~"x-y"}',
  ],
  [
    "a label that looks like a word of the language",
    "{or=or or in in (a-b,c)}",
    '{"or"="or" or "in"=~"a-b|c"}',
  ],
  ["a stream's number in capitals", `_stream_id:${"AB".repeat(16)}`, `_stream_id:${"ab".repeat(16)}`],
  ["the fields with filters of their own in any letters", "_TIME:5m _Stream:{a=b}", '{a="b"} _time:5m'],
  ["few digits as seconds", "_time:[0, 1400000000]", "_time:[0,1400000000]"],
  [
    "numbers of rows",
    "a | limit 0x10 | offset 1.5K | head 1_0 | skip '2Ki'",
    "a | limit 16 | offset 1500 | limit 10 | offset 2048",
  ],
  ["numbers of rows in quotes", `a | facets "12" | top "3" x`, "a | facets 12 | top 3 by (x)"],
  ["a limit behind a limit", "a | limit 3 | limit 2", "a | limit 2"],
  [
    "offset and limit behind a sort",
    "a | sort by (b) offset 1 | offset 2 | limit 3",
    "a | sort by (b) offset 3 limit 3",
  ],
  ["offset behind a limited sort", "a | sort by (b) limit 3 | offset 1", "a | sort by (b) offset 1 limit 2"],
  [
    "nothing is left of a limited sort",
    "a | sort by (b) limit 3 | offset 3",
    "a | sort by (b) limit 3 | offset 3",
  ],
  ["a limit behind ranks", "a | sort by (b) rank | limit 3", "a | sort by (b) limit 3 rank"],
  [
    "options",
    "options(concurrency=1_0, allow_partial_response=T, ignore_global_time_filter=0) a",
    "options(concurrency=10, allow_partial_response=true, ignore_global_time_filter=false) a",
  ],
  [
    "a filter of all queries inside",
    "options(global_filter=(x:y or z)) a:in(b | fields c)",
    "options(global_filter=(x:y or z)) a:in(options(global_filter=(x:y or z)) b | fields c)",
  ],
]
for (const [why, text, canonical] of printed) {
  test(`as VictoriaLogs 1.52 reads it: ${why}`, () => {
    assert.equal(formatQuery(parseQuery(text)), canonical)
    assert.equal(formatQuery(parseQuery(canonical)), canonical)
  })
}

const places: [why: string, text: string, code: string, position: number, pointed: string][] = [
  ["a star in front only", "verb:*ete", "query.malformed", 6, "ete"],
  ["two stars", "verb:**", "query.malformed", 6, "*"],
  ["the sign of LogQL", 'a:=~"x"', "query.malformed", 2, "=~"],
  ["rows of partitions without a number", "a | sort by (b) partition by (c)", "query.malformed", 32, ""],
  ["a comparison of any field", "*:eq_field(a)", "query.unsupported", 2, "eq_field"],
  ["nothing to look for in any field", "verb*:", "query.malformed", 6, ""],
  ["a quote that stays open", `verb:"get`, "query.malformed", 5, `"`],
  ["a parenthesis that stays open", "(a or b", "query.malformed", 7, ""],
  ["a regular expression that is none", `a:~"("`, "query.malformed", 3, `"("`],
  ["a time that is none", "_time:yesterday", "query.malformed", 6, "yesterday"],
  ["a function nobody knows", "count_distinct(a)", "query.malformed", 0, "count_distinct"],
  ["minutes as a number of rows", "a | limit 5m", "query.malformed", 10, "5m"],
  ["an hour of one digit", "_time:day_range[8:15, 18:30)", "query.malformed", 16, "8"],
  ["a length with an exponent", "a:len_range(10, 1e3)", "query.malformed", 2, "len_range"],
  ["half a row", "a | limit 1.5", "query.malformed", 10, "1.5"],
  ["a label without a name", "{=a}", "query.malformed", 1, "="],
  ["a label without a value", "{a=,b=c}", "query.malformed", 3, ","],
  ["a value that goes on behind its quotes", '{a="b"c}', "query.malformed", 6, "c"],
  ["an option nobody knows", "options(speed=1) a", "query.malformed", 8, "speed"],
  [
    "a value that is none of an option",
    "options(ignore_global_time_filter=yes) a",
    "query.malformed",
    8,
    "ignore_global_time_filter",
  ],
  ["a filter of all queries without parentheses", "options(global_filter=x) a", "query.malformed", 22, "x"],
  ["a pipe's name as first word", "limit 10", "query.malformed", 0, "limit"],
]
for (const [why, text, code, position, pointed] of places) {
  test(`refuses with the place: ${why}`, () => {
    const refusal = refusalOf(text)
    assert.equal(refusal.code, code)
    assert.equal(refusal.facts.position, position)
    const length = Number(refusal.facts.length)
    assert.equal(text.slice(position, position + length), pointed)
  })
}

const hostile: [why: string, text: string][] = [
  ["10,000 parentheses", "(".repeat(10_000)],
  ["1,000 balanced parentheses", `${"(".repeat(1_000)}a${")".repeat(1_000)}`],
  ["10,000 nots", "!".repeat(10_000)],
  ["10,000 words not", "not ".repeat(10_000)],
  ["5,000 subqueries", "a:in(".repeat(5_000)],
  ["10,000 colons", ":".repeat(10_000)],
  ["5,000 conditions", "* | stats count() if (".repeat(3_000)],
  ["1,000 pipes", "* | limit 1".concat(" | limit 1".repeat(1_000))],
  ["too much text", "a ".repeat(40_000)],
  ["too many items", `a:in(${"a,".repeat(20_000)})`],
  ["a regular expression that grows", `a:~"${"(a{1000}){1000}".repeat(10)}"`],
  ["a long regular expression", `a:~"${"a?".repeat(5_000)}"`],
]
for (const [why, text] of hostile) {
  test(`refuses without harm: ${why}`, () => {
    const started = cpuMs()
    refusalOf(text)
    assert.ok(cpuMs() - started < 5_000)
  })
}

test("10 kB of words is a query like any other", () => {
  const text = Array.from({ length: 2_000 }, (_, i) => `w${i}`).join(" or ")
  assert.equal(formatQuery(parseQuery(text)), text)
  assert.ok(text.length < QUERY_LIMITS.textBytesMax)
})

const pieces = fc.constantFrom(
  ...[
    "a",
    "foo",
    "_time",
    "_msg",
    "verb",
    "5m",
    "10",
    "and",
    "or",
    "not",
    "in",
    "range",
    "stats",
    "by",
    "count",
    "sort",
  ],
  ...[
    "desc",
    "limit",
    "fields",
    "if",
    "as",
    "uniq",
    "top",
    "filter",
    "options",
    "offset",
    "len_range",
    "seq",
    "i",
    "re",
  ],
  ...[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ",",
    ":",
    "*",
    "=",
    "!=",
    "=~",
    "!~",
    "~",
    ">",
    "<",
    "!",
    "-",
    "#",
    "\n",
    " ",
  ],
  ...[
    '"x y"',
    "'q'",
    "`b`",
    '"',
    "'",
    "`",
    "\\",
    "é",
    "😀",
    "\u0000",
    "\ud800",
    "2026-01-02",
    "now",
    "1.2.3.4/8",
  ],
)
const texts = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.array(pieces, { maxLength: 30 }).map((list) => list.join("")),
  fc.array(pieces, { maxLength: 30 }).map((list) => list.join(" ")),
)
test("any text is read or refused, and what is read prints to a text that prints the same", () => {
  fc.assert(
    fc.property(texts, (text) => {
      let printed: string
      try {
        printed = formatQuery(parseQuery(text))
      } catch (error) {
        assert.ok(isRefusal(error), String(error))
        return
      }
      assert.equal(formatQuery(parseQuery(printed)), printed)
    }),
    { numRuns: 3_000 },
  )
})

function refusalOf(text: string): Refusal {
  try {
    const printed = formatQuery(parseQuery(text))
    assert.fail(`${text.slice(0, 80)} was read as ${printed.slice(0, 80)}`)
  } catch (error) {
    assert.ok(error instanceof Refusal && error.code.startsWith("query."), String(error))
    return error
  }
}
