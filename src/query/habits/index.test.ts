import assert from "node:assert/strict"
import { test } from "node:test"
import { fc } from "../../../test/support/properties.ts"
import { cpuMs } from "../../../test/support/cpu.ts"
import { isRefusal, Refusal } from "../../base/refusal.ts"
import { parseQuery } from "../parse.ts"
import { formatQuery } from "../print.ts"
import { toLogsql, understandQuery } from "./index.ts"

/** What people write, what strict mode points at first, and the LogsQL that it names and compat asks. */
const mended: [text: string, pointed: string, logsql: string][] = [
  // LogQL
  [`verb:get | json`, "| json", "verb:get"],
  [`verb:get | logfmt | verb="get"`, "| logfmt", "verb:get verb:=get"],
  [`verb!="get"`, `verb!="get"`, "verb:* !verb:=get"],
  [`a:b or verb!="get"`, `verb!="get"`, "a:b or verb:* !verb:=get"],
  [`verb=~"get|list"`, `verb=~"get|list"`, "verb:in(get,list)"],
  [`verb=~"ge.+"`, `verb=~"ge.+"`, `verb:~"^(?:ge.+)$"`],
  [`verb=~"ge.*"`, `verb=~"ge.*"`, "verb:=ge*"],
  [`verb=~".*e.*"`, `verb=~".*e.*"`, "verb:~e"],
  [`verb!~"get|list"`, `verb!~"get|list"`, "verb:* !verb:in(get,list)"],
  [`* |= "a.b"`, `|= "a.b"`, `~"a\\\\.b"`],
  [`* |~ "a.b"`, `|~ "a.b"`, "~a.b"],
  [`* | json | responseStatus.code >= 400`, "| json", "responseStatus.code:>=400"],
  [`{job="audit"} verb:get`, `job="audit"`, `{kind="k8s.audit"} verb:get`],
  // times
  ["verb:get or verb:list | last 24h", "| last 24h", "_time:24h (verb:get or verb:list)"],
  // Splunk
  ["index=main verb=get", "index=main", "verb:=get"],
  ["user.username=system:node:*", "user.username=system:node:*", `user.username:="system:node:"*`],
  ["* | stats count by verb", "stats count by verb", `* | stats by (verb) count(*) as "count"`],
  [
    "* | stats dc(verb) as n by a, b",
    "stats dc(verb) as n by a, b",
    "* | stats by (a, b) count_uniq(verb) as n",
  ],
  ["* | sort -n | head 3", "sort -n", "* | sort by (n desc) limit 3"],
  ["* | top limit=3 verb", "top limit=3 verb", "* | top 3 by (verb)"],
  ["* | table verb user.username", "table verb user.username", "* | fields verb, user.username"],
  ["* | dedup verb", "dedup verb", "* | uniq by (verb)"],
  ["* | search verb=get", "search", "verb:=get"],
  ["verb=get earliest=-2h", "verb=get", "_time:2h verb:=get"],
  // KQL
  ["T | where verb == 'get' | take 5", "T", "verb:=get | limit 5"],
  [
    "T | summarize count() by verb | order by count_ desc",
    "T",
    "* | stats by (verb) count(*) as count_ | sort by (count_ desc)",
  ],
  ["T | where TimeGenerated > ago(2h) | count", "T", `_time:2h | stats count(*) as "count"`],
  ["T | project verb, n | top 5 by n", "T", "* | fields verb, n | sort by (n desc) limit 5"],
  [`objectRef.name startswith "db"`, `objectRef.name startswith "db"`, "objectRef.name:=db*"],
  [`objectRef.name contains "d.b"`, `objectRef.name contains "d.b"`, `objectRef.name:~"d\\\\.b"`],
  // SQL
  ["select * from events where verb = 'get'", "select * from events where verb = 'get'", "verb:=get"],
  ...(
    [
      ["count(*) desc", `"count" desc`],
      ["2 desc, verb", `"count" desc, verb`],
      ["1", "verb"],
    ] as const
  ).map(([by, sorted]): [text: string, pointed: string, logsql: string] => {
    const text = `select verb, count(*) from e group by verb order by ${by}`
    return [text, text, `* | stats by (verb) count(*) as "count" | sort by (${sorted})`]
  }),
  [
    "select verb as v, user.username from e order by 1, user.username desc limit 5",
    "select verb as v, user.username from e order by 1, user.username desc limit 5",
    "* | fields verb, user.username | rename verb as v | sort by (v, user.username desc) limit 5",
  ],
  [
    "SELECT verb, count(*) AS n FROM e WHERE verb <> 'get' GROUP BY verb ORDER BY n DESC LIMIT 3",
    "SELECT verb, count(*) AS n FROM e WHERE verb <> 'get' GROUP BY verb ORDER BY n DESC LIMIT 3",
    "verb:* !verb:=get | stats by (verb) count(*) as n | sort by (n desc) limit 3",
  ],
  ["* | where verb in ('get', 'list')", "verb in", "verb:in(get,list)"],
  ["user.uid is null and verb is not null", "user.uid is null", `user.uid:"" verb:*`],
  [`requestURI like '/api/%'`, `requestURI like '/api/%'`, `requestURI:~"^/api/.*$"`],
  ["verb not like '%x%'", "verb not like '%x%'", `!verb:~"^.*x.*$"`],
  ["verb ilike '%DEL%'", "verb ilike '%DEL%'", `verb:~"(?i)^.*DEL.*$"`],
  [
    "responseStatus.code between 400 and 499",
    "responseStatus.code between 400 and 499",
    "responseStatus.code:range[400, 499]",
  ],
  ["verb = 'get';", "verb = 'get'", "verb:=get"],
  // more of LogQL, PromQL and old LogsQL
  [`verb:=~"ge.*"`, "=~", `verb:~"ge.*"`],
  [`verb:=="get"`, "==", "verb:=get"],
  ["verb:<>get", "<>", "!verb:=get"],
  ["responseStatus.code => 400", "responseStatus.code => 400", "responseStatus.code:>=400"],
  [`{kind="k8s.audit"} != "a.b"`, `!= "a.b"`, `{kind="k8s.audit"} !~"a\\\\.b"`],
  [`* |= "a" != "b"`, `|= "a"`, "~a !~b"],
  [`{verb="get"}`, `{verb="get"}`, "verb:=get"],
  [
    `{kind="k8s.audit",user.username!~"system:.*"} | json`,
    `{kind="k8s.audit",user.username!~"system:.*"}`,
    `{kind="k8s.audit"} !user.username:="system:"*`,
  ],
  [
    "* | stats count() by verb as hits",
    "stats count() by verb as hits",
    "* | stats by (verb) count(*) as hits",
  ],
  ["* | stats by verb count() n", "stats by verb count() n", "* | stats by (verb) count(*) as n"],
  ["* | count by verb", "count by verb", `* | stats by (verb) count(*) as "count"`],
  ["* | sum(n) by verb", "sum(n) by verb", `* | stats by (verb) sum(n) as "sum(n)"`],
  ["* | limit 5 offset 10", "limit 5 offset 10", "* | offset 10 | limit 5"],
  // Lucene
  ["+verb:get -verb:list", "+", "verb:get !verb:list"],
  [
    "responseStatus.code:[400 TO 499}",
    "responseStatus.code:[400 TO 499}",
    "responseStatus.code:range[400, 499)",
  ],
  ["responseStatus.code:[500 TO *]", "responseStatus.code:[500 TO *]", "responseStatus.code:range[500, inf]"],
  ["@timestamp:[now-1h TO now] verb:get", "@timestamp:[now-1h TO now]", "_time:[now-1h,now] verb:get"],
  ["_time:[now-1h TO *]", "_time:[now-1h TO *]", "_time:>=now-1h"],
  ["verb:*ete a", "*ete", `verb:~"ete$" a`],
  ["_exists_:verb", "_exists_:verb", "verb:*"],
  ["verb:/ge.*/ a", "/ge.*/", "verb:=ge* a"],
  ["verb.keyword:get", "verb.keyword", "verb:get"],
  // more of KQL and Splunk
  ["* | project-away verb, n", "project-away verb, n", `* | delete verb, n`],
  [
    "* | project-rename u = user.username",
    "project-rename u = user.username",
    "* | rename user.username as u",
  ],
  ["* | mv-expand user.groups", "mv-expand user.groups", "* | unroll by (user.groups)"],
  ["* | extend x = a + b, y = 2", "extend x = a + b, y = 2", "* | math (a + b) as x, 2 as y"],
  [
    "* | summarize n = count() by bin(TimeGenerated, 1h), verb",
    "summarize n = count() by bin(TimeGenerated, 1h), verb",
    "* | stats by (_time:1h, verb) count(*) as n",
  ],
  ["verb !in ('get', 'list')", "verb !in", "!verb:in(get,list)"],
  ["verb !contains 'e'", "verb !contains 'e'", "!verb:~e"],
  ["verb matches regex 'g.t'", "verb matches regex 'g.t'", "verb:~g.t"],
  ["* | fields - verb, n", "fields - verb, n", `* | delete verb, n`],
  ["* | fields + verb, n", "fields + verb, n", "* | fields verb, n"],
  ["* | rare verb", "rare verb", "* | stats by (verb) count(*) as hits | sort by (hits) limit 10"],
  [
    "* | timechart span=1h count by verb",
    "timechart span=1h count by verb",
    `* | stats by (_time:1h, verb) count(*) as "count"`,
  ],
  ["verb=get latest=now", "verb=get", "verb:=get"],
  // signs of programming languages and the shell
  ["verb:get & verb:list", "&", "verb:get verb:list"],
  ["tail -f audit.log | grep secret", "tail -f audit.log", `{kind="k8s.audit"} ~secret`],
  ["verb:get && verb:list || verb:watch", "&&", "verb:get verb:list or verb:watch"],
  [
    "cat audit.log | grep -i secret | tail -5",
    "cat audit.log",
    `{kind="k8s.audit"} ~"(?i)secret" | sort by (_time desc) limit 5`,
  ],
  ["* | grep -v secret | wc -l", "grep -v secret", `!~secret | stats count(*) as "count"`],
  ["* | stats count() if (verb='get') n", "verb='get'", "* | stats count(*) if (verb:=get) as n"],
]
for (const [text, pointed, logsql] of mended) {
  test(`another language: ${text}`, () => {
    assert.equal(toLogsql(text), logsql)
    assert.equal(formatQuery(understandQuery(logsql)), logsql, "which is LogsQL, and nothing else")
    const refusal = refusalOf(text)
    assert.equal(refusal.facts.corrected, logsql)
    assert.ok(refusal.message.endsWith(`As LogsQL: ${logsql}`), refusal.message)
    const { position, length } = refusal.facts
    assert.equal(text.slice(Number(position), Number(position) + Number(length)), pointed)
  })
}

