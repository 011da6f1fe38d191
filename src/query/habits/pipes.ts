import { nearest } from "../../base/nearest.ts"
import { findField } from "../../event/fields.ts"
import { FILTER_WORDS, PIPE_WORDS, STATS_WORDS } from "../keywords.ts"
import type { Token } from "../lexer.ts"
import { parseDuration } from "../number.ts"
import { quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { mendComparisons, mendConditions } from "./comparisons.ts"
import { type Draft, sliceOf, splitTokens, wordOf } from "./draft.ts"
import { mendKeys, mendSort, mendStats, namesOf } from "./grouping.ts"

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
    bin: "`stats by (_time:1h) …`",
    bucket: "`stats by (_time:1h) …`",
    eventstats: "`total_stats`",
    fillnull: '`format if (field:"") "0" as field`',
    makemv: "`split`",
    regex: "`filter field:~…`",
    reverse: "`sort by (_time)`",
    streamstats: "`running_stats`",
    unwrap: "functions that take a field, as in `stats sum(field)`",
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
    mendComparisons(draft, tokens, 2)
    return
  }
  const word = stepWord(tokens)
  const rule = RULES.get(word)
  if (rule?.(draft, step) === true) return
  const foreign = FOREIGN.get(word)
  if (foreign !== undefined && wordOf(tokens[1]) !== ":") {
    draft.tell(tokens, `there is no pipe ${word}; LogsQL has ${foreign}`)
    return
  }
  if (isPipe(tokens)) mendConditions(draft, tokens)
  else if (!tellUnknown(draft, tokens)) mendComparisons(draft, tokens)
}

/** The first word; `project-away` is one, though its parts are tokens. */
function stepWord(tokens: readonly Token[]): string {
  const [first, dash, second] = tokens
  const isJoined = wordOf(dash) === "-" && dash?.spaced === false && second?.spaced === false
  return isJoined ? `${wordOf(first)}-${wordOf(second)}` : wordOf(first)
}

/** What stands behind the word. */
function behindWord(tokens: readonly Token[]): readonly Token[] {
  return tokens.slice(stepWord(tokens).includes("-") ? 3 : 1)
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
  const search = `o search for the word, write \`| filter ${first.raw}\``
  const hint = meant === undefined ? `t${search}` : `did you mean ${meant}? T${search}`
  draft.tell([first], `there is no pipe ${first.raw}; ${hint}`)
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
    ...Object.fromEntries(
      STATS_WORDS.filter((word) => !PIPE_WORDS.includes(word)).map((word) => [word, countingBy]),
    ),
    stats: (draft, { tokens }) =>
      isForeignStats(tokens)
        ? rewrite(
            draft,
            tokens,
            mendStats(draft, tokens) ?? mendKeys(draft.source, tokens),
            "`by` stands before the functions, its fields in parentheses",
          )
        : false,
    summarize: (draft, { tokens }) =>
      rewrite(draft, tokens, mendStats(draft, tokens, "count_"), "`summarize` is KQL"),
    count: (draft, step) =>
      step.tokens.length === 1
        ? rewrite(draft, step.tokens, `stats count() as "count"`, "`count` alone is KQL")
        : countingBy(draft, step),
    wc: (draft, { tokens }) => rewrite(draft, tokens, `stats count() as "count"`, "`wc` is a shell's"),
    sort: (draft, { tokens }) =>
      (SHELL_SORT.test(wordOf(tokens[2])) && tellOption(draft, tokens, "sort by (field desc)")) ||
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
    "project-away": (draft, { tokens }) =>
      rewrite(draft, tokens, listed("delete", behindWord(tokens)), "`project-away` is KQL"),
    "project-keep": (draft, { tokens }) =>
      rewrite(draft, tokens, listed("fields", behindWord(tokens)), "`project-keep` is KQL"),
    "project-rename": (draft, { tokens }) =>
      rewrite(draft, tokens, renaming(behindWord(tokens)), "`project-rename` is KQL"),
    "mv-expand": (draft, { tokens }) => rewrite(draft, tokens, unrolling(tokens), "`mv-expand` is KQL"),
    mvexpand: (draft, { tokens }) => rewrite(draft, tokens, unrolling(tokens), "`mvexpand` is Splunk's"),
    ...Object.fromEntries(
      ["eval", "extend", "math", "let"].map((word) => [
        word,
        (draft: Draft, { tokens }: Step) =>
          rewrite(draft, tokens, assigning(draft.source, tokens), "`name = …` is `math … as name`"),
      ]),
    ),
    fields: (draft, { tokens }) => {
      const sign = wordOf(tokens[1])
      if (!/^[-+]$/.test(sign)) return false
      const word = sign === "-" ? "delete" : "fields"
      return rewrite(draft, tokens, listed(word, tokens.slice(2)), `\`fields ${sign}\` is Splunk's`)
    },
    limit: (draft, { tokens }) => {
      const [, rows, word, skipped] = tokens
      if (wordOf(word) !== "offset" || tokens.length !== 4) return false
      return rewrite(
        draft,
        tokens,
        `offset ${skipped?.raw} | limit ${rows?.raw}`,
        "offset is a pipe of its own",
      )
    },
    rare: (draft, { tokens }) => rewrite(draft, tokens, rarest(tokens), "`rare` is Splunk's"),
    timechart: (draft, { tokens }) =>
      rewrite(draft, tokens, charted(draft, tokens), "`timechart` is Splunk's"),
    uniq: (draft, { tokens }) => tellOption(draft, tokens, "stats by (field) count() hits"),
    project: (draft, { tokens }) =>
      rewrite(draft, tokens, listed("fields", behindWord(tokens)), "`project` is KQL"),
    table: (draft, { tokens }) =>
      rewrite(draft, tokens, listed("fields", behindWord(tokens)), "`table` is Splunk's"),
    select: (draft, { tokens }) =>
      rewrite(draft, tokens, listed("fields", behindWord(tokens)), "`select` is SQL"),
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
  if (wordOf(rest[0]) === "by") return wordOf(rest[1]) !== "("
  const by = rest.findIndex((token) => wordOf(token) === "by")
  return by > 0 || rest.length === 1 || (wordOf(rest[0]) === "count" && wordOf(rest[1]) !== "(")
}

