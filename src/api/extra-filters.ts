import { printField, quote, quoteIfNeeded } from "../query/quote.ts"
import { refused } from "./arguments.ts"

/** More of them than a dashboard has variables. */
const FILTERS_MAX = 100

/**
 * `extra_filters` and `extra_stream_filters`, each any number of times, as LogsQL. A value is LogsQL already, or JSON as
 * dashboards write it: `{"verb":"delete","user.username":["a","b"]}`.
 */
export function parseExtraFilters(given: URLSearchParams): readonly string[] {
  const filters = [
    ...given.getAll("extra_filters").map((text) => parse("extra_filters", text, fieldFilter)),
    ...given.getAll("extra_stream_filters").map((text) => parse("extra_stream_filters", text, labelFilter)),
  ].filter((text) => text !== "")
  if (filters.length > FILTERS_MAX) {
    throw refused("extra_filters", `${filters.length} filters`, `at most ${FILTERS_MAX}`)
  }
  return filters
}

type Print = (name: string, values: readonly string[]) => string

function parse(argument: string, text: string, print: Print): string {
  const trimmed = text.trim()
  // `{cluster="a"}` begins like JSON too, but its first name is not quoted.
  if (!/^\{\s*("|\}$)/.test(trimmed)) return trimmed
  const entries = parseJson(argument, trimmed)
  return entries.map(([name, values]) => print(name, values)).join(" ")
}

function parseJson(argument: string, text: string): readonly (readonly [string, readonly string[]])[] {
  const expected = 'LogsQL, or JSON like {"verb":"delete"} or {"verb":["get","list"]}'
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw refused(argument, text, expected)
  }
  return Object.entries(found as object).map(([name, value]: [string, unknown]) => {
    const values = Array.isArray(value) ? value : [value]
    if (!values.every((item) => typeof item === "string")) throw refused(argument, text, expected)
    return [name, values]
  })
}

function fieldFilter(name: string, values: readonly string[]): string {
  return `${printField(name)}:in(${values.map(quote).join(",")})`
}

function labelFilter(name: string, values: readonly string[]): string {
  const [only] = values
  return values.length === 1 && only !== undefined
    ? `{${quoteIfNeeded(name)}=${quote(only)}}`
    : `{${quoteIfNeeded(name)} in(${values.map(quote).join(",")})}`
}
