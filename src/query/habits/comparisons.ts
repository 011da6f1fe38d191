import { findField } from "../../event/fields.ts"
import type { Token } from "../lexer.ts"
import { quoteIfNeeded } from "../quote.ts"
import { escapeRegexp } from "../regexp.ts"
import { type Draft, wordOf } from "./draft.ts"
import { mendLucene } from "./lucene.ts"
import { wholeMatch } from "./whole-match.ts"

/**
 * `field="x"`, `field!="x"`, `field=~"x|y"`, `field!~"x"`, `field == 'x'`, `code>400`, `field in ("x")`, `field contains
 * "x"`: what Prometheus, LogQL, Splunk, SQL and KQL write where LogsQL has a colon. As LogsQL they are words to search for
 * in the message, which find nothing.
 */
export function mendComparisons(draft: Draft, tokens: readonly Token[], from = 0): void {
  for (let at = from; at < tokens.length; ) {
    at += lengthOfCall(tokens, at) ?? mendAt(draft, tokens, at) ?? 1
  }
}

/** The filters in `if (…)` of a pipe; what else a pipe says has rules of its own. */
export function mendConditions(draft: Draft, tokens: readonly Token[]): void {
  for (let at = 0; at < tokens.length; at++) {
    if (wordOf(tokens[at]) !== "if" || wordOf(tokens[at + 1]) !== "(") continue
    const end = closing(tokens, at + 1)
    mendComparisons(draft, tokens.slice(at + 2, end))
    at = end
  }
}

const BEFORE_GROUP = new Set(["and", "or", "not", "where", "filter"])

/** `in(a=b)`, `seq(…)`, `options(…)`: arguments of LogsQL's functions, in which signs are text. */
function lengthOfCall(tokens: readonly Token[], at: number): number | undefined {
  const [name, open] = tokens.slice(at, at + 2)
  if (name === undefined || !/^\w+$/.test(wordOf(name)) || BEFORE_GROUP.has(wordOf(name))) return undefined
  if (wordOf(open) !== "(" || (open?.spaced === true && wordOf(name) !== "options")) return undefined
  return closing(tokens, at + 1) - at
}

/** Where the parenthesis at this place is closed; behind the last token where it is not. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (wordOf(tokens[at]) === "(") depth++
    if (wordOf(tokens[at]) === ")" && --depth === 0) return at
  }
  return tokens.length
}

/** Behind these stands a value, not a field. */
const VALUE_FOLLOWS = new Set([":", "=", "~", "<", ">", "!=", "=~", "!~"])

/** Tokens that a comparison at this place takes; undefined where there is none. */
function mendAt(draft: Draft, tokens: readonly Token[], at: number): number | undefined {
  if (wordOf(tokens[at]) === "{") return lengthOfStream(tokens, at)
  const connective =
    mendConnective(draft, tokens, at) ??
    mendDoubled(draft, tokens, at) ??
    mendLineFilter(draft, tokens, at) ??
    mendLucene(draft, tokens, at)
  if (connective !== undefined) return connective
  const nameLength = lengthOfName(tokens, at)
  if (nameLength === 0 || VALUE_FOLLOWS.has(wordOf(tokens[at - 1]))) return undefined
  const name = joined(tokens.slice(at, at + nameLength))
  const operator = readOperator(tokens, at + nameLength)
  if (operator !== undefined) {
    const value = readValue(tokens, at + nameLength + operator.length)
    if (value === undefined) return undefined
    const used = tokens.slice(at, at + nameLength + operator.length + value.length)
    mendOperator(draft, used, { name, sign: operator.sign, value })
    return used.length
  }
  if (!looksLikeField(name)) return undefined
  return mendWords(draft, tokens, { at, nameLength, name })
}

function lengthOfStream(tokens: readonly Token[], at: number): number {
  const end = tokens.slice(at).findIndex((token) => wordOf(token) === "}")
  return end < 0 ? tokens.length - at : end + 1
}

