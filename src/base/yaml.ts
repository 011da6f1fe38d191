import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  type Range,
  type ScalarTag,
  stringify,
  type Tags,
  visit,
} from "yaml"
import { Refusal } from "./refusal.ts"
import { indented, type Shift } from "./yaml-indent.ts"
import { type Leaf, type TabProblem, tabProblemIn } from "./yaml-tabs.ts"

/** The one file that knows the `yaml` package: a value and where each part of it stands in the text. */
export type YamlText = {
  /** Plain JSON-like values; undefined for an empty text. */
  readonly value: unknown
  /** Where the key (or list item) at the end of `path` stands; the place of its nearest parent when it is not there. */
  placeOf(path: YamlPath): Place
  /** The text of the value at `path`, for those who change it; absent when it is not there or stands elsewhere (an alias). */
  spanOf(path: YamlPath): YamlSpan | undefined
  /** Keys that are no text, number or bool: Go makes no JSON of them. Only the dialect "kubernetes" lets any through. */
  readonly oddKeys: readonly {
    readonly kind: "null" | "list" | "map"
    readonly value: unknown
    readonly place: Place
  }[]
  /** Keys that stand a second time in their map; the last one wins. Only the dialect "kubernetes" lets any through. */
  readonly duplicateKeys: readonly { readonly path: YamlPath; readonly place: Place }[]
}

/**
 * `strict` is YAML 1.2, one document, every key once. `kubernetes` reads as sigs.k8s.io/yaml does: YAML 1.1 (a bare `on`
 * or `no` is a bool, dates stay text), the first document only, and of a key that stands twice the last.
 */
export type YamlDialect = "strict" | "kubernetes"

/** Offsets into the text. `keyStart` is where its key or the item itself begins. */
export type YamlSpan = {
  readonly keyStart: number
  readonly start: number
  readonly end: number
  /** How the value is written: `[a]` and `{a: b}` are flow, items and keys on lines of their own are block. */
  readonly style: "flow" | "block" | "plain" | "quoted" | "literal" | "folded"
}

export type YamlPath = readonly (string | number)[]

/** Both count from 1, as editors do. */
export type Place = { readonly line: number; readonly column: number }

/** A configuration or a policy; 1 MiB is several hundred times the largest seen. */
const YAML_BYTES_MAX = 1024 * 1024
/** Aliases may be expanded to this many nodes: the "billion laughs" document asks for 10^9. */
const ALIASES_MAX = 100

/** Refuses `yaml.malformed` with line and column: bad syntax, a key twice, several documents, too large, alias bombs. */
export function parseYaml(text: string, name: string, dialect: YamlDialect = "strict"): YamlText {
  refuseLarge(text, name)
  if (dialect === "kubernetes") {
    const { documents, ...reading } = allDocuments(text)
    return readDocument(documents[0] ?? parseDocument("", QUIET), { name, dialect, ...reading })
  }
  const lines = new LineCounter()
  return readDocument(strictDocument(text, lines), {
    name,
    dialect,
    lines,
    text,
    original: (offset) => offset,
  })
}

/** As {@link parseYaml} in the dialect "kubernetes", every document of the text; places are those in the whole text. */
export function parseYamlDocuments(text: string, name: string): readonly YamlText[] {
  refuseLarge(text, name)
  const { documents, ...reading } = allDocuments(text)
  return documents.map((document) => readDocument(document, { name, dialect: "kubernetes", ...reading }))
}