/** What cannot be put right by anybody but who wrote it is refused in both modes. */
const hopeless: [text: string, told: RegExp][] = [
  ["* | limits 5", /no pipe limits; did you mean limit\?/],
  ["* | constructor", /no pipe constructor; to search/],
  ["* | foo", /`\| filter foo`/],
  [`* | line_format "{{.verb}}"`, /LogsQL has `format`/],
  ['sum by (verb) (count_over_time({a="b"}[5m]))', /metric query of LogQL/],
  [`* | json who="user.username"`, /not needed/],
  ['apiserver_audit_event_total{verb="get"}', /PromQL/],
  ["* | sort | uniq -c", /`uniq -c` is a shell's/],
  ["* | sort -rn", /`sort -rn` is a shell's/],
  ["* | reverse", /LogsQL has `sort by/],
  ["* | bin _time span=1h", /stats by \(_time:1h\)/],
  ["verb:get~1", /Lucene/],
  ["verb:/get|list/ a", /regular expression is written/],
  ["verb:get^2", /Lucene/],
  ["verb=get earliest=-1d@d", /Splunk's/],
  [`{verb=get or user.username=x}`, /labels of a stream/],
  ["verb=get (", /`verb:=get`.*read so/],
]
for (const [text, told] of hopeless) {
  test(`refused in both modes: ${text}`, () => {
    for (const compat of ["strict", "logql"] as const) {
      assert.throws(
        () => understandQuery(text, compat),
        (error) => isRefusal(error, "query.foreign") && told.test(error.message),
      )
    }
  })
}

const logsql: [text: string, why: string][] = [
  [`{app="shop"}`, "a label that log records may have"],
  [`="a" or ="b"`, "the message is exactly this"],
  [`verb:="get" user.username: ="x"`, "a colon before the sign"],
  ["verb:(=get or !=list)", "signs within a field's parentheses"],
  ["a:in(b=c, d) a:seq(e=f)", "signs among arguments"],
  [`options(concurrency=2) verb:get`, "an option"],
  [`{cluster="c",source=~"a.*"} or {nolabel=""}`, "labels that there are, or that may be absent"],
  ["* | last 5 by (_time) | first 3 by (verb)", "so many rows"],
  ["* | count() n | n:>5", "stats and filter left out"],
  ["* | by (verb) count() n | sort by (n desc) limit 3", "stats left out before by"],
  ["* | top 5 by (verb) | uniq by (verb)", "top and uniq are LogsQL's too"],
  ['verb:"a=b" | where verb:"x | json"', "text in quotes"],
  ["_time:>5m responseStatus.code:>=400", "comparisons behind a colon"],
  ["Forbidden | where verb:get | order by (_time)", "words that are LogsQL's too"],
  ["requestURI:/api/v1/pods/ verb:get", "a path between slashes"],
  [`{level="error",verb=""}`, "labels of log streams"],
  ["verb:*et* *ge* (*x*) !*y* verb:* *", "texts between stars"],
  ["a:b+c +x x&y z;w", "signs within words"],
  ["verb:x~y", "a sign within a word"],
  ["* | rename a as b | fields a-b", "a dash within a name"],
  ["* | filter foo", "a word that is said to be searched for"],
]
for (const [text, why] of logsql) {
  test(`LogsQL stays as it is, ${why}: ${text}`, () => {
    assert.equal(formatQuery(understandQuery(text)), formatQuery(parseQuery(text)))
  })
}

const pieces = fc.constantFrom(
  ...[
    "verb",
    "=",
    "==",
    "!=",
    "=~",
    '"get"',
    "'x'",
    "|",
    "||",
    "&&",
    "json",
    "last",
    "24h",
    "stats",
    "count",
    "(",
    ")",
  ],
  ...[
    "by",
    "sort",
    "-",
    "desc",
    "select",
    "from",
    "where",
    "group",
    "order",
    "limit",
    "5",
    "{",
    "}",
    ",",
    "in",
    "not",
  ],
  ...[
    "top",
    "summarize",
    "ago",
    "grep",
    "-i",
    "tail",
    "null",
    "is",
    "like",
    "if",
    "*",
    '"',
    "\\",
    "😀",
    "\0",
    "index",
  ],
)
test("any text is understood or refused, in both modes; what compat asks, strict takes as LogsQL", () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), fc.constantFrom(" ", ""), (list, between) => {
      const text = list.join(between)
      try {
        understandQuery(text)
      } catch (error) {
        assert.ok(isRefusal(error), String(error))
      }
      try {
        parseQuery(formatQuery(understandQuery(text, "logql")))
      } catch (error) {
        assert.ok(isRefusal(error), String(error))
      }
    }),
    { numRuns: 3_000 },
  )
})

const hostile = [
  "a=b ",
  "if(",
  "| stats count() if(",
  "x>ago(",
  "{",
  "{a=",
  "a:/*",
  "a:[x TO ",
  "+a",
  "_exists_:",
  "between ",
  "verb between ",
  "project-",
  "bin(",
  "| timechart span=",
  "(",
  "a(",
  "| ",
  "||",
  "| json ",
  "select from ",
  "a in (",
  "by ",
]
test("64 kB of any of these is understood or refused at once", () => {
  for (const piece of hostile) {
    const text = piece.repeat(Math.floor(60_000 / piece.length))
    for (const whole of [text, `* | stats ${text}`]) {
      const started = cpuMs()
      try {
        understandQuery(whole, "logql")
      } catch (error) {
        assert.ok(isRefusal(error), String(error))
      }
      assert.ok(cpuMs() - started < 3_000, `${piece}: ${cpuMs() - started} ms`)
    }
  }
})

function refusalOf(text: string): Refusal {
  try {
    understandQuery(text)
  } catch (error) {
    assert.ok(error instanceof Refusal && error.code === "query.foreign", String(error))
    return error
  }
  return assert.fail(`${text} was taken for LogsQL`)
}
