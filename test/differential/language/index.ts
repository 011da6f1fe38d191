import { openChoose } from "./choose.ts"
import { openFilters } from "./filters.ts"
import { ODD, openWriting, type Subject } from "./names.ts"
import { openPipes } from "./pipes.ts"
import { openStats } from "./stats.ts"

export { type Choose, openChoose } from "./choose.ts"
export { ODD } from "./names.ts"

/**
 * Makes queries in the whole language: every filter, pipe and function, with odd names and quotes. Many mean nothing and
 * some are refused; what both servers say to them is the same.
 */
export type Language = { query(): string; filter(): string; pipe(): string; condition(): string }

const QUERY_DEPTH_MAX = 2

export function openLanguage(seed: number, subject: Subject = ODD): Language {
  const choose = openChoose(seed)
  const { one, maybe, below } = choose
  const write = openWriting(choose, subject)
  let depth = 0
  const filters = openFilters(choose, write, () => inner())
  const stats = openStats(choose, write, () => filters.condition())
  const pipe = openPipes({ choose, write, filters, stats, query: () => inner() })
  const options = () =>
    `options(${one(["concurrency=2", "ignore_global_time_filter=true", "time_offset=1h", "concurrency=2, parallel_readers=3", "allow_partial_response=false"])}) `

  /** A query inside a query; never deep. */
  function inner(): string {
    if (depth >= QUERY_DEPTH_MAX) return `${filters.filter(0).replaceAll(/[()]/g, "x")} | fields a`
    depth++
    try {
      return `${filters.filter(1)}${maybe(() => ` | ${pipe()}`)} | ${one(["fields a", "uniq by (a)", "keep b", "count() as x"])}`
    } finally {
      depth--
    }
  }
  return {
    query: () => {
      const pipes = Array.from({ length: below(4) }, pipe)
      return [`${maybe(options, 20)}${filters.filter(below(4))}`, ...pipes].join(one([" | ", "|", " |\n"]))
    },
    filter: () => filters.filter(below(4)),
    pipe,
    condition: filters.condition,
  }
}
