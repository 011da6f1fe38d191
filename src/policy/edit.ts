import type { YamlPath, YamlText } from "../base/yaml.ts"

/** A change of a policy's text that a lint rule proposes, where it is safe: nothing that was recorded is lost by it. */
export type Edit =
  /** More items at the end of a list. */
  | { readonly kind: "add"; readonly path: YamlPath; readonly items: readonly string[] }
  /** Other items, or none, in the place of one. */
  | { readonly kind: "swap"; readonly path: YamlPath; readonly items: readonly string[] }
  /** Another scalar. */
  | { readonly kind: "set"; readonly path: YamlPath; readonly value: string }
  /** A key goes, with its value. */
  | { readonly kind: "drop"; readonly path: YamlPath }
  /** A rule at level Metadata for these resources, before another rule. */
  | {
      readonly kind: "rule"
      readonly before: number
      readonly group: string
      readonly resources: readonly string[]
    }
  /** A key of the policy itself, before its rules. */
  | { readonly kind: "top"; readonly key: string; readonly value: string }

/**
 * The text with the edit made, everything else byte for byte as it was: comments, order, quotes, indentation. Undefined where the
 * text is laid out in a way that this does not know; the caller reads the result back in any case.
 */
export function applyEdit(text: string, yaml: YamlText, edit: Edit): string | undefined {
  switch (edit.kind) {
    case "add":
      return addItems(text, yaml, edit)
    case "swap":
      return swapItem(text, yaml, edit)
    case "set":
      return setScalar(text, yaml, edit)
    case "drop":
      return dropKey(text, yaml, edit.path)
    case "rule":
      return insertRule(text, yaml, edit)
    case "top":
      return insertTop(text, yaml, edit)
  }
}

type Of<Kind extends Edit["kind"]> = Extract<Edit, { kind: Kind }>

function addItems(text: string, yaml: YamlText, { path, items }: Of<"add">): string | undefined {
  const span = yaml.spanOf(path)
  if (span === undefined) return undefined
  if (span.style === "flow") {
    const inside = text.slice(span.start + 1, span.end - 1)
    const body = inside.trimEnd().replace(/,$/, "")
    const more = [...(body.trim() === "" ? [] : [body]), ...items.map(word)].join(", ")
    return `${text.slice(0, span.start)}[${more}${inside.slice(inside.trimEnd().length)}]${text.slice(span.end)}`
  }
  const count = lengthOf(yaml, path)
  const last = count === 0 ? undefined : yaml.spanOf([...path, count - 1])
  const lead = last === undefined ? undefined : leadOf(text, last.keyStart)
  if (span.style !== "block" || last === undefined || lead === undefined) return undefined
  const end = lineEnd(text, last.end)
  return `${text.slice(0, end)}${items.map((item) => `\n${lead}${word(item)}`).join("")}${text.slice(end)}`
}

function swapItem(text: string, yaml: YamlText, { path, items }: Of<"swap">): string | undefined {
  const list = path.slice(0, -1)
  const span = yaml.spanOf(path)
  const whole = yaml.spanOf(list)
  if (span === undefined || whole === undefined) return undefined
  if (items.length === 0 && lengthOf(yaml, list) === 1) return dropKey(text, yaml, list)
  if (whole.style === "flow") {
    if (items.length > 0) return splice(text, span.start, span.end, items.map(word).join(", "))
    const before = /,\s*$/.exec(text.slice(whole.start, span.start))?.[0].length ?? 0
    const after = before > 0 ? 0 : (/^\s*,\s*/.exec(text.slice(span.end))?.[0].length ?? 0)
    return splice(text, span.start - before, span.end + after, "")
  }
  const lead = leadOf(text, span.keyStart)
  if (lead === undefined) return undefined
  const start = lineStart(text, span.keyStart)
  if (items.length === 0) return splice(text, start, lineEnd(text, span.end) + 1, "")
  const [first = "", ...others] = items
  const changed = splice(text, span.start, span.end, word(first))
  const end = lineEnd(changed, span.start)
  return splice(changed, end, end, others.map((item) => `\n${lead}${word(item)}`).join(""))
}

function setScalar(text: string, yaml: YamlText, { path, value }: Of<"set">): string | undefined {
  const span = yaml.spanOf(path)
  if (span === undefined || (span.style !== "plain" && span.style !== "quoted")) return undefined
  return splice(text, span.start, span.end, span.style === "quoted" ? JSON.stringify(value) : word(value))
}

/** A key on lines of its own, or one of a flow map that is not alone there. */
function dropKey(text: string, yaml: YamlText, path: YamlPath): string | undefined {
  const span = yaml.spanOf(path)
  const parent = yaml.spanOf(path.slice(0, -1))
  if (span === undefined || parent === undefined) return undefined
  if (parent.style === "flow") {
    const before = /,\s*$/.exec(text.slice(parent.start, span.keyStart))?.[0].length ?? 0
    const after = before > 0 ? 0 : (/^\s*,\s*/.exec(text.slice(span.end))?.[0].length ?? 0)
    return splice(text, span.keyStart - before, span.end + after, "")
  }
  const start = lineStart(text, span.keyStart)
  if (text.slice(start, span.keyStart).trim() !== "") return undefined // `- verbs: …`: the rule begins with it
  // A block list ends where its last item does; the offset may stand behind the line's end already.
  const end = text[span.end - 1] === "\n" ? span.end : lineEnd(text, span.end) + 1
  return splice(text, start, end, "")
}

function insertRule(
  text: string,
  yaml: YamlText,
  { before, group, resources }: Of<"rule">,
): string | undefined {
  const span = yaml.spanOf(["rules", before])
  const lead = span === undefined ? undefined : leadOf(text, span.keyStart)
  if (span === undefined || lead === undefined) return undefined
  const inner = lead.replace("-", " ")
  const names = resources.map(word).join(", ")
  const rule = `${lead}level: Metadata\n${inner}resources:\n${inner}  - {group: ${word(group)}, resources: [${names}]}\n`
  let start = lineStart(text, span.keyStart)
  // Comments right above a rule belong to it.
  while (start > 0) {
    const above = lineStart(text, start - 1)
    if (!/^\s*#/.test(text.slice(above, start))) break
    start = above
  }
  return splice(text, start, start, rule)
}

function insertTop(text: string, yaml: YamlText, { key, value }: Of<"top">): string | undefined {
  const rules = yaml.spanOf(["rules"])
  if (rules === undefined || yaml.spanOf([key]) !== undefined) return undefined
  const start = lineStart(text, rules.keyStart)
  const indent = text.slice(start, rules.keyStart)
  return indent.trim() === "" ? splice(text, start, start, `${indent}${key}: ${value}\n`) : undefined
}

function splice(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end)
}

/** `    - ` before an item that begins a line. */
function leadOf(text: string, offset: number): string | undefined {
  const lead = text.slice(lineStart(text, offset), offset)
  return /^ *- +$/.test(lead) ? lead : undefined
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset)
  return end < 0 ? text.length : end
}

function lengthOf(yaml: YamlText, path: YamlPath): number {
  let count = 0
  while (yaml.spanOf([...path, count]) !== undefined) count++
  return count
}

/** Quoted where YAML would read something else. */
function word(text: string): string {
  const plain = /^[A-Za-z/][\w./:-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
  return plain ? text : JSON.stringify(text)
}
