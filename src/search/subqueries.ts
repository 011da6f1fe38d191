import { Refusal } from "../base/refusal.ts"
import { QUERY_LIMITS } from "../query/limits.ts"
import { fieldValue, type Row, weighRow } from "../query/row.ts"
import { subqueriesOf, withAnswers } from "../query/subquery.ts"
import type { Leaf, Pipe, Query } from "../query/tree.ts"

/** Different values that one query inside another may find: they are held in memory, and written into a statement. */
const VALUES_MAX = 100_000

/** Answers a query inside another, with the bounds, the filters and the deadline of the outer one. */
export type AskInner = (query: Query) => AsyncGenerator<readonly Row[], { readonly partial?: string }>

/**
 * Answers the queries inside `in(…)`, `contains_any(…)`, `contains_all(…)`, `join` and `union` and puts what they find in their
 * places. Where a limit cut one of them, `partial` says so: the outer answer is not whole either.
 */
export async function answerSubqueries(
  query: Query,
  ask: AskInner,
): Promise<{ readonly query: Query; readonly partial?: string }> {
  const inner = subqueriesOf(query)
  const pipes = query.pipes.filter((pipe) => pipe.query !== undefined)
  if (inner.length + pipes.length === 0) return { query }
  if (inner.length + pipes.length > QUERY_LIMITS.subqueriesMax)
    throw new Refusal("query.tooLarge", `more than ${QUERY_LIMITS.subqueriesMax} queries inside one query`)
  const answers = { values: new Map<Leaf, readonly string[]>(), rows: new Map<Pipe, readonly Row[]>() }
  let partial: string | undefined
  for (const leaf of inner) {
    const found = await valuesOf(leaf, ask)
    answers.values.set(leaf, found.values)
    if (found.partial !== undefined) partial ??= `inside ${leaf.word}(…): ${found.partial}`
  }
  for (const pipe of pipes) {
    const found = await rowsOf(pipe, ask)
    answers.rows.set(pipe, found.rows)
    if (found.partial !== undefined) partial ??= `inside ${pipe.word}: ${found.partial}`
  }
  return { query: withAnswers(query, answers), ...(partial === undefined ? {} : { partial }) }
}

async function valuesOf(
  { word, subquery }: Leaf,
  ask: AskInner,
): Promise<{ readonly values: readonly string[]; readonly partial: string | undefined }> {
  const values = new Set<string>()
  if (subquery === undefined) return { values: [], partial: undefined }
  const answer = ask(subquery.query)
  for (;;) {
    const next = await answer.next()
    if (next.done === true) return { values: [...values], partial: next.value.partial }
    for (const row of next.value) values.add(fieldValue(row, subquery.field))
    if (values.size > VALUES_MAX) {
      await answer.return({})
      throw new Refusal(
        "query.tooLarge",
        `the query inside ${word}(…) finds more than ${VALUES_MAX} values of ${subquery.field}`,
      )
    }
  }
}

/** All rows of the query inside `join` or `union`; refuses `query.tooLarge` what cannot be held. */
async function rowsOf(
  { word, query }: Pipe,
  ask: AskInner,
): Promise<{ readonly rows: readonly Row[]; readonly partial: string | undefined }> {
  const rows: Row[] = []
  if (query === undefined) return { rows, partial: undefined }
  const { subqueryRowsMax, subqueryBytesMax } = QUERY_LIMITS
  const answer = ask(query)
  let bytes = 0
  for (;;) {
    const next = await answer.next()
    if (next.done === true) return { rows, partial: next.value.partial }
    rows.push(...next.value)
    for (const row of next.value) bytes += weighRow(row)
    if (rows.length > subqueryRowsMax || bytes > subqueryBytesMax) {
      await answer.return({})
      const most = rows.length > subqueryRowsMax ? `${subqueryRowsMax} rows` : `${subqueryBytesMax} bytes`
      throw new Refusal("query.tooLarge", `the query inside ${word} has more than ${most}`)
    }
  }
}