function listed(word: string, tokens: readonly Token[]): string | undefined {
  const names = namesOf(tokens)
  return names.length === 0
    ? undefined
    : `${word} ${names.map((name) => (name === "*" ? "*" : quoteIfNeeded(name))).join(", ")}`
}

/** `sort -rn`, `sort -k2`: options of a shell, where Splunk has a field. */
const SHELL_SORT = /^(rn|nr|k[0-9]+.*|rnk[0-9]+|hr|rh)$/

/** `uniq -c`: what counts lines in a shell says nothing of which field. */
function tellOption(draft: Draft, tokens: readonly Token[], instead: string): boolean {
  if (wordOf(tokens[1]) !== "-" || tokens[2]?.spaced !== false) return false
  draft.tell(tokens, `\`${wordOf(tokens[0])} -${tokens[2].raw}\` is a shell's: write \`| ${instead}\``)
  return true
}

/** `count() by verb` without `stats`. */
function countingBy(draft: Draft, { bar, tokens }: Step): boolean {
  if (wordOf(tokens[1]) !== "(" && wordOf(tokens[1]) !== "by") return false
  if (!tokens.some((token) => wordOf(token) === "by")) return false
  return rewrite(draft, tokens, mendStats(draft, [bar, ...tokens]), "`by` stands before the functions")
}

/** `a = b, c = d`: KQL has the new name first. */
function renaming(tokens: readonly Token[]): string | undefined {
  const pairs = splitTokens(tokens, (token) => wordOf(token) === ",").map((part) => {
    const [to = [], from = []] = splitTokens(part, (token) => wordOf(token) === "=")
    const [name, old] = [namesOf(to)[0], namesOf(from)[0]]
    return name === undefined || old === undefined
      ? undefined
      : `${quoteIfNeeded(old)} as ${quoteIfNeeded(name)}`
  })
  return pairs.includes(undefined) ? undefined : `rename ${pairs.join(", ")}`
}

/** `x = a + b`. */
function assigning(source: string, tokens: readonly Token[]): string | undefined {
  const results = splitTokens(tokens.slice(1), (token) => wordOf(token) === ",").map((part) => {
    const [name, sign, ...rest] = part
    if (name === undefined || wordOf(sign) !== "=" || rest.length === 0) return undefined
    return `${sliceOf(source, rest)} as ${quoteIfNeeded(name.text)}`
  })
  return results.includes(undefined) ? undefined : `math ${results.join(", ")}`
}

function unrolling(tokens: readonly Token[]): string | undefined {
  const names = namesOf(behindWord(tokens))
  return names.length === 0 ? undefined : `unroll by (${names.map(quoteIfNeeded).join(", ")})`
}

const RARE_ROWS = 10

function rarest(tokens: readonly Token[]): string | undefined {
  const names = namesOf(tokens.slice(1))
  if (names.length === 0) return undefined
  return `stats by (${names.map(quoteIfNeeded).join(", ")}) count() as hits | sort by (hits) limit ${RARE_ROWS}`
}

/** `timechart span=1h count by verb`. */
function charted(draft: Draft, tokens: readonly Token[]): string | undefined {
  const [word, option, sign, ...rest] = tokens
  if (word === undefined || wordOf(option) !== "span" || wordOf(sign) !== "=") return undefined
  const spanned = rest.findIndex((token, at) => at > 0 && token.spaced)
  const span = rest
    .slice(0, spanned)
    .map((token) => token.raw)
    .join("")
  const counted = spanned < 0 ? undefined : mendStats(draft, [word, ...rest.slice(spanned)])
  if (counted === undefined) return undefined
  const by = `stats by (_time:${span}`
  return counted.startsWith("stats by (")
    ? counted.replace("stats by (", `${by}, `)
    : counted.replace("stats ", `${by}) `)
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

/** Words that only KQL puts behind a `|`, and `where` with what only KQL compares with. */
export function isKqlStep(tokens: readonly Token[]): boolean {
  if (/^(project|summarize|take|extend|distinct)$/.test(wordOf(tokens[0]))) return true
  if (wordOf(tokens[0]) !== "where") return false
  return tokens.some((token, at) => {
    const next = tokens[at + 1]
    if (wordOf(token) === "ago") return wordOf(next) === "("
    return wordOf(token) === "=" && wordOf(next) === "=" && next?.spaced === false
  })
}
