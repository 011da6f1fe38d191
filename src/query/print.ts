import type { Filter, Query } from "./tree.ts"

/** The query as VictoriaLogs prints it: one text per meaning, read back as the same tree. */
export function formatQuery(query: Query): string {
  return [formatOptions(query) + formatFilter(query.filter), ...query.pipes.map((pipe) => pipe.print())].join(
    " | ",
  )
}

function formatOptions({ options }: Query): string {
  if (options.length === 0) return ""
  return `options(${options.map(({ name, value }) => `${name}=${value}`).join(", ")}) `
}

/** "and" binds tighter than "or": only an "or" inside needs parentheses. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case "all":
      return "*"
    case "and":
      return filter.filters
        .map((part) => (part.kind === "or" ? `(${formatFilter(part)})` : formatFilter(part)))
        .join(" ")
    case "or":
      return filter.filters.map(formatFilter).join(" or ")
    case "not": {
      const text = formatFilter(filter.filter)
      return filter.filter.kind === "and" || filter.filter.kind === "or" ? `!(${text})` : `!${text}`
    }
    case "leaf":
      return filter.print()
  }
}
