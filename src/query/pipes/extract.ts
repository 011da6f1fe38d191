import { quoteIfNeeded, unquote } from "../quote.ts"
import type { Reader } from "../reader.ts"
import { fieldValue, newRow } from "../row.ts"
import type { Filter, Pipe } from "../tree.ts"
import type { PipeWord } from "../word.ts"
import { eachPipe } from "./each.ts"
import { neededFor, type Overwrite, printOverwrite, putResult, readOverwrite } from "./overwrite.ts"
import { parsePattern, type Pattern, type PatternStep, patternFields } from "./pattern.ts"
import { printSource, readCondition, readField } from "./read.ts"

/** `| extract "user=<who> from <ip>" from a`: what stands between known texts becomes fields. */
export const extract: PipeWord = {
  word: "extract",
  example: `verb:get | extract "/namespaces/<ns>/" from requestURI | top 5 by (ns)`,
  parse(reader) {
    const { when, at, source, rest } = readExtract(reader)
    const pattern = parsePattern(source, reader, at)
    const results = patternFields(pattern)
    if (results.length === 0) throw reader.refuse("a pattern needs a field to extract: <name>", at)
    if (pattern.steps.some(({ text }, i) => text === "" && i < pattern.steps.length - 1))
      throw reader.refuse("two fields of a pattern need a text between them", at)
    return extractPipe({
      word: "extract",
      source,
      when,
      results,
      ...rest,
      find: (value) => takeApart(pattern, value),
    })
  },
}

/** Everything of `extract` and `extract_regexp` but how the pattern is understood. */
export function readExtract(reader: Reader) {
  reader.next()
  const when = readCondition(reader)
  const at = reader.token
  const source = reader.compound("a pattern", "withStars")
  const from = reader.skip("from") ? readField(reader) : "_msg"
  return { when, at, source, rest: { from, overwrite: readOverwrite(reader) } }
}

export function extractPipe(pipe: {
  readonly word: string
  readonly source: string
  readonly when: Filter | undefined
  readonly results: readonly string[]
  readonly from: string
  readonly overwrite: Overwrite
  /** What it finds in a value; fields that are not in there are empty. */
  readonly find: (value: string) => ReadonlyMap<string, string>
}): Pipe {
  const { word, source, when, results, from, overwrite, find } = pipe
  return eachPipe({
    word,
    when,
    text: ` ${quoteIfNeeded(source)}${printSource("from", from)}${printOverwrite(overwrite)}`,
    keepsRows: true,
    writes: results,
    needs: neededFor(results, [from], overwrite),
    step: (row) => {
      const changed = newRow(row)
      const found = find(fieldValue(row, from))
      for (const field of results) putResult(changed, field, found.get(field) ?? "", overwrite)
      return changed
    },
  })
}

function takeApart({ prefix, steps }: Pattern, value: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const start = value.indexOf(prefix)
  if (start < 0) return found
  let at = start + prefix.length
  for (const step of steps) {
    const piece = takeStep(step, value, at)
    if (step.field !== "" && piece.text !== undefined) found.set(step.field, piece.text)
    if (piece.end === undefined) break
    at = piece.end
  }
  return found
}

/**
 * A quoted string is taken whole and unquoted, unless the pattern says `plain:`; else everything up to the next text.
 * Without `end` the next text is not there.
 */
function takeStep(step: PatternStep, value: string, at: number): { text?: string; end?: number } {
  const quoted = step.option === "plain" || !/["'`]/.test(value.charAt(at)) ? undefined : unquote(value, at)
  if (quoted !== undefined) {
    const goesOn = value.startsWith(step.text, quoted.end)
    return goesOn ? { text: quoted.text, end: quoted.end + step.text.length } : { text: quoted.text }
  }
  const end = step.text === "" ? value.length : value.indexOf(step.text, at)
  return end < 0 ? {} : { text: value.slice(at, end), end: end + step.text.length }
}
