import { isRefusal } from "../../base/refusal.ts"
import { quoteIfNeeded } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { compileRegexp } from "../regexp.ts"
import { sql } from "../sql.ts"
import type { Filter } from "../tree.ts"
import { valueLeaf } from "../value.ts"
import type { FilterWord } from "../word.ts"
import { readArguments } from "./arguments.ts"
import { ifContains } from "./phrase.ts"
import { prefixFilter } from "./prefix.ts"

/** `field:~"re2"`: the regular expression matches anywhere in the value. */
export const regexp: FilterWord = {
  word: "~",
  example: `requestURI:~"/proxy/(metrics|logs)"`,
  parse(reader, field) {
    reader.next()
    const start = reader.token
    return regexpFilter(reader, field, reader.compound("a regular expression", "withStars"), start)
  },
}

/** `re("…")` is the same as `~"…"`. */
export const re: FilterWord = {
  word: "re",
  example: `requestURI:re("^/api/v1/nodes/[^/]+/proxy")`,
  parse(reader, field) {
    const start = reader.token
    const [source = ""] = readArguments(reader, { min: 1, max: 1 })
    return regexpFilter(reader, field, source, start)
  },
}

function regexpFilter(
  reader: Reader,
  field: string | undefined,
  source: string,
  at: Reader["token"],
): Filter {
  if (source === "" || source === ".*") return { kind: "all" }
  if (source === ".+") return prefixFilter(field, "")
  const compiled = compileAt(reader, source, at, compileRegexp)
  return valueLeaf(field, {
    word: "~",
    text: `~${quoteIfNeeded(source)}`,
    test: (value) => compiled.test(value),
    sql: (value) => {
      const matches = sql`regexp_matches(${value}, ${compiled.re2})`
      if (compiled.literal === undefined) return matches
      return ifContains(sql`contains(${value}, ${compiled.literal})`, matches)
    },
  })
}

/** Compiles, and points at the expression when it cannot. */
export function compileAt<T>(
  reader: Reader,
  source: string,
  at: Reader["token"],
  compile: (source: string) => T,
): T {
  try {
    return compile(source)
  } catch (error) {
    if (isRefusal(error)) throw reader.refuse(error.message, at, error.code)
    throw error
  }
}
