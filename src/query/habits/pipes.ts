import { nearest } from "../../base/nearest.ts"
import { findField } from "../../event/fields.ts"
import { FILTER_WORDS, PIPE_WORDS, STATS_WORDS } from "../keywords.ts"
import type { Token } from "../lexer.ts"
import { parseDuration } from "../number.ts"
import { quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { mendComparisons, mendConditions } from "./comparisons.ts"
import { type Draft, wordOf } from "./draft.ts"
import { mendSort, mendStats, namesOf } from "./grouping.ts"

/** A step behind `|`, with the reader's eyes of another language. */
type Step = {
  readonly bar: Token
  readonly tokens: readonly Token[]
  /** Another step is certainly KQL. */
  readonly inKql: boolean
}

const DESC: Token = { text: "desc", raw: "desc", quoted: false, spaced: true, start: 0, end: 0 }

/** Fields are always there here: nothing has to be unpacked first. */
const UNPACKING = new Set(["json", "logfmt", "unpack", "spath"])
/** Steps of LogQL, Splunk, KQL and the shell that LogsQL has under another name, which depends on what is meant. */
const FOREIGN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    awk: "`fields`, `extract` or `stats`",
    chart: "`stats by (…)`",
    cut: "`fields`",
    extend: "`math` or `format`",
    jq: "dotted names: `requestObject.spec.replicas`",
    label_format: "`rename` or `format`",
    line_format: "`format`",
    "mv-expand": "`unroll`",
    parse: "`extract`",
    pattern: "`extract`",
    regexp: "`extract_regexp`",
    rex: "`extract_regexp`",
    timechart: "`stats by (_time:1h)`",
    transaction: "`stats by (auditID)`",
  }),
)

/** Rules for one step; each either mends it or leaves it alone. */
export function mendStep(draft: Draft, step: Step): void {
  const { bar, tokens } = step
  const [first] = tokens
  if (first === undefined) return
  if (!first.spaced && /^[=~]$/.test(first.raw) && tokens[1]?.quoted === true) {
    const pattern = first.raw === "=" ? escapeRegexp(tokens[1].text) : tokens[1].text
    draft.replace(
      [bar, first, tokens[1]],
      `| filter ~${quoteIfNeeded(pattern)}`,
      `\`|${first.raw}\` is LogQL: a text in the message is found with \`~\``,
    )
    mendComparisons(draft, tokens.slice(2))
    return
  }
  const rule = RULES.get(wordOf(first))
  if (rule?.(draft, step) === true) return
  const foreign = FOREIGN.get(wordOf(first))
  if (foreign !== undefined && wordOf(tokens[1]) !== ":") {
    draft.tell(tokens, `there is no pipe ${first.raw}; LogsQL has ${foreign}`)
    return
  }
  if (isPipe(tokens)) mendConditions(draft, tokens)
  else if (!tellUnknown(draft, tokens)) mendComparisons(draft, tokens)
}

function isPipe(tokens: readonly Token[]): boolean {
  const word = wordOf(tokens[0])
  if (word === "filter" || word === "where") return false
  return (
    PIPE_WORDS.includes(word) || (wordOf(tokens[1]) === "(" && (word === "by" || STATS_WORDS.includes(word)))
  )
}

const NO_PIPE = /^[\p{L}_][\p{L}\p{Nd}_]*$/u
const FILTERS = new Set([...FILTER_WORDS, "filter", "where", "not"])

/** `| limits 5`: without its colon an unknown word would be searched for, and nobody finds it. */
function tellUnknown(draft: Draft, tokens: readonly Token[]): boolean {
  const [first, second] = tokens
  const word = wordOf(first)
  if (
    first === undefined ||
    !NO_PIPE.test(word) ||
    FILTERS.has(word) ||
    /^(:|\*|=|!=|=~|!~|<|>|-|\/|\.)$/.test(wordOf(second))
  )
    return false
  // A function that there is not is the parser's to refuse.
  if (findField(first.raw) !== undefined || (wordOf(second) === "(" && second?.spaced === false)) return false
  const meant = nearest(word, [...PIPE_WORDS])
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`
  draft.tell(
    [first],
    `there is no pipe ${first.raw}${hint}; to search for the word, write \`| filter ${first.raw}\``,
  )
  return true
}

