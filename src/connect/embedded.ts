import { isRefusal } from "../base/refusal.ts"
import { parseYaml, type YamlPath, type YamlText } from "../base/yaml.ts"

/** YAML inside a YAML file: as a value of it, or as a text. Places are those in the outer file. */
export type Embedded = {
  readonly yaml: YamlText
  /** As a text: the inner text, and how to write another one in its place. As a value: the outer text and where it hangs. */
  readonly text: string
  readonly isText: boolean
  readonly path: YamlPath
  readonly put: (text: string) => string
}

/** The value at the path, seen as a document of its own. */
export function embeddedValue(outer: YamlText, path: YamlPath, text: string): Embedded {
  const inside = <T extends { readonly path: YamlPath }>(item: T): boolean =>
    path.every((step, index) => item.path[index] === step)
  const yaml: YamlText = {
    value: valueAt(outer.value, path),
    placeOf: (inner) => outer.placeOf([...path, ...inner]),
    spanOf: (inner) => outer.spanOf([...path, ...inner]),
    oddKeys: [],
    duplicateKeys: outer.duplicateKeys
      .filter(inside)
      .map((key) => ({ ...key, path: key.path.slice(path.length) })),
  }
  return { yaml, text, isText: false, path, put: (changed) => changed }
}

/** The text at the path, read as YAML; undefined where there is none, or none that can be read. */
export function embeddedText(outer: YamlText, path: YamlPath, text: string): Embedded | undefined {
  const inner = valueAt(outer.value, path)
  if (typeof inner !== "string") return undefined
  let yaml: YamlText
  try {
    yaml = parseYaml(inner, "embedded", "kubernetes")
  } catch (error) {
    if (isRefusal(error, "yaml.malformed")) return undefined
    throw error
  }
  const span = outer.spanOf(path)
  const block = span?.style === "literal" ? blockOf(text, span.start) : undefined
  if (span === undefined || block === undefined) {
    const place = outer.placeOf(path)
    return {
      yaml: {
        ...yaml,
        placeOf: () => place,
        duplicateKeys: yaml.duplicateKeys.map((key) => ({ ...key, place })),
      },
      text: inner,
      isText: true,
      path,
      put: () => text,
    }
  }
  const shift = ({ line, column }: { line: number; column: number }) => ({
    line: block.line + line - 1,
    column: column + block.indent.length,
  })
  return {
    yaml: {
      ...yaml,
      placeOf: (at) => shift(yaml.placeOf(at)),
      duplicateKeys: yaml.duplicateKeys.map((key) => ({ ...key, place: shift(key.place) })),
    },
    text: inner,
    isText: true,
    path,
    put: (changed) => {
      const lines = changed.replace(/\n$/, "").split("\n")
      const body = lines.map((line) => (line === "" ? "" : block.indent + line)).join("\n")
      return `${text.slice(0, block.start)}${body}\n${text.slice(span.end)}`
    },
  }
}

/** Where the lines of a literal block begin, and how far they are indented. */
function blockOf(text: string, header: number): { line: number; indent: string; start: number } | undefined {
  const start = text.indexOf("\n", header) + 1
  if (start === 0) return undefined
  const line = text.slice(0, start).split("\n").length
  const indent = /^(?:[ ]*\n)*([ ]+)\S/.exec(text.slice(start))?.[1]
  return indent === undefined ? undefined : { line, indent, start }
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let at = value
  for (const step of path) {
    at =
      typeof at === "object" && at !== null
        ? (at as Readonly<Record<string | number, unknown>>)[step]
        : undefined
  }
  return at
}