function mendConnective(draft: Draft, tokens: readonly Token[], at: number): number | undefined {
  const [first, second] = tokens.slice(at, at + 2)
  if (first === undefined || second === undefined || wordOf(first) !== "&") return undefined
  if (first.spaced && second.spaced) {
    draft.replace([first], "and", "`&` is written `and`")
    return 1
  }
  if (second.spaced || wordOf(second) !== "&") return undefined
  draft.replace([first, second], " and ", "`&&` is written `and`")
  return 2
}

/** `field:=~"x"`, `field:=="x"`, `field:<>"x"`: the colon is there, and a sign of another language behind it. */
function mendDoubled(draft: Draft, tokens: readonly Token[], at: number): number | undefined {
  const [colon, sign, next] = tokens.slice(at, at + 3)
  if (wordOf(colon) !== ":" || sign === undefined) return undefined
  const isOne = wordOf(sign) === "=~"
  const written = isOne || next?.spaced !== false ? wordOf(sign) : wordOf(sign) + wordOf(next)
  const meant = DOUBLED.get(written)
  if (meant === undefined) return undefined
  const used = isOne || next === undefined ? [sign] : [sign, next]
  draft.replace(used, meant, `\`:${written}\` is no LogsQL: write \`field:${meant}…\``)
  return 1 + used.length
}

const DOUBLED: ReadonlyMap<string, string> = new Map([
  ["=~", "~"],
  ["==", "="],
  ["<>", "!="],
  ["=>", ">="],
  ["=<", "<="],
])

/** `{…} != "x"`: lines of the stream in which the text does not stand. */
function mendLineFilter(draft: Draft, tokens: readonly Token[], at: number): number | undefined {
  const [sign, text] = tokens.slice(at, at + 2)
  const before = tokens[at - 1]
  if (sign === undefined || wordOf(sign) !== "!=" || text?.quoted !== true || before === undefined)
    return undefined
  if (wordOf(before) !== "}" && !before.quoted) return undefined
  const instead = `!~${quoteIfNeeded(escapeRegexp(text.text))}`
  draft.replace([sign, text], instead, `\`!=\` behind a stream is LogQL: write \`${instead}\``)
  return 2
}

const KEYWORDS = new Set(["and", "or", "not", "by", "where", "filter", "if", "as"])

/** No field has a longer name; without it a text of dashes would be read once from each of them. */
const NAME_TOKENS_MAX = 63

/** `user.username`, `objectRef/name`, `"annotations.a/b"`: tokens without space between them, before a sign. */
function lengthOfName(tokens: readonly Token[], at: number): number {
  const isPart = (token: Token | undefined) =>
    token !== undefined && (token.quoted || /^[\p{L}\p{Nd}_.]+$/u.test(token.raw))
  if (!isPart(tokens[at]) || KEYWORDS.has(wordOf(tokens[at]))) return 0
  let length = 1
  while (
    length < NAME_TOKENS_MAX &&
    /^[-/]$/.test(wordOf(tokens[at + length])) &&
    tokens[at + length]?.spaced === false &&
    isPart(tokens[at + length + 1]) &&
    tokens[at + length + 1]?.spaced === false
  ) {
    length += 2
  }
  return length
}

function joined(tokens: readonly Token[]): string {
  return tokens.length === 1 ? (tokens[0]?.text ?? "") : tokens.map((token) => token.raw).join("")
}

type Sign = "=" | "!=" | "=~" | "!~" | ">" | ">=" | "<" | "<="

function readOperator(
  tokens: readonly Token[],
  at: number,
): { readonly sign: Sign; readonly length: number } | undefined {
  const [first, second] = [wordOf(tokens[at]), tokens[at + 1]?.spaced === false ? wordOf(tokens[at + 1]) : ""]
  switch (first) {
    case "=":
      if (second === ">" || second === "<") return { sign: second === ">" ? ">=" : "<=", length: 2 }
      return { sign: "=", length: second === "=" ? 2 : 1 }
    case "!=":
    case "=~":
    case "!~":
      return { sign: first, length: 1 }
    case "<":
      if (second === ">") return { sign: "!=", length: 2 }
      return second === "=" ? { sign: "<=", length: 2 } : { sign: "<", length: 1 }
    case ">":
      return second === "=" ? { sign: ">=", length: 2 } : { sign: ">", length: 1 }
    default:
      return undefined
  }
}

