import { compileAt } from "../filters/regexp.ts"
import { compileGroups } from "../regexp.ts"
import type { PipeWord } from "../word.ts"
import { extractPipe, readExtract } from "./extract.ts"

/** `| extract_regexp "(?P<name>…)" from a`: the named groups of a regular expression of RE2 become fields. */
export const extractRegexp: PipeWord = {
  word: "extract_regexp",
  example: `verb:get | extract_regexp "/namespaces/(?P<ns>[^/?]+)" from requestURI | top 5 by (ns)`,
  parse(reader) {
    const { when, at, source, rest } = readExtract(reader)
    const regexp = compileAt(reader, source, at, compileGroups)
    const results = Object.keys(regexp.names)
    if (results.length === 0) throw reader.refuse("the expression needs a named group: (?P<name>…)", at)
    return extractPipe({
      word: "extract_regexp",
      source,
      when,
      results,
      ...rest,
      find: (value) => {
        const [match] = regexp.matches(value)
        return new Map(results.map((name) => [name, match?.groups[regexp.names[name] ?? 0] ?? ""]))
      },
    })
  },
}