/** Signs that end a line in one version of YAML or the other, or that a reader refuses. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\ufeff]/g

/** Plain values as YAML that both versions read back as they are: every text in quotes, like JSON's. */
export function formatYaml(value: unknown): string {
  const quoted = { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" } as const
  const text = stringify(value, { ...quoted, lineWidth: 0, aliasDuplicateObjects: false })
  return text.replaceAll(UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

function refuseLarge(text: string, name: string): void {
  if (text.length <= YAML_BYTES_MAX) return
  throw new Refusal("yaml.malformed", `${name}: larger than ${YAML_BYTES_MAX} bytes`, {
    limit: YAML_BYTES_MAX,
  })
}

type Reading = Where & { readonly name: string; readonly dialect: YamlDialect }
type Where = { readonly lines: LineCounter } & Shift

function readDocument(document: Document, { name, lines, text, original, dialect }: Reading): YamlText {
  const [error] = document.errors
  if (error !== undefined) {
    // Go's reader makes values while it reads: it never comes to what is wrong behind an alias without an anchor.
    const anchor = dialect === "strict" ? undefined : lostAliasIn(document, error.pos[0])
    if (anchor !== undefined) throw malformed(name, aliasWithout(anchor))
    const { line, col } = lines.linePos(original(error.pos[0]))
    const what = error.message.replace(/\s+/g, " ").trim()
    throw new Refusal(
      "yaml.malformed",
      `${name}:${line}:${col}: ${what}`,
      { line, column: col, problem: error.code },
      error,
    )
  }
  const odd = dialect === "strict" ? undefined : goProblemIn(document, text)
  if (odd !== undefined) {
    const { line, col } = lines.linePos(original(odd.offset))
    throw new Refusal("yaml.malformed", `${name}:${line}:${col}: ${odd.what}`, { line, column: col })
  }
  let value: unknown
  try {
    // A merge key that stands as a value is its text to everybody but the package.
    const reviver = (_: unknown, item: unknown) => (typeof item === "symbol" ? item.description : item)
    const options = { maxAliasCount: ALIASES_MAX, ...(text.includes("!!merge") ? { reviver } : {}) }
    value = document.toJS(options)
  } catch (cause) {
    const [, anchor] = /^ReferenceError: Unresolved alias .*: (.*)$/s.exec(String(cause)) ?? []
    const what =
      anchor !== undefined
        ? aliasWithout(anchor)
        : String(cause).includes("Merge sources")
          ? "what is merged by << is no map"
          : `more than ${ALIASES_MAX} aliases`
    throw malformed(name, what, cause)
  }
  const contents = document.contents
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(original(offset))
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  return {
    value: value ?? undefined,
    placeOf: (path) => placeAt(reach(contents, path).nearest),
    spanOf: (path) => {
      const span = spanOf(reach(contents, path))
      if (span === undefined) return undefined
      const { keyStart, start, end, style } = span
      return { keyStart: original(keyStart), start: original(start), end: original(end), style }
    },
    oddKeys: [...oddKeysIn(contents, document)].map(({ offset, ...odd }) => ({
      ...odd,
      place: placeAt(offset),
    })),
    duplicateKeys:
      dialect === "strict"
        ? []
        : [...duplicatesIn(contents, [])].map(({ path, offset }) => ({ path, place: placeAt(offset) })),
  }
}

function malformed(name: string, what: string, cause?: unknown): Refusal {
  return new Refusal("yaml.malformed", `${name}: ${what}`, { limit: ALIASES_MAX }, cause)
}

function aliasWithout(anchor: string): string {
  return `an alias without its anchor: ${anchor}`
}

/** The first alias before an offset whose anchor has not come. */
function lostAliasIn(document: Document, end: number): string | undefined {
  const anchors = new Set<string>()
  let lost: string | undefined
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor)
        return undefined
      }
      if (anchors.has(node.source) || (node.range?.[0] ?? end) >= end) return undefined
      lost = node.source
      return visit.BREAK
    },
  })
  return lost
}

/** Errors come as values with a position; the package's own warnings would go to standard error. */
const QUIET = { prettyErrors: false, logLevel: "error" } as const

function strictDocument(text: string, lineCounter: LineCounter): Document {
  return parseDocument(text, { lineCounter, version: "1.2", uniqueKeys: true, ...QUIET })
}

/** Tags of YAML 1.1 that Go's reader does not know: `12:30:45` and `2026-01-02` are text to it. */
const UNKNOWN_TO_GO = /:(timestamp|binary|omap|pairs|set)$/

