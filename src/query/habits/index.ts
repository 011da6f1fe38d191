/**
 * What people write who know another language: LogQL, PromQL, Splunk, KQL, SQL, Lucene, a shell. Read as LogsQL most of it is words
 * to search for, which find nothing and say nothing. {@link understandQuery} knows these habits, says what was meant, and
 * runs it only when asked to.
 */
import { Refusal } from "../../base/refusal.ts"
import { type Token, tokenize } from "../lexer.ts"
import { parseQuery } from "../parse.ts"
import { formatQuery } from "../print.ts"
import { andFilters, simplifyPipes } from "../simplify.ts"
import type { Query } from "../tree.ts"
import { mendComparisons } from "./comparisons.ts"
import { Draft, type Habit, splitTokens, wordOf } from "./draft.ts"
import { isKqlStep, mendStep } from "./pipes.ts"
import { isSql, mendSql } from "./sql.ts"
import { mendStreams } from "./streams.ts"

/** `strict`: other languages are refused, with the query as LogsQL. `logql`: that query is asked. */
export type Compat = "strict" | "logql"

/** Reads a question as people write it. Refuses `query.foreign` where it could not mean what it says. */
export function understandQuery(text: string, compat: Compat = "strict"): Query {
  const { habits, query, error } = mendHabits(text)
  const [first] = habits
  if (first === undefined) return parseQuery(text)
  if (compat === "logql" && query !== undefined) return query
  const unmended = habits.filter((habit) => !habit.mended)
  if (query === undefined) throw foreign(unmended.length > 0 ? unmended : habits, undefined, error)
  throw foreign(habits, formatQuery(query), undefined)
}

/** The same text in LogsQL; as it is, where it is LogsQL already. */
export function toLogsql(text: string): string {
  const { habits } = mendHabits(text)
  return habits.length === 0 ? text : formatQuery(understandQuery(text, "logql"))
}

type Mended = { readonly habits: readonly Habit[]; readonly query?: Query; readonly error?: unknown }

function mendHabits(text: string): Mended {
  const draft = new Draft(text.toWellFormed())
  readHabits(draft, tokenize(text).slice(0, -1))
  const habits = [...draft.habits].sort((a, b) => a.position - b.position)
  if (habits.length === 0 || habits.some((habit) => !habit.mended)) return { habits }
  try {
    const { filter, pipes, options } = parseQuery(draft.text())
    const times = draft.times.map((time) => parseQuery(time).filter)
    return { habits, query: { ...simplifyPipes(andFilters([...times, filter]), pipes), options } }
  } catch (error) {
    return { habits, error }
  }
}

function readHabits(draft: Draft, tokens: readonly Token[]): void {
  if (isSql(tokens)) {
    mendSql(draft, tokens)
    return
  }
  const bars = new Set<Token>()
  const steps = splitTokens(tokens, (token, at) => {
    const isBar = wordOf(token) === "|" && !isOr(tokens, at)
    if (isBar) bars.add(token)
    return isBar
  })
  mendOrs(draft, tokens)
  mendEnd(draft, tokens)
  mendStreams(draft, tokens)
  const [first = [], ...rest] = steps
  mendFirst(draft, first, rest)
  const barList = [...bars]
  const inKql = rest.some((step) => /^(project|summarize|take|extend)$/.test(wordOf(step[0])))
  rest.forEach((step, at) => {
    const bar = barList[at]
    if (bar !== undefined) mendStep(draft, { bar, tokens: step, inKql })
  })
}

/** `||` without space between. */
function isOr(tokens: readonly Token[], at: number): boolean {
  const [before, here, after] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  const isBar = (token: Token | undefined) => token !== undefined && wordOf(token) === "|"
  return (isBar(after) && after?.spaced === false) || (isBar(before) && here?.spaced === false)
}

