import { type Edit, isMark } from "./splice.ts"

const LINE =
  /^([ \t]*)((?:- +)*)(?:"([^"]{1,200})"|'([^']{1,200})'|([^\s:"'{}[\],#][^:"'{}[\],]{0,200}))[ \t]*:(?:[ \t]+(.*))?$/
const LINE_CHARS_MAX = 100_000

/**
 * Values under sensitive keys in text that is or might be YAML: the rest of the key's line and all lines
 * below it that are indented further; of `key: value` lines the key stays. Lines are looked at one by one, so
 * a cut-off text is as good as a whole one. `text` has one character per byte.
 */
export function yamlEdits(text: string, keys: ReadonlySet<string>, rule: string): readonly Edit[] {
  const edits: Edit[] = []
  /** Indentation of the sensitive key we are below. */
  let below: number | undefined
  for (let start = 0, end = 0; start <= text.length; start = end + 1) {
    end = text.indexOf("\n", start)
    if (end < 0) end = text.length
    const line = text.slice(start, end).replace(/\r$/, "")
    if (line.trim() === "") continue
    const indent = line.search(/[^ \t]/)
    const match = line.length <= LINE_CHARS_MAX ? LINE.exec(line) : null
    const inside = below !== undefined && indent > below
    if (!inside) below = undefined
    const key = match?.[3] ?? match?.[4] ?? match?.[5]?.trim()
    const value = match === null ? (inside ? line.slice(indent) : "") : (match[6] ?? "")
    const isSensitive = key !== undefined && keys.has(key)
    if (below === undefined && isSensitive) below = indent + (match?.[2]?.length ?? 0)
    const isOpening = /^[|>][-+0-9]*\s*$/.test(value) || value.trim() === ""
    if ((inside || isSensitive) && !isOpening && !isMark(value)) {
      edits.push({ start: start + line.length - value.length, end: start + line.length, rule, quoted: false })
    }
  }
  return edits
}