/** `ago(1h)`, `ago(-1.5h)`. */
const AGO_TOKENS_MAX = 6

type Value = { readonly text: string; readonly quoted: boolean; readonly length: number }

function readValue(tokens: readonly Token[], at: number): Value | undefined {
  const first = tokens[at]
  if (first === undefined || first.raw === "") return undefined
  if (first.quoted) return { text: first.text, quoted: true, length: 1 }
  if (/^[|)(,=~]$/.test(first.raw)) return undefined
  let length = 1
  const isPart = (token: Token | undefined) =>
    token !== undefined && token.raw !== "" && !token.spaced && !/^[|)(,]$/.test(token.raw)
  while (isPart(tokens[at + length])) length++
  // ago(1h)
  if (wordOf(first) === "ago" && wordOf(tokens[at + 1]) === "(") {
    const end = tokens.slice(at, at + AGO_TOKENS_MAX).findIndex((token) => wordOf(token) === ")")
    if (end > 0) length = end + 1
  }
  const text = tokens
    .slice(at, at + length)
    .map((token) => token.raw)
    .join("")
  return { text, quoted: false, length }
}

type Comparison = { readonly name: string; readonly sign: Sign; readonly value: Value }

function mendOperator(draft: Draft, used: readonly Token[], { name, sign, value }: Comparison): void {
  const ago = /^ago\((.+)\)$/i.exec(value.text)?.[1]
  if (ago !== undefined && !value.quoted && sign.startsWith(">")) {
    draft.times.push(`_time:${ago}`)
    draft.replace(used, "*", "`ago()` is KQL; a time is written `_time:1h`")
    return
  }
  if (/^(earliest|latest)$/i.test(name) && sign === "=" && /^-[0-9]+[a-z]+$/i.test(value.text)) {
    draft.times.push(
      /^earliest$/i.test(name) ? `_time:${value.text.slice(1)}` : `_time:>${value.text.slice(1)}`,
    )
    draft.replace(used, "*", `\`${name}=\` is Splunk's; a time is written \`_time:1h\``)
    return
  }
  if (/^(earliest|latest)$/i.test(name) && sign === "=") {
    if (/^now(\(\))?$/i.test(value.text))
      draft.replace(used, "*", `\`${name}=now\` is Splunk's, and not needed`)
    else draft.tell(used, `\`${name}=\` is Splunk's; a time is written \`_time:[2026-01-02, now]\``)
    return
  }
  if (/^(index|sourcetype)$/i.test(name) && sign === "=") {
    draft.replace(
      used,
      "*",
      `\`${name}=\` is Splunk's; here is one ledger, and streams are chosen with {cluster="…"}`,
    )
    return
  }
  const instead = compare(name, sign, value)
  draft.replace(
    used,
    instead,
    `\`${name}${sign}…\` is no LogsQL: a field is compared behind a colon, \`${instead}\``,
  )
}

function compare(name: string, sign: Sign, value: Value): string {
  const field = `${quoteIfNeeded(name)}:`
  const isNull = value.text === "" || (!value.quoted && /^null$/i.test(value.text))
  switch (sign) {
    case "=":
      if (isNull) return `${field}""`
      if (!value.quoted && /[^*]\*$/.test(value.text))
        return `${field}=${quoteIfNeeded(value.text.slice(0, -1))}*`
      return `${field}=${quoteIfNeeded(value.text)}`
    case "!=":
      // A field that is not there is not unequal to anything that somebody would ask for.
      return isNull ? `${field}*` : `(${field}* !${field}=${quoteIfNeeded(value.text)})`
    case "=~":
      return wholeMatch(field, value.text)
    case "!~":
      return `(${field}* !${wholeMatch(field, value.text)})`
    default:
      return `${field}${sign}${quoteIfNeeded(value.text)}`
  }
}