function mendOrs(draft: Draft, tokens: readonly Token[]): void {
  tokens.forEach((token, at) => {
    const next = tokens[at + 1]
    if (wordOf(token) !== "|" || next === undefined || next.spaced || wordOf(next) !== "|") return
    if (wordOf(tokens[at - 1]) !== "|") draft.replace([token, next], " or ", "`||` is written `or`")
  })
}

/** `;` ends a statement of SQL or KQL. */
function mendEnd(draft: Draft, tokens: readonly Token[]): void {
  const last = tokens.at(-1)
  if (last !== undefined && wordOf(last) === ";" && tokens.length > 1)
    draft.replace([last], "", "a query has no `;` at its end")
}

const METRICS =
  /^(count_over_time|bytes_over_time|bytes_rate|rate|sum|avg|min|max|topk|bottomk|quantile_over_time)$/

/** What stands before the first pipe: a shell's command, a metric of LogQL, a table of KQL, or a filter. */
function mendFirst(draft: Draft, tokens: readonly Token[], rest: readonly (readonly Token[])[]): void {
  const [first, second] = tokens
  const word = wordOf(first)
  if (isShell(tokens)) {
    draft.replace(tokens, `{kind="k8s.audit"}`, `\`${word}\` is a shell's command: here is the query alone`)
  } else if (isSelector(tokens)) {
    draft.tell(
      tokens,
      `\`${first?.raw}{…}\` is PromQL: metrics are in Prometheus; write the filter alone, as in \`verb:=get\``,
    )
  } else if (METRICS.test(word) && /^(\(|by|without)$/.test(wordOf(second))) {
    draft.tell(
      tokens,
      "this is a metric query of LogQL: write a filter, and `| stats by (field) count() n` behind it",
    )
  } else if (
    first !== undefined &&
    tokens.length === 1 &&
    !first.quoted &&
    /^\w+$/.test(word) &&
    rest.some(isKqlStep)
  ) {
    draft.replace(tokens, "*", "`Table | …` is KQL: LogsQL begins with the filter")
  } else {
    mendComparisons(draft, tokens)
  }
}

/** Commands that are words of no audit event's sentence, and those that are where they have options or a file. */
function isShell(tokens: readonly Token[]): boolean {
  const [first, second, option] = tokens
  if (second === undefined || wordOf(second) === ":") return false
  if (/^(kubectl|cat|zcat|curl|journalctl|talosctl|zgrep|stern)$/.test(wordOf(first))) return true
  if (!/^(tail|head|grep|less|jq)$/.test(wordOf(first))) return false
  const hasOption = wordOf(second) === "-" && second.spaced && option?.spaced === false
  return hasOption || /\.(log|json|gz)$/.test(wordOf(tokens.at(-1)))
}

/** `metric{label="x"}`. */
function isSelector([name, open, label, sign]: readonly Token[]): boolean {
  if (
    name?.quoted !== false ||
    !/^[a-z_]\w*$/i.test(name.raw) ||
    wordOf(open) !== "{" ||
    open?.spaced !== false
  )
    return false
  return label !== undefined && /^(=|!=|=~|!~)$/.test(wordOf(sign))
}

/** So many reasons are told; who corrects them sees the rest. */
const REASONS_MAX = 5

function foreign(habits: readonly Habit[], corrected: string | undefined, error: unknown): Refusal {
  const reasons = new Map(habits.map(({ position, why }) => [why, position]))
  const told = [...reasons]
    .slice(0, REASONS_MAX)
    .map(([why, position]) => `${why} (position ${position + 1})`)
  const failure = error instanceof Error ? `; read so, ${error.message}` : ""
  const instead = corrected === undefined ? "" : `. As LogsQL: ${corrected}`
  const { position = 0, length = 1 } = habits[0] ?? {}
  const facts = { position, length, ...(corrected === undefined ? {} : { corrected }) }
  return new Refusal("query.foreign", `${told.join("; ")}${failure}${instead}`, facts, error)
}
