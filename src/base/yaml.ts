import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  parseDocument,
  type Tags,
} from "yaml"
import { Refusal } from "./refusal.ts"

/** The one file that knows the `yaml` package: a value and where each part of it stands in the text. */
export type YamlText = {
  /** Plain JSON-like values; undefined for an empty text. */
  readonly value: unknown
  /** Where the key (or list item) at the end of `path` stands; the place of its nearest parent when it is not there. */
  placeOf(path: YamlPath): Place
  /** Keys that stand a second time in their map; the last one wins. Only the dialect "kubernetes" lets any through. */
  readonly duplicateKeys: readonly { readonly path: YamlPath; readonly place: Place }[]
}

/**
 * `strict` is YAML 1.2, one document, every key once. `kubernetes` reads as sigs.k8s.io/yaml does: YAML 1.1 (a bare `on`
 * or `no` is a bool, dates stay text), the first document only, and of a key that stands twice the last.
 */
export type YamlDialect = "strict" | "kubernetes"

export type YamlPath = readonly (string | number)[]

/** Both count from 1, as editors do. */
export type Place = { readonly line: number; readonly column: number }

/** A configuration or a policy; 1 MiB is several hundred times the largest seen. */
const YAML_BYTES_MAX = 1024 * 1024
/** Aliases may be expanded to this many nodes: the "billion laughs" document asks for 10^9. */
const ALIASES_MAX = 100

/** Refuses `yaml.malformed` with line and column: bad syntax, a key twice, several documents, too large, alias bombs. */
export function parseYaml(text: string, name: string, dialect: YamlDialect = "strict"): YamlText {
  if (text.length > YAML_BYTES_MAX) {
    throw new Refusal("yaml.malformed", `${name}: larger than ${YAML_BYTES_MAX} bytes`, {
      limit: YAML_BYTES_MAX,
    })
  }
  const lines = new LineCounter()
  const document = dialect === "strict" ? strictDocument(text, lines) : firstDocument(text, lines)
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    const what = error.message.replace(/\s+/g, " ").trim()
    throw new Refusal(
      "yaml.malformed",
      `${name}:${line}:${col}: ${what}`,
      { line, column: col, problem: error.code },
      error,
    )
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (cause) {
    const what = String(cause).includes("Unresolved alias")
      ? "an alias without its anchor"
      : `more than ${ALIASES_MAX} aliases`
    throw new Refusal("yaml.malformed", `${name}: ${what}`, { limit: ALIASES_MAX }, cause)
  }
  const contents = document.contents
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  return {
    value: value ?? undefined,
    placeOf: (path) => placeAt(offsetOf(contents, path)),
    duplicateKeys:
      dialect === "strict"
        ? []
        : [...duplicatesIn(contents, [])].map(({ path, offset }) => ({ path, place: placeAt(offset) })),
  }
}

/** Errors come as values with a position; the package's own warnings would go to standard error. */
const QUIET = { prettyErrors: false, logLevel: "error" } as const

function strictDocument(text: string, lineCounter: LineCounter): Document {
  return parseDocument(text, { lineCounter, version: "1.2", uniqueKeys: true, ...QUIET })
}

/** Tags of YAML 1.1 that Go's reader does not know: `12:30:45` and `2026-01-02` are text to it. */
const UNKNOWN_TO_GO = /:(timestamp|binary|omap|pairs|set)$/

function firstDocument(text: string, lineCounter: LineCounter): Document {
  const customTags = (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === "string" || !(UNKNOWN_TO_GO.test(tag.tag) || isSexagesimal(tag)))
  const options = { lineCounter, version: "1.1", uniqueKeys: false, customTags, ...QUIET } as const
  const documents = parseAllDocuments(text, options)
  return ("empty" in documents ? undefined : documents[0]) ?? parseDocument("", options)
}

function isSexagesimal(tag: object): boolean {
  return "format" in tag && tag.format === "TIME"
}

function* duplicatesIn(
  node: unknown,
  path: YamlPath,
): Generator<{ readonly path: YamlPath; readonly offset: number }> {
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) yield* duplicatesIn(item, [...path, index])
  } else if (isMap(node)) {
    const seen = new Set<string>()
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ""
      if (seen.has(name)) {
        yield { path: [...path, name], offset: (isScalar(key) ? key.range?.[0] : undefined) ?? 0 }
      }
      seen.add(name)
      yield* duplicatesIn(value, [...path, name])
    }
  }
}

function offsetOf(root: Node | null, path: YamlPath): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.findLast(
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
