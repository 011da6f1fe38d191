import type { LinearRegexp, Match } from "../../base/regexp.ts"
import { compileAt } from "../filters/regexp.ts"
import { compileGroups } from "../regexp.ts"
import type { PipeWord } from "../word.ts"
import { readReplacement } from "./replace.ts"

/** `| replace_regexp ("re", "new $1") at a limit N`: as `replace`, with a regular expression of RE2 and its groups. */
export const replaceRegexp: PipeWord = {
  word: "replace_regexp",
  example: `verb:get | replace_regexp ("^/api/v1/namespaces/([^/]+)/.*", "$1") at requestURI | top 5 by (requestURI)`,
  parse: (reader) => {
    const start = reader.token
    return readReplacement(reader, (before, after) => {
      const regexp = compileAt(reader, before, start, compileGroups)
      const template = parseTemplate(after)
      return (value, most) => replaceMatches({ value, regexp, template, most })
    })
  },
}

type Part = { readonly text: string } | { readonly group: string }

/** `$1`, `${1}` and `${name}` are groups, `$$` is a dollar, as Go expands them; an unknown group is nothing. */
function parseTemplate(template: string): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  for (const match of template.matchAll(/\$(?:\$|([0-9A-Za-z_]+)|\{([0-9A-Za-z_]+)\})/g)) {
    parts.push({ text: template.slice(at, match.index) })
    const group = match[1] ?? match[2]
    parts.push(group === undefined ? { text: "$" } : { group })
    at = match.index + match[0].length
  }
  return [...parts, { text: template.slice(at) }]
}

function replaceMatches(task: {
  readonly value: string
  readonly regexp: LinearRegexp
  readonly template: readonly Part[]
  readonly most: number
}): string {
  const { value, regexp, template, most } = task
  let [replaced, from, count] = ["", 0, 0]
  for (const match of regexp.matches(value)) {
    if (count++ >= most) break
    replaced += value.slice(from, match.start) + expand(template, match, regexp.names)
    from = match.end
  }
  return replaced + value.slice(from)
}

function expand(template: readonly Part[], match: Match, names: LinearRegexp["names"]): string {
  const texts = template.map((part) => {
    if ("text" in part) return part.text
    const number = /^[0-9]+$/.test(part.group) ? Number(part.group) : names[part.group]
    return number === undefined ? "" : (match.groups[number] ?? "")
  })
  return texts.join("")
}
