import { findField } from "../../event/fields.ts"
import type { Token } from "../lexer.ts"
import { quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { type Draft, wordOf } from "./draft.ts"
import { wholeMatch } from "./whole-match.ts"

/**
 * What people write who know Kibana or Elasticsearch: `+verb:get`, `code:[400 TO 499]`, `_exists_:verb`, `verb:/get|list/`,
 * `verb.keyword:get`. The rest of Lucene reads as LogsQL and means the same. Tokens that it takes at this place.
 */
export function mendLucene(draft: Draft, tokens: readonly Token[], at: number): number | undefined {
  const rules = [mendStar, mendPlus, mendExists, mendKeyword, mendRange, mendSlashes, tellFuzzy]
  for (const rule of rules) {
    const taken = rule(draft, tokens, at)
    if (taken !== undefined) return taken
  }
  return undefined
}

type Rule = (draft: Draft, tokens: readonly Token[], at: number) => number | undefined

const mendPlus: Rule = (draft, tokens, at) => {
  const [plus, name, next] = tokens.slice(at, at + 3)
  if (plus === undefined || wordOf(plus) !== "+" || name === undefined || name.spaced) return undefined
  const begins = at === 0 || plus.spaced || wordOf(tokens[at - 1]) === "("
  if (!begins || (!name.quoted && wordOf(next) !== ":")) return undefined
  draft.replace([plus], "", "`+` is Lucene: what stands beside each other must all be there")
  return 1
}

/** `verb:*ete`: with a star behind it too, LogsQL has it anywhere. */
const mendStar: Rule = (draft, tokens, at) => {
  const [star, text, next] = tokens.slice(at, at + 3)
  const isAlone = star?.spaced === true || at === 0 || /^[:(!-]$/.test(wordOf(tokens[at - 1]))
  if (star === undefined || wordOf(star) !== "*" || !isAlone || text === undefined || text.spaced)
    return undefined
  const isWhole = next === undefined || next.spaced || /^[)|]$/.test(wordOf(next))
  if (!isWhole || (!text.quoted && !/^[\p{L}\p{Nd}_.]+$/u.test(text.raw))) return undefined
  const instead = `~${quoteIfNeeded(`${escapeRegexp(text.text)}$`)}`
  draft.replace([star, text], instead, `\`*…\` is Lucene: what ends so is written \`field:${instead}\``)
  return 2
}

const mendExists: Rule = (draft, tokens, at) => {
  const [name, colon, field] = tokens.slice(at, at + 3)
  if (wordOf(name) !== "_exists_" || wordOf(colon) !== ":" || field === undefined) return undefined
  const instead = `${quoteIfNeeded(field.text)}:*`
  draft.replace(tokens.slice(at, at + 3), instead, `\`_exists_\` is Lucene: write \`${instead}\``)
  return 3
}

const KEYWORD = /^(.+)\.keyword$/

/** Elasticsearch keeps texts twice; here a field is one. */
const mendKeyword: Rule = (draft, tokens, at) => {
  const name = tokens[at]
  const plain = KEYWORD.exec(name?.text ?? "")?.[1]
  if (name === undefined || plain === undefined || wordOf(tokens[at + 1]) !== ":") return undefined
  if (findField(plain) === undefined) return undefined
  draft.replace(
    [name],
    quoteIfNeeded(plain),
    `\`${name.text}\` is Elasticsearch's; the field is \`${plain}\``,
  )
  return 1
}

/** Longest of `[2026-01-02T03:04:05Z TO now-1h]`. */
const RANGE_TOKENS_MAX = 40
const TIMES = /^(_time|@timestamp|timestamp|time)$/

const mendRange: Rule = (draft, tokens, at) => {
  const opening = tokens[at]
  if (wordOf(tokens[at - 1]) !== ":" || opening === undefined || !/^[[{]$/.test(wordOf(opening)))
    return undefined
  const inside = tokens.slice(at + 1, at + RANGE_TOKENS_MAX)
  const to = inside.findIndex((token) => wordOf(token) === "to" && token.spaced)
  const end = inside.findIndex((token) => /^[\]}]$/.test(wordOf(token)))
  if (to < 1 || end < to + 2) return undefined
  const nameAt = wordOf(tokens[at - 3]) === "@" ? at - 3 : at - 2
  const name = textOf(tokens.slice(nameAt, at - 1))
  const bounds = { from: textOf(inside.slice(0, to)), to: textOf(inside.slice(to + 1, end)) }
  const [open, close] = [wordOf(opening) === "[" ? "[" : "(", wordOf(inside[end]) === "]" ? "]" : ")"]
  const instead = TIMES.test(name)
    ? timeRange(bounds, open, close)
    : `${quoteIfNeeded(name)}:range${open}${bound(bounds.from, "-inf")}, ${bound(bounds.to, "inf")}${close}`
  draft.replace(
    tokens.slice(nameAt, at + 1 + end + 1),
    instead,
    `\`[… TO …]\` is Lucene: write \`${instead}\``,
  )
  return end + 2
}

function textOf(tokens: readonly Token[]): string {
  const [only] = tokens
  return tokens.length === 1 ? (only?.text ?? "") : tokens.map((token) => token.raw).join("")
}

function bound(text: string, open: string): string {
  return text === "*" ? open : quoteIfNeeded(text)
}

function timeRange(
  bounds: { readonly from: string; readonly to: string },
  open: string,
  close: string,
): string {
  if (bounds.to === "*") return `_time:>${open === "[" ? "=" : ""}${bounds.from}`
  if (bounds.from === "*") return `_time:<${close === "]" ? "=" : ""}${bounds.to}`
  return `_time:${open}${bounds.from}, ${bounds.to}${close}`
}

/** `field:/re/`: all of the value, in Lucene. A path begins so too, and goes on behind its second slash. */
const mendSlashes: Rule = (draft, tokens, at) => {
  const first = tokens[at]
  if (first === undefined || wordOf(first) !== "/" || wordOf(tokens[at - 1]) !== ":") return undefined
  const { source } = draft
  const end = source.indexOf("/", first.end)
  if (end < 0 || /[^\s)]/.test(source.slice(end + 1, end + 2))) return undefined
  const pattern = source.slice(first.end, end)
  if (/\s/.test(pattern) || !/[*+?|[\](){}\\^$]/.test(pattern)) return undefined
  const why = '`/…/` is Lucene: a regular expression is written `field:~"…"`'
  let last = at
  while (last + 1 < tokens.length && (tokens[last]?.start ?? end) < end) last++
  const used = tokens.slice(at, last + 1)
  // A bar begins a step, before anybody looks at what stands around it.
  if (pattern.includes("|")) draft.tell(used, why)
  else draft.replace(used, wholeMatch("", pattern), why)
  return used.length
}

/** `field:word~1`, `field:word^2`. */
const tellFuzzy: Rule = (draft, tokens, at) => {
  const [sign, number] = tokens.slice(at, at + 2)
  const isFuzzy =
    sign !== undefined &&
    /^[~^]$/.test(wordOf(sign)) &&
    !sign.spaced &&
    /^[0-9.]*$/.test(number?.spaced === false ? number.raw : "") &&
    /^[\p{L}\p{Nd}_.]+$/u.test(wordOf(tokens[at - 1])) &&
    wordOf(tokens[at - 2]) === ":"
  if (!isFuzzy) return undefined
  draft.tell(
    [sign],
    `\`${sign.raw}\` behind a word is Lucene: LogsQL finds words as they are, and neither weighs nor guesses`,
  )
  return number?.spaced === false ? 2 : 1
}