type Rule = (draft: Draft, step: Step) => boolean

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries<Rule>({
    ...Object.fromEntries([...UNPACKING].map((word) => [word, unpacking])),
    last: timeRange,
    since: timeRange,
    tail: (draft, { tokens }) =>
      rewrite(
        draft,
        tokens,
        rowCount(tokens.slice(1), (rows) => `sort by (_time desc) limit ${rows}`),
        "`tail` is a shell's",
      ),
    head: (draft, { tokens }) =>
      wordOf(tokens[1]) === "-"
        ? rewrite(
            draft,
            tokens,
            rowCount(tokens.slice(1), (rows) => `limit ${rows}`),
            "`head -n` is a shell's",
          )
        : false,
    take: (draft, { tokens }) =>
      rewrite(
        draft,
        tokens,
        rowCount(tokens.slice(1), (rows) => `limit ${rows}`),
        "`take` is KQL",
      ),
    stats: (draft, { tokens }) =>
      isForeignStats(tokens)
        ? rewrite(
            draft,
            tokens,
            mendStats(draft, tokens),
            "`by` stands before the functions, its fields in parentheses",
          )
        : false,
    summarize: (draft, { tokens }) =>
      rewrite(draft, tokens, mendStats(draft, tokens, "count_"), "`summarize` is KQL"),
    count: (draft, { tokens }) =>
      tokens.length === 1
        ? rewrite(draft, tokens, `stats count() as "count"`, "`count` alone is KQL")
        : false,
    wc: (draft, { tokens }) => rewrite(draft, tokens, `stats count() as "count"`, "`wc` is a shell's"),
    sort: (draft, { tokens }) =>
      rewrite(draft, tokens, mendSort(tokens), "the fields of sort stand in parentheses"),
    order: (draft, { tokens }) =>
      rewrite(draft, tokens, mendSort(tokens), "the fields of sort stand in parentheses"),
    top: (draft, { tokens, inKql }) => {
      // KQL's top are the rows with the greatest values; LogsQL's are the most frequent values.
      if (inKql && wordOf(tokens[2]) === "by") {
        const keys = mendSort([
          ...tokens.slice(0, 1),
          ...tokens.slice(3),
          ...(/^(asc|desc)$/.test(wordOf(tokens.at(-1))) ? [] : [DESC]),
        ])
        return rewrite(
          draft,
          tokens,
          keys === undefined ? undefined : `${keys} limit ${tokens[1]?.raw}`,
          "`top` is KQL here",
        )
      }
      if (wordOf(tokens[1]) !== "limit" || wordOf(tokens[2]) !== "=") return false
      const by = namesOf(tokens.slice(4)).map(quoteIfNeeded).join(", ")
      return rewrite(draft, tokens, `top ${tokens[3]?.raw} by (${by})`, "`top limit=` is Splunk's")
    },
    project: (draft, { tokens }) => rewrite(draft, tokens, listed("fields", tokens), "`project` is KQL"),
    table: (draft, { tokens }) => rewrite(draft, tokens, listed("fields", tokens), "`table` is Splunk's"),
    select: (draft, { tokens }) => rewrite(draft, tokens, listed("fields", tokens), "`select` is SQL"),
    distinct: (draft, { tokens }) => rewrite(draft, tokens, uniqBy(tokens), "`distinct` is KQL"),
    dedup: (draft, { tokens }) => rewrite(draft, tokens, uniqBy(tokens), "`dedup` is Splunk's"),
    search: (draft, { tokens }) => searching(draft, tokens, "`search` is Splunk's"),
    grep: (draft, { tokens }) => grepping(draft, tokens),
  }),
)

function rewrite(draft: Draft, tokens: readonly Token[], text: string | undefined, why: string): boolean {
  if (text === undefined) return false
  draft.replace(tokens, text, `${why}: write \`| ${text}\``)
  return true
}

function unpacking(draft: Draft, { bar, tokens }: Step): boolean {
  const [first] = tokens
  if (wordOf(tokens[1]) === ":") return false
  const why = `\`| ${first?.raw}\` is not needed: every field of an event is there under its dotted name`
  if (tokens.length === 1) draft.replace([bar, ...tokens], "", why)
  else draft.tell(tokens, why)
  return true
}

/** `| last 24h`: the last rows are counted in LogsQL, so a duration can only be a time. */
function timeRange(draft: Draft, { bar, tokens }: Step): boolean {
  const duration = tokens
    .slice(1)
    .map((token) => token.raw)
    .join("")
    .replace(/^=/, "")
  if (tokens.length < 2 || parseDuration(duration) === undefined) return false
  draft.times.push(`_time:${duration}`)
  draft.replace([bar, ...tokens], "", `a time is a filter: write \`_time:${duration}\``)
  return true
}

/** `50`, `-50`, `-n 50`. */
function rowCount(tokens: readonly Token[], text: (rows: string) => string): string | undefined {
  const rows = tokens.map((token) => token.raw).join("")
  const count = /^-?n?([0-9]+)$/.exec(rows)?.[1]
  return count === undefined && rows === "" ? text("10") : count === undefined ? undefined : text(count)
}

/** LogsQL has `by` first and parentheses behind every function. */
function isForeignStats(tokens: readonly Token[]): boolean {
  const rest = tokens.slice(1)
  if (wordOf(rest[0]) === "by") return false
  const by = rest.findIndex((token) => wordOf(token) === "by")
  return by > 0 || rest.length === 1 || (wordOf(rest[0]) === "count" && wordOf(rest[1]) !== "(")
}

function listed(word: string, tokens: readonly Token[]): string | undefined {
  const names = namesOf(tokens.slice(1))
  return names.length === 0
    ? undefined
    : `${word} ${names.map((name) => (name === "*" ? "*" : quoteIfNeeded(name))).join(", ")}`
}

function uniqBy(tokens: readonly Token[]): string | undefined {
  const names = namesOf(tokens.slice(1))
  return names.length === 0 ? undefined : `uniq by (${names.map(quoteIfNeeded).join(", ")})`
}

function searching(draft: Draft, tokens: readonly Token[], why: string): boolean {
  const [first] = tokens
  if (first === undefined || wordOf(tokens[1]) === ":") return false
  draft.replace([first], "filter", `${why}: write \`| filter …\``)
  mendComparisons(draft, tokens.slice(1))
  return true
}

function grepping(draft: Draft, tokens: readonly Token[]): boolean {
  const [option, rest] =
    wordOf(tokens[1]) === "-" ? [wordOf(tokens[2]), tokens.slice(3)] : ["", tokens.slice(1)]
  const [pattern] = rest
  if (pattern === undefined || rest.length !== 1 || !/^[ivE]*$/i.test(option)) return false
  const source = `${option.includes("i") ? "(?i)" : ""}${pattern.text}`
  return rewrite(
    draft,
    tokens,
    `filter ${option.includes("v") ? "!" : ""}~${quoteIfNeeded(source)}`,
    "`grep` is a shell's",
  )
}

/** Words that only KQL puts behind a `|`, or that LogsQL has from it. */
export function isKqlStep(tokens: readonly Token[]): boolean {
  return /^(where|project|summarize|take|extend|distinct|order)$/.test(wordOf(tokens[0]))
}
