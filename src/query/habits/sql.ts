import type { Token } from "../lexer.ts"
import { quoteIfNeeded } from "../quote.ts"
import { mendComparisons } from "./comparisons.ts"
import { Draft, sliceOf, splitTokens, wordOf } from "./draft.ts"
import { mendSort, mendStats, namesOf, resultName } from "./grouping.ts"

type Clauses = Readonly<
  Record<"select" | "from" | "where" | "group" | "having" | "order" | "limit", readonly Token[]>
>
const CLAUSES = ["select", "from", "where", "group", "having", "order", "limit"] as const

/** Whether the query is SQL: it selects something from something. */
export function isSql(tokens: readonly Token[]): boolean {
  return wordOf(tokens[0]) === "select" && tokens.some((token) => wordOf(token) === "from")
}

/** `select a, count(*) from t where b = 'x' group by a order by 2 desc limit 5`, as filter and pipes. */
export function mendSql(draft: Draft, tokens: readonly Token[]): void {
  const clauses = readClauses(tokens)
  const why = "this is SQL: LogsQL begins with the filter, and pipes follow"
  const pipes = [selection(draft, clauses), ordering(draft, clauses), limiting(clauses)]
  if (clauses.having.length > 0 || pipes.includes(undefined)) {
    draft.tell(tokens.slice(0, 1), why)
    return
  }
  draft.replace(tokens, [filtering(draft, clauses), ...pipes.filter((pipe) => pipe !== "")].join(" | "), why)
}

function readClauses(tokens: readonly Token[]): Clauses {
  const clauses: Record<keyof Clauses, Token[]> = {
    ...{ select: [], from: [], where: [], group: [], having: [], order: [], limit: [] },
  }
  let into: Token[] = []
  let depth = 0
  for (const token of tokens) {
    const word = wordOf(token)
    if (word === "(") depth++
    if (word === ")") depth--
    const clause = depth === 0 ? CLAUSES.find((name) => name === word) : undefined
    if (clause === undefined) into.push(token)
    else into = clauses[clause]
  }
  return clauses
}

function filtering(draft: Draft, { where }: Clauses): string {
  if (where.length === 0) return "*"
  const inner = new Draft(draft.source)
  mendComparisons(inner, where)
  draft.times.push(...inner.times)
  return inner
    .text()
    .slice(where[0]?.start, inner.text().length - (draft.source.length - (where.at(-1)?.end ?? 0)))
}

/** Aggregates become `stats`, columns become `fields`; `*` needs neither. */
function selection(draft: Draft, { select, group }: Clauses): string | undefined {
  const columns = splitTokens(select, (token) => wordOf(token) === ",")
  const counted = columns.filter((column) => wordOf(column[1]) === "(")
  if (counted.length === 0 && group.length === 0) {
    return plainColumns(columns)
  }
  const stats = counted.map((column) => sliceOf(draft.source, column)).join(", ")
  const by = namesOf(group.filter((token) => wordOf(token) !== "by"))
  const read = mendStats(draft, [
    ...select.slice(0, 1),
    ...counted.flatMap((column, i) => (i === 0 ? column : [COMMA, ...column])),
  ])
  if (stats === "" || read === undefined) return undefined
  return by.length === 0 ? read : read.replace(/^stats /, `stats by (${by.map(quoteIfNeeded).join(", ")}) `)
}

function plainColumns(columns: readonly (readonly Token[])[]): string {
  const distinct = wordOf(columns[0]?.[0]) === "distinct"
  const given = distinct ? [columns[0]?.slice(1) ?? [], ...columns.slice(1)] : columns
  const named = given.map((column) => namesOf(column).filter((name) => !/^as$/i.test(name)))
  const names = named.map(([name = ""]) => (name === "*" ? name : quoteIfNeeded(name)))
  if (names.includes("*") || names.length === 0) return ""
  const renamed = named.flatMap(([name = "", alias]) =>
    alias === undefined ? [] : [`${quoteIfNeeded(name)} as ${quoteIfNeeded(alias)}`],
  )
  const list = names.join(", ")
  const chosen = distinct ? `uniq by (${list})` : `fields ${list}`
  return renamed.length === 0 ? chosen : `${chosen} | rename ${renamed.join(", ")}`
}

const COMMA: Token = { text: ",", raw: ",", quoted: false, spaced: false, start: 0, end: 0 }

/** A key is a field, the name of a column, a column as it was selected (`count(*)`), or its number. */
function ordering(draft: Draft, clauses: Clauses): string | undefined {
  const { order } = clauses
  if (order.length === 0) return ""
  const columns = columnsOf(draft, clauses)
  const keys = splitTokens(order.slice(1), (token) => wordOf(token) === ",").map((key) => {
    const direction = key.filter((token, at) => at === key.length - 1 && /^(asc|desc)$/.test(wordOf(token)))
    const written = writtenAs(key.slice(0, key.length - direction.length))
    const isPlace = /^[0-9]+$/.test(written)
    const column = isPlace
      ? columns[Number(written) - 1]
      : columns.find(({ names }) => names.includes(written))
    if (column === undefined) return isPlace ? undefined : key
    return [{ ...COMMA, text: column.result, raw: column.result }, ...direction]
  })
  if (!keys.every((key) => key !== undefined)) return undefined
  return mendSort([COMMA, ...keys.flatMap((key, at) => (at === 0 ? key : [COMMA, ...key]))])
}

type SqlColumn = {
  /** What `order by` may call it. */
  readonly names: readonly string[]
  /** The field that rows have of it. */
  readonly result: string
}

function columnsOf(draft: Draft, { select, group }: Clauses): readonly SqlColumn[] {
  const columns = splitTokens(select, (token) => wordOf(token) === ",")
  const isCounted = group.length > 0 || columns.some((column) => wordOf(column[1]) === "(")
  return columns.map((column) => {
    const [call = [], named] = splitTokens(column, (token) => wordOf(token) === "as")
    const alias = named?.[0]?.text
    const written = writtenAs(wordOf(call[0]) === "distinct" ? call.slice(1) : call)
    const names = alias === undefined ? [written] : [written, alias]
    if (wordOf(call[1]) === "(") return { names, result: resultName(draft.source, column) ?? written }
    // Groups keep the names of their fields; columns alone are renamed before they are sorted.
    return { names, result: isCounted ? written : (alias ?? written) }
  })
}

function writtenAs(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join("")
}

function limiting({ limit }: Clauses): string | undefined {
  if (limit.length === 0) return ""
  return /^[0-9]+$/.test(limit[0]?.raw ?? "") && limit.length === 1 ? `limit ${limit[0]?.raw}` : undefined
}
