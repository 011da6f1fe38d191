import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml"
import { Refusal } from "./refusal.ts"

/** The one file that knows the `yaml` package: a value and where each part of it stands in the text. */
export type YamlText = {
  /** Plain JSON-like values; undefined for an empty text. */
  readonly value: unknown
  /** Where the key (or list item) at the end of `path` stands; the place of its nearest parent when it is not there. */
  placeOf(path: YamlPath): Place
}

export type YamlPath = readonly (string | number)[]

/** Both count from 1, as editors do. */
export type Place = { readonly line: number; readonly column: number }

/** A configuration or a policy; 1 MiB is several hundred times the largest seen. */
const YAML_BYTES_MAX = 1024 * 1024
/** Aliases may be expanded to this many nodes: the "billion laughs" document asks for 10^9. */
const ALIASES_MAX = 100

/** Refuses `yaml.malformed` with line and column: bad syntax, a key twice, several documents, too large, alias bombs. */
export function parseYaml(text: string, name: string): YamlText {
  if (text.length > YAML_BYTES_MAX) {
    throw new Refusal("yaml.malformed", `${name}: larger than ${YAML_BYTES_MAX} bytes`, {
      limit: YAML_BYTES_MAX,
    })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: "1.2",
    uniqueKeys: true,
    prettyErrors: false,
  })
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    const what = error.message.replace(/\s+/g, " ").trim()
    throw new Refusal("yaml.malformed", `${name}:${line}:${col}: ${what}`, { line, column: col }, error)
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (cause) {
    throw new Refusal(
      "yaml.malformed",
      `${name}: more than ${ALIASES_MAX} aliases`,
      { limit: ALIASES_MAX },
      cause,
    )
  }
  const contents = document.contents
  return {
    value: value ?? undefined,
    placeOf(path) {
      const { line, col } = lines.linePos(offsetOf(contents, path))
      return { line: Math.max(1, line), column: Math.max(1, col) }
    },
  }
}

function offsetOf(root: Node | null, path: YamlPath): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => (isScalar(item.key) ? String(item.key.value) : "") === String(step),
      )
      if (pair === undefined) return offset
      offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === "number") {
      const item = node.items[step]
      if (item === undefined) return offset
      offset = (item as Node).range?.[0] ?? offset
      node = item
    } else return offset
  }
  return offset
}