function allDocuments(text: string): Where & { readonly documents: readonly Document[] } {
  const customTags = (tags: Tags): Tags => [
    GO_OCTAL,
    GO_BINARY,
    ...tags
      .filter((tag) => typeof tag === "string" || !(UNKNOWN_TO_GO.test(tag.tag) || isSexagesimal(tag)))
      .map((tag) =>
        typeof tag !== "string" && tag.collection === undefined && NUMBER.test(tag.tag) ? goNumber(tag) : tag,
      ),
    GO_WHOLE_FLOAT,
  ]
  const options = { version: "1.1", uniqueKeys: false, customTags, ...QUIET } as const
  const plain = text.replace(OLD_BREAKS, "\n")
  let documents: readonly Document[] = []
  const shift = indented(plain, (shifted) => {
    const parsed = parseAllDocuments(shifted, options)
    documents = "empty" in parsed ? [] : parsed
    return documents.flatMap(({ errors }) => errors)
  })
  return { documents, ...shift, lines: linesIn(plain) }
}

function linesIn(text: string): LineCounter {
  const lines = new LineCounter()
  for (let start = 0; start >= 0; ) {
    lines.addNewLine(start)
    const newline = text.indexOf("\n", start)
    start = newline < 0 ? -1 : newline + 1
  }
  return lines
}

/**
 * Line breaks of YAML 1.1 that 1.2 took away, and Go's reader knows: what follows one in a comment is read as a line of its
 * own. Each is one code unit, so offsets stay.
 */
const OLD_BREAKS = /\r(?!\n)|[\u0085\u2028\u2029]/g

/** `0o17` is a number of YAML 1.2 that Go's reader knows besides those of 1.1. */
const GO_OCTAL: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?0o[0-7]+$/,
  resolve: (text) => Number(text.replace(/^[-+]/, "")) * (text.startsWith("-") ? -1 : 1),
}

/** `!!float 1` is a number too. */
const GO_WHOLE_FLOAT: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^[-+]?\d+$/,
  resolve: Number,
}

const NUMBER = /:(int|float)$/

/** What is too large for Go is a text to it, and underscores may stand anywhere behind the first digit. */
function goNumber(tag: ScalarTag): ScalarTag {
  return {
    ...tag,
    resolve(text, onError, options) {
      const value = tag.resolve(text, onError, options)
      if (typeof value !== "number" || Number.isFinite(value) || /^[-+]?\.(inf|nan)$/i.test(text))
        return value
      const plain = Number(text.replaceAll("_", ""))
      return Number.isFinite(plain) ? plain : text
    },
  }
}

const GO_BINARY: ScalarTag = {
  tag: "tag:yaml.org,2002:binary",
  resolve: (text) => Buffer.from(text, "base64").toString("utf8"),
}

function isSexagesimal(tag: object): boolean {
  return "format" in tag && tag.format === "TIME"
}

/** What our reader passes over and Go's does not. */
function goProblemIn({ contents, range }: Document, text: string): TabProblem | undefined {
  const [start = 0, , to = text.length] = range ?? []
  // A document begins behind the marks above it, and with the text where there are none.
  const from = /^(?:---|\.\.\.|%)/m.test(text.slice(0, start)) ? start : 0
  const colon = brokenKeyIn(contents, text)
  if (colon !== undefined) return { offset: colon, what: "key on several lines in braces" }
  return tabProblemIn(text, { from, to }, () => leavesIn(contents, 0))
}

function* leavesIn(node: unknown, around: number): Generator<Leaf> {
  const [start, end] = rangeOf(node) ?? []
  if (start === undefined || end === undefined) return
  if (isScalar(node)) yield { kind: node.type === "PLAIN" ? "plain" : "closed", start, end, block: around }
  else if ((isMap(node) || isSeq(node)) && node.flow === true)
    yield { kind: "closed", start, end, block: around }
  else if (isSeq(node)) for (const item of node.items) yield* leavesIn(item, start)
  else if (isMap(node))
    for (const { key, value } of node.items) {
      yield* leavesIn(key, start)
      yield* leavesIn(value, start)
    }
}

