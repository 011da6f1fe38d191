import { isStreamLeaf, type StreamLeaf, streamLeaf } from "./filters/stream.ts"
import type { Filter, Pipe } from "./tree.ts"

/**
 * The same filter in fewer words: groups flattened, `*` left out where it changes nothing. It only removes levels, so its
 * depth is the parser's.
 */
export function simplifyFilter(filter: Filter): Filter {
  switch (filter.kind) {
    case "not": {
      const inner = simplifyFilter(filter.filter)
      return inner.kind === "not" ? inner.filter : { kind: "not", filter: inner }
    }
    case "and":
      return simplifyAnd(flatten("and", filter.filters.map(simplifyFilter)))
    case "or": {
      const filters = flatten("or", filter.filters.map(simplifyFilter))
      return filters.some((part) => part.kind === "all") ? { kind: "all" } : { kind: "or", filters }
    }
    default:
      return filter
  }
}

export function andFilters(filters: readonly Filter[]): Filter {
  return simplifyFilter({ kind: "and", filters })
}

function simplifyAnd(parts: readonly Filter[]): Filter {
  const filters = parts.filter((part) => part.kind !== "all")
  if (filters.length > 1) return { kind: "and", filters }
  return filters[0] ?? { kind: "all" }
}

/** The same with its stream filters first, and joined where they can be: what a query is asked with. */
function streamsFirst(filter: Filter): Filter {
  if (filter.kind !== "and") return filter
  const streams = filter.filters.filter(isStreamLeaf)
  return simplifyAnd([...joinStreams(streams), ...filter.filters.filter((part) => !isStreamLeaf(part))])
}

/** `{a="b"} {c="d"}` is `{a="b",c="d"}`; those with alternatives stay as they are. */
function joinStreams(streams: readonly StreamLeaf[]): readonly Filter[] {
  const single = streams.filter((stream) => stream.alternatives.length === 1)
  if (single.length < 2) return streams
  const joined = streamLeaf([single.flatMap((stream) => stream.alternatives[0] ?? [])])
  return [joined, ...streams.filter((stream) => stream.alternatives.length !== 1)]
}

function flatten(kind: "and" | "or", parts: readonly Filter[]): readonly Filter[] {
  return parts.flatMap((part) => (part.kind === kind ? part.filters : [part]))
}

/** Joins what stands beside each other: filters into one, `offset` and `limit` into the `sort` before them. */
export function simplifyPipes(
  filter: Filter,
  pipes: readonly Pipe[],
): { filter: Filter; pipes: readonly Pipe[] } {
  const kept: Pipe[] = []
  let whole = filter
  for (const pipe of pipes) {
    const before = kept.at(-1)
    const joined = before?.join?.(pipe)
    if (joined !== undefined) kept[kept.length - 1] = joined
    else if (pipe.shape?.kind === "offset" && pipe.shape.rows === 0) continue
    else if (before === undefined && pipe.filter !== undefined) whole = andFilters([whole, pipe.filter])
    else kept.push(pipe)
  }
  return { filter: streamsFirst(whole), pipes: kept }
}
