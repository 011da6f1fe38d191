import { Refusal } from "../base/refusal.ts"
import { compileLinear, type LinearRegexp } from "../base/regexp.ts"
import { QUERY_LIMITS } from "./limits.ts"

/** A regular expression of RE2: linear in the text, whoever wrote it. */
export type Regexp = {
  readonly source: string
  /** The same for SQL: `.` takes a line's end too, as VictoriaLogs has it. */
  readonly re2: string
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean
  /** A text that stands in everything it matches, if one is easily seen. */
  readonly literal: string | undefined
}

/** Refuses `query.malformed` what RE2 does not know: back references, look-around, repetitions beyond 1,000. */
export function compileRegexp(source: string): Regexp {
  const compiled = compileGroups(source)
  return { source, re2: compiled.source, test: compiled.test, literal: requiredLiteral(source) }
}

/** The same with its groups, for what takes texts apart. */
export function compileGroups(source: string): LinearRegexp {
  if (source.length > QUERY_LIMITS.regexpCharsMax) {
    throw new Refusal(
      "query.tooLarge",
      `a regular expression is longer than ${QUERY_LIMITS.regexpCharsMax} characters`,
    )
  }
  try {
    return compileLinear(`(?s)${source}`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Refusal("query.malformed", `not a regular expression of RE2: ${why}`, {}, error)
  }
}

export function escapeRegexp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
}

/**
 * The longest run of plain characters that every match must hold. Sees only the top level; anything it is not sure of ends
 * the run, and an alternative or a flag makes it give up.
 */
export function requiredLiteral(source: string): string | undefined {
  let best = ""
  let run = ""
  const finish = () => {
    if (run.length > best.length) best = run
    run = ""
  }
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i)
    if (char === "|") return undefined
    if (char === "(") {
      if (source.startsWith("(?", i) && !source.startsWith("(?:", i) && !/^\(\?P?</.test(source.slice(i)))
        return undefined
      finish()
      const end = closing(source, i)
      if (end === undefined) return undefined
      i = end
    } else if (char === "[") {
      finish()
      const end = classEnd(source, i)
      if (end === undefined) return undefined
      i = end
    } else if (char === "*" || char === "?" || char === "{") {
      run = run.slice(0, -1)
      finish()
      if (char === "{") {
        const end = source.indexOf("}", i)
        if (end < 0) return undefined
        i = end
      }
    } else if (char === "\\") {
      const next = source.charAt(++i)
      if (/^[^0-9A-Za-z]$/.test(next)) run += next
      else if (/^[bBAzdDsSwW]$/.test(next)) finish()
      else return undefined
    } else if (char === "." || char === "^" || char === "$" || char === "+") {
      finish()
    } else {
      run += char
    }
  }
  finish()
  return best.length >= 2 ? best : undefined
}

function closing(source: string, open: number): number | undefined {
  let depth = 0
  for (let i = open; i < source.length; i++) {
    const char = source.charAt(i)
    if (char === "\\") i++
    else if (char === "[") {
      const end = classEnd(source, i)
      if (end === undefined) return undefined
      i = end
    } else if (char === "(") depth++
    else if (char === ")" && --depth === 0) return i
  }
  return undefined
}

/** Where the class that opens here ends; undefined where it holds something unusual. */
function classEnd(source: string, open: number): number | undefined {
  let i = open + 1
  if (source.charAt(i) === "^") i++
  if (source.charAt(i) === "]") i++
  for (; i < source.length; i++) {
    const char = source.charAt(i)
    if (char === "[") return undefined
    if (char === "\\") i++
    else if (char === "]") return i
  }
  return undefined
}