/** A colon in braces that stands on a later line than its key began: to Go's reader there is no key then. Tells where. */
function brokenKeyIn(node: unknown, text: string): number | undefined {
  if (isSeq(node)) return firstOf(node.items, (item) => brokenKeyIn(item, text))
  if (!isMap(node)) return undefined
  let end = (node.range?.[0] ?? 0) + 1
  return firstOf(node.items, ({ key, value }) => {
    const before = end
    const [at, keyEnd = at] = rangeOf(key) ?? []
    end = rangeOf(value)?.[2] ?? keyEnd ?? end
    const inner = brokenKeyIn(key, text) ?? brokenKeyIn(value, text)
    if (node.flow !== true || keyEnd === undefined || inner !== undefined) return inner
    const start = before + (/^(?:[\s,]|#.*)*/.exec(text.slice(before, at))?.[0].length ?? 0)
    const colon = keyEnd + (/^(?:\s|#.*)*/.exec(text.slice(keyEnd))?.[0].length ?? 0)
    const isExplicit = /^\?\s/.test(text.slice(start, start + 2))
    const isBroken = !isExplicit && text[colon] === ":" && text.slice(start, colon).includes("\n")
    return isBroken ? colon : undefined
  })
}

function firstOf<T>(items: readonly T[], find: (item: T) => number | undefined): number | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
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
      const name = nameOf(key)
      if (seen.has(name)) {
        yield { path: [...path, name], offset: (isScalar(key) ? key.range?.[0] : undefined) ?? 0 }
      }
      seen.add(name)
      yield* duplicatesIn(value, [...path, name])
    }
  }
}

function* oddKeysIn(
  node: unknown,
  document: Document,
): Generator<{ readonly kind: "null" | "list" | "map"; readonly value: unknown; readonly offset: number }> {
  if (isSeq(node)) for (const item of node.items) yield* oddKeysIn(item, document)
  if (!isMap(node)) return
  for (const { key, value } of node.items) {
    const offset = rangeOf(key)?.[0] ?? node.range?.[0] ?? 0
    if (isSeq(key) || isMap(key))
      yield { kind: isSeq(key) ? "list" : "map", value: key.toJS(document), offset }
    else if (isScalar(key) && key.value === null) {
      yield { kind: "null", value: (isNode(value) ? value.toJS(document) : undefined) ?? null, offset }
    }
    yield* oddKeysIn(value, document)
  }
}

/** How far a path leads: `nearest` is where the last key or item on it begins that is there. */
type Reached = {
  readonly nearest: number
  /** What stands at its end, and where its key or the item itself begins. */
  readonly node?: unknown
  readonly keyStart?: number | undefined
}

function reach(root: unknown, path: YamlPath): Reached {
  let node = root
  let keyStart = rangeOf(root)?.[0]
  let nearest = keyStart ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.findLast(({ key }) => nameOf(key) === String(step))
      if (pair === undefined) return { nearest }
      keyStart = isScalar(pair.key) ? pair.key.range?.[0] : undefined
      node = pair.value
    } else if (isSeq(node) && typeof step === "number" && step in node.items) {
      node = node.items[step]
      keyStart = rangeOf(node)?.[0]
    } else return { nearest }
    nearest = keyStart ?? nearest
  }
  return { nearest, node, keyStart }
}

/** A key that is a text, number or bool, as text. */
function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : ""
}

function rangeOf(node: unknown): Range | undefined {
  return isNode(node) ? (node.range ?? undefined) : undefined
}

const STYLES: Readonly<Record<string, YamlSpan["style"]>> = {
  PLAIN: "plain",
  QUOTE_DOUBLE: "quoted",
  QUOTE_SINGLE: "quoted",
  BLOCK_LITERAL: "literal",
  BLOCK_FOLDED: "folded",
}

function spanOf({ node, keyStart }: Reached): YamlSpan | undefined {
  if (!(isMap(node) || isSeq(node) || isScalar(node)) || keyStart === undefined) return undefined
  const [start, end] = node.range ?? []
  if (start === undefined || end === undefined) return undefined
  const style = isScalar(node) ? STYLES[String(node.type)] : node.flow === true ? "flow" : "block"
  return style === undefined ? undefined : { keyStart, start, end, style }
}