/** A dotted name or one of the catalogue: not any word that stands before "in" or "contains". */
function looksLikeField(name: string): boolean {
  return findField(name) !== undefined || /^[A-Za-z_]\w*(\.\w+)+$/.test(name)
}

type Operand = { readonly at: number; readonly nameLength: number; readonly name: string }

/** `verb in ("get")`, `objectRef.name contains "x"`, `… like '%x%'`, `… is not null`. */
function mendWords(
  draft: Draft,
  tokens: readonly Token[],
  { at, nameLength, name }: Operand,
): number | undefined {
  const field = `${quoteIfNeeded(name)}:`
  let next = at + nameLength
  if (tokens[next]?.spaced !== true) return undefined
  // `!in`, `!contains`: as KQL has it.
  const negative = /^(not|!)$/.test(wordOf(tokens[next]))
  if (negative) next++
  const word = wordOf(tokens[next])
  if (word === "in" && wordOf(tokens[next + 1]) === "(") {
    const used = tokens.slice(at, next + 1)
    draft.replace(
      used,
      `${negative ? "!" : ""}${field}in`,
      `\`${name} in (…)\` is SQL: write \`${field}in(…)\``,
    )
    return used.length
  }
  if (word === "is") {
    const not = wordOf(tokens[next + 1]) === "not"
    const end = next + (not ? 2 : 1)
    if (wordOf(tokens[end]) !== "null") return undefined
    const used = tokens.slice(at, end + 1)
    const instead = not ? `${field}*` : `${field}""`
    draft.replace(used, instead, `\`is null\` is SQL: write \`${instead}\``)
    return used.length
  }
  if (word === "between")
    return mendBetween(draft, tokens, { at, next, text: `${negative ? "!" : ""}${field}` })
  if (word === "matches" && wordOf(tokens[next + 1]) === "regex") next++
  const value = tokens[next + 1]
  const test = value?.quoted === true ? textTest(word, value.text) : undefined
  if (test === undefined) return undefined
  const used = tokens.slice(at, next + 2)
  const instead = `${negative ? "!" : ""}${field}${test}`
  draft.replace(used, instead, `\`${name} ${word} …\` is no LogsQL: write \`${instead}\``)
  return used.length
}

/** `code between 400 and 499`. */
function mendBetween(
  draft: Draft,
  tokens: readonly Token[],
  { at, next, text }: { readonly at: number; readonly next: number; readonly text: string },
): number | undefined {
  const [from, and, to] = tokens.slice(next + 1, next + 4)
  if (from === undefined || to === undefined || wordOf(and) !== "and") return undefined
  const instead = `${text}range[${quoteIfNeeded(from.text)}, ${quoteIfNeeded(to.text)}]`
  const used = tokens.slice(at, next + 4)
  draft.replace(used, instead, `\`between\` is SQL: write \`${instead}\``)
  return used.length
}

function textTest(word: string, value: string): string | undefined {
  switch (word) {
    case "has":
      return quoteIfNeeded(value)
    case "contains":
      return `~${quoteIfNeeded(escapeRegexp(value))}`
    case "startswith":
      return `=${quoteIfNeeded(value)}*`
    case "endswith":
      return `~${quoteIfNeeded(`${escapeRegexp(value)}$`)}`
    case "like":
      return `~${quoteIfNeeded(likeRegexp(value))}`
    case "ilike":
      return `~${quoteIfNeeded(`(?i)${likeRegexp(value)}`)}`
    case "matches":
      return `~${quoteIfNeeded(value)}`
    default:
      return undefined
  }
}

function likeRegexp(value: string): string {
  return `^${escapeRegexp(value).replaceAll("%", ".*").replaceAll("_", ".")}$`
}
