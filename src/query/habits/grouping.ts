import { STATS_WORDS } from "../keywords.ts"
import type { Token } from "../lexer.ts"
import { quote, quoteIfNeeded } from "../quote.ts"
import { type Draft, sliceOf, splitTokens, wordOf } from "./draft.ts"

/** What other languages call the functions of `stats`. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ["dc", "count_uniq"],
  ["distinct_count", "count_uniq"],
  ["dcount", "count_uniq"],
  ["mean", "avg"],
])

type Counted = { readonly text: string; readonly alias: string }

/**
 * `stats count() by a, b`, Splunk's `stats count by a` and KQL's `summarize n = count() by a`, as `stats by (a, b) count() as
 * "count"`. Undefined where it is LogsQL already, or nothing that can be read so.
 */
export function mendStats(
  draft: Draft,
  tokens: readonly Token[],
  alias: "count" | "count_" = "count",
): string | undefined {
  const [functions = [], by] = splitTokens(tokens.slice(1), (token) => wordOf(token) === "by")
  if (functions.length === 0) return undefined
  const [keys = [], named] = splitTokens(by ?? [], (token) => wordOf(token) === "as")
  const counted = splitTokens(functions, (token) => wordOf(token) === ",")
    .filter((part) => part.length > 0)
    .map((part) => readFunction(draft.source, part, alias))
    // `count() by a as hits`: the name can only be the function's.
    .map((one, _, all) =>
      one === undefined || all.length > 1 || named === undefined ? one : rename(one, named),
    )
  if (counted.length === 0 || counted.some((one) => one === undefined)) return undefined
  const group = by === undefined ? "" : `by (${keysOf(keys).join(", ")}) `
  return `stats ${group}${counted.map((one) => `${one?.text} as ${quoteIfNeeded(one?.alias ?? "")}`).join(", ")}`
}

function rename(one: Counted, [name]: readonly Token[]): Counted {
  return name === undefined ? one : { ...one, alias: name.text }
}

/** Fields to group by; `bin(_time, 1h)` of KQL is a step. */
function keysOf(tokens: readonly Token[]): readonly string[] {
  return splitTokens(tokens, (token) => wordOf(token) === ",").flatMap((part) => {
    const [word, open, field, comma, ...rest] = part
    const isBin = /^(bin|bucket|floor)$/.test(wordOf(word)) && wordOf(open) === "(" && wordOf(comma) === ","
    if (!isBin || field === undefined || wordOf(rest.at(-1)) !== ")") return namesOf(part).map(quoteIfNeeded)
    const step = rest
      .slice(0, -1)
      .map((token) => token.raw)
      .join("")
    return [`${TIMES.test(field.text) ? "_time" : quoteIfNeeded(field.text)}:${step}`]
  })
}

/** What others call the time of an event. */
const TIMES = /^(_time|@?timestamp|timegenerated|time)$/i

/** `stats by a, b count() n`: LogsQL but for the parentheses. Undefined where it is something else. */
export function mendKeys(source: string, tokens: readonly Token[]): string | undefined {
  const rest = tokens.slice(2)
  const end = rest.findIndex(
    (token, at) => wordOf(rest[at + 1]) === "(" && STATS_WORDS.includes(wordOf(token)),
  )
  if (wordOf(tokens[1]) !== "by" || wordOf(rest[0]) === "(" || end < 1) return undefined
  return `stats by (${keysOf(rest.slice(0, end)).join(", ")}) ${sliceOf(source, rest.slice(end))}`
}

/** `count()`, `count`, `sum(a) as total`, `n = count()`. */
function readFunction(source: string, tokens: readonly Token[], count: string): Counted | undefined {
  const [first, second] = tokens
  if (first !== undefined && wordOf(second) === "=") {
    const rest = readFunction(source, tokens.slice(2), count)
    return rest === undefined ? undefined : { ...rest, alias: first.text }
  }
  const [call = [], named] = splitTokens(tokens, (token) => wordOf(token) === "as")
  const word = wordOf(call[0])
  if (!/^[a-z_]+$/.test(word)) return undefined
  const args = call.length === 1 ? "" : argumentsOf(source, call)
  if (args === undefined) return undefined
  const name = FUNCTIONS.get(word) ?? word
  const text = `${name}(${args === "*" ? "" : args})`
  const alias =
    named?.[0]?.text ?? (word === "count" && (args === "" || args === "*") ? count : `${word}(${args})`)
  return { text, alias }
}

/** What {@link mendStats} calls a function's result; undefined where it is no function. */
export function resultName(source: string, tokens: readonly Token[]): string | undefined {
  return readFunction(source, tokens, "count")?.alias
}

function argumentsOf(source: string, call: readonly Token[]): string | undefined {
  if (wordOf(call[1]) !== "(" || wordOf(call.at(-1)) !== ")") return undefined
  return sliceOf(source, call.slice(2, -1))
}

/** `a, b` or `(a, b)` or `a b`. */
export function namesOf(tokens: readonly Token[]): readonly string[] {
  const names: string[] = []
  let open = false
  for (const token of tokens) {
    if (!token.quoted && /^[(),]$/.test(token.raw)) open = false
    else if (open && !token.spaced) names.push(`${names.pop() ?? ""}${token.raw}`)
    else names.push(token.text)
    open = token.quoted || !/^[(),]$/.test(token.raw)
  }
  return names.filter((name) => name !== "")
}

const SORT_OPTIONS = /^(limit|offset|rank|partition)$/

/** `sort by count desc`, `sort -count`, `order by a asc, b desc limit 5`, as `sort by (count desc)`. */
export function mendSort(tokens: readonly Token[]): string | undefined {
  const keys = wordOf(tokens[1]) === "by" ? tokens.slice(2) : tokens.slice(1)
  const first = wordOf(keys[0])
  if (keys.length === 0 || first === "(" || first === "desc" || first === "asc" || SORT_OPTIONS.test(first))
    return undefined
  const end = keys.findIndex((token) => SORT_OPTIONS.test(wordOf(token)))
  const [named, options] = end < 0 ? [keys, []] : [keys.slice(0, end), keys.slice(end)]
  const parts = splitTokens(named, (token) => wordOf(token) === ",").map(readKey)
  if (parts.some((part) => part === undefined)) return undefined
  return `sort by (${parts.join(", ")})${options.map((token) => ` ${token.raw}`).join("")}`
}

function readKey(tokens: readonly Token[]): string | undefined {
  const sign = /^[-+]$/.test(wordOf(tokens[0])) ? wordOf(tokens[0]) : ""
  const direction = /^(desc|asc)$/.test(wordOf(tokens.at(-1))) ? wordOf(tokens.at(-1)) : ""
  const name = tokens
    .slice(sign === "" ? 0 : 1, direction === "" ? undefined : -1)
    .map((token) => token.text)
    .join("")
  if (name === "") return undefined
  return `${/^[\p{L}\p{Nd}_.]+$/u.test(name) ? quoteIfNeeded(name) : quote(name)}${sign === "-" || direction === "desc" ? " desc" : ""}`
}
