import { assert } from "../base/assert.ts"
import type { Range } from "../base/regexp.ts"
import { decodeString } from "./decode.ts"
import { type Path, selectNodes } from "./path.ts"
import type { Rule, Rules } from "./redaction-compile.ts"
import { DEPTH_MAX } from "./scan.ts"
import { type Edit, isMark } from "./splice.ts"
import { childrenAt, everyNode, type Node, readTree, textOf } from "./tree.ts"
import { type NameTest, parameterRanges } from "./uri.ts"

/** What rules are applied to: the tree of an item, and the facts about it that decide which rules apply. */
type Subject = {
  readonly bytes: Uint8Array
  readonly root: Node
  /** Values of requestObject and responseObject. */
  readonly bodies: readonly Node[]
  /** Everything in the bodies. */
  readonly bodyNodes: readonly Node[]
  /** objectRef.resource and objectRef.subresource. */
  readonly resources: ReadonlySet<string>
  readonly subresources: ReadonlySet<string>
  /** Every string that is a value. */
  readonly strings: readonly Text[]
  /** What was taken out already: no value is looked at twice, however objects are nested in each other. */
  readonly taken: Set<Node>
}

/**
 * The careful path: everything the rules find in `bytes`, which must be JSON at most DEPTH_MAX deep. An
 * `event` has its bodies and its objectRef at the top, and nowhere else: what a client puts into a body
 * cannot make rules apply. In `anything` they count wherever they stand. Linear in the bytes, whatever they
 * are.
 */
export function findEdits(bytes: Uint8Array, { rules }: Rules, shape: "event" | "anything"): readonly Edit[] {
  const root = readTree(bytes, DEPTH_MAX)
  const everything = everyNode(root)
  const nodes = shape === "event" ? root.children : everything
  const bodies = nodes.filter(({ key }) => key === "requestObject" || key === "responseObject")
  const subject: Subject = {
    bytes,
    root,
    bodies: shape === "event" ? bodies : [root, ...bodies],
    bodyNodes: shape === "event" ? bodies.flatMap(everyNode) : everything,
    ...resourcesOf(bytes, nodes),
    strings: stringsOf(bytes, everything),
    taken: new Set(),
  }
  const mayApply = ({ resources }: Rule) => resources === undefined || appliesTo(resources, subject)
  const edits = rules.flatMap((rule) => editsOf(rule, subject, mayApply(rule)))
  return edits.length <= EDITS_MAX ? edits : wholeBodies(edits, subject)
}

function stringsOf(bytes: Uint8Array, nodes: readonly Node[]): readonly Text[] {
  const strings: Text[] = []
  for (const node of nodes) {
    const text = textOf(bytes, node)
    if (text !== undefined) strings.push({ node, text })
  }
  return strings
}

/**
 * More places than a list of 10,000 Secrets has: then marks would take more room than what they stand for.
 */
const EDITS_MAX = 200_000

function wholeBodies(edits: readonly Edit[], { bodies }: Subject): readonly Edit[] {
  const rule = edits[0]?.rule ?? ""
  return [...bodies.map(({ start, end }) => ({ start, end, rule, quoted: true })), ...edits]
}

type Resources = Pick<Subject, "resources" | "subresources">

/** By objectRef; where there is none, by every part of the path that requestURI has. */
function resourcesOf(bytes: Uint8Array, nodes: readonly Node[]): Resources {
  const textsAt = (node: Node, key: string) =>
    childrenAt(node, key).flatMap((child) => textOf(bytes, child) ?? [])
  const references = nodes.filter(({ key }) => key === "objectRef")
  const resources = new Set(references.flatMap((node) => textsAt(node, "resource")))
  if (resources.size > 0) {
    return { resources, subresources: new Set(references.flatMap((node) => textsAt(node, "subresource"))) }
  }
  const uris = nodes.filter(({ key }) => key === "requestURI").flatMap((node) => textOf(bytes, node) ?? [])
  const parts = new Set(uris.flatMap((uri) => uri.split(/[/?]/)))
  return { resources: parts, subresources: parts }
}

function appliesTo(names: readonly string[], { resources, subresources }: Resources): boolean {
  return names.some((name) => {
    const [resource = "", subresource] = name.split("/", 2)
    return resources.has(resource) && (subresource === undefined || subresources.has(subresource))
  })
}

function editsOf(rule: Rule, subject: Subject, applies: boolean): readonly Edit[] {
  const { what } = rule
  switch (what.kind) {
    case "objects":
      return objectsOf(rule, subject, applies).flatMap((object) =>
        leafEdits(rule, object, subject, what.paths),
      )
    case "places":
      return applies ? placesOf(subject, what.paths).flatMap((node) => takeOut(rule, subject, node)) : []
    case "parameters":
      return applies ? parameterEdits(rule, what.name, subject) : []
    case "pattern":
      return applies ? patternEdits(rule, subject) : []
  }
}

/** An API object, or what a patch puts into one: `pointer` is where; "anywhere" when that is not clear. */
type Target = { readonly node: Node; readonly pointer: readonly string[] | "anywhere" }

/** The objects a rule is about: by the event's resource the bodies, by kind whatever says so. */
function objectsOf(
  { kinds }: Rule,
  { bytes, bodies, bodyNodes }: Subject,
  applies: boolean,
): readonly Target[] {
  const byResource = applies
    ? bodies.flatMap((body) => [...membersOf(body), ...patchTargets(bytes, body)])
    : []
  if (kinds.length === 0) return byResource
  const names = new Set(kinds.flatMap((kind) => [kind, `${kind}List`]))
  const byKind = bodyNodes.flatMap((node) => {
    if (node.key !== "kind" || node.parent === undefined) return []
    return names.has(textOf(bytes, node) ?? "") ? membersOf(node.parent) : []
  })
  return [...byResource, ...byKind]
}

/** The object itself, and what it holds when it is a list (`items`), a Table (`rows`) or a bare array. */
function membersOf(body: Node): readonly Target[] {
  const items = [...childrenAt(body, "items").flatMap(({ children }) => children)]
  const rows = childrenAt(body, "rows").flatMap(({ children }) =>
    children.flatMap((row) => childrenAt(row, "object")),
  )
  const elements = body.kind === "array" ? body.children : []
  return [body, ...items, ...rows, ...elements].map((node) => ({ node, pointer: [] }))
}

/**
 * What the operations of a JSON patch (RFC 6902) put where. An operation with several paths may mean any
 * place.
 */
function patchTargets(bytes: Uint8Array, body: Node): readonly Target[] {
  if (body.kind !== "array") return []
  return body.children.flatMap((operation) => {
    const pointers = childrenAt(operation, "path").flatMap((path) => textOf(bytes, path) ?? [])
    const [only] = pointers
    if (only === undefined) return []
    const pointer = pointers.length === 1 ? parsePointer(only) : "anywhere"
    return childrenAt(operation, "value").map((node) => ({ node, pointer }))
  })
}

/** Keys of a JSON pointer (RFC 6901). One that does not begin with "/" is read as if it did. */
function parsePointer(pointer: string): readonly string[] {
  if (pointer === "") return []
  const keys = pointer.startsWith("/") ? pointer.slice(1) : pointer
  return keys.split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
}

function leafEdits(
  rule: Rule,
  { node, pointer }: Target,
  subject: Subject,
  paths: readonly Path[],
): readonly Edit[] {
  if (pointer === "anywhere") return takeOut(rule, subject, node)
  // Where an object should be there is text: perhaps a patch in another notation.
  if (node.kind === "string" && pointer.length === 0) return takeOut(rule, subject, node)
  return paths
    .flatMap((path) => selectNodes(node, path, pointer))
    .flatMap((found) => takeOut(rule, subject, found))
}

/** Places within the event; within a body that is a JSON patch, also where its operations lead. */
function placesOf({ bytes, root }: Subject, paths: readonly Path[]): readonly Node[] {
  return paths.flatMap((path) => {
    const [first] = path
    const key = first?.kind === "key" ? first.key : undefined
    const inPatch = (key === undefined ? [] : childrenAt(root, key)).flatMap((body) =>
      patchTargets(bytes, body).flatMap(({ node, pointer }) =>
        pointer === "anywhere" ? [node] : selectNodes(node, path.slice(1), pointer),
      ),
    )
    return [...selectNodes(root, path), ...inPatch]
  })
}

/** All values at or below `node`; null says nothing and stays, as do keys. */
function takeOut({ name }: Rule, { bytes, taken }: Subject, node: Node): readonly Edit[] {
  const edits: Edit[] = []
  const waiting = [node]
  for (let leaf = waiting.pop(); leaf !== undefined; leaf = waiting.pop()) {
    if (taken.has(leaf)) continue
    taken.add(leaf)
    if (leaf.kind === "object" || leaf.kind === "array") {
      for (const child of leaf.children) waiting.push(child)
      continue
    }
    const isNull = leaf.kind === "scalar" && bytes[leaf.start] === 0x6e
    if (isNull || isMark(textOf(bytes, leaf) ?? "")) continue
    edits.push({ start: leaf.start, end: leaf.end, rule: name, quoted: true })
  }
  return edits
}

type Text = { readonly node: Node; readonly text: string }

function parameterEdits(rule: Rule, name: NameTest, { bytes, strings }: Subject): readonly Edit[] {
  return strings
    .filter(({ node }) => node.key === "requestURI")
    .flatMap((uri) => rangeEdits(rule, bytes, uri, parameterRanges(uri.text, name)))
}

function patternEdits(rule: Rule, subject: Subject): readonly Edit[] {
  const { what } = rule
  assert(what.kind === "pattern", "asked of patterns only")
  const { bytes } = subject
  const only = what.paths.length === 0 ? undefined : belowAll(placesOf(subject, what.paths))
  return subject.strings.flatMap((string) => {
    const { node, text } = string
    if (only !== undefined && !only.has(node)) return []
    if (what.contains.length > 0 && !what.contains.some((part) => text.includes(part))) return []
    if (!what.whole) return rangeEdits(rule, bytes, string, what.regexp.ranges(text))
    return what.regexp.test(text) ? [{ start: node.start, end: node.end, rule: rule.name, quoted: true }] : []
  })
}

/** Replaces parts of a string in place, in the bytes as they are escaped. */
function rangeEdits(
  { name }: Rule,
  bytes: Uint8Array,
  { node, text }: Text,
  ranges: readonly Range[],
): readonly Edit[] {
  if (ranges.length === 0) return []
  const { offsets } = decodeString(bytes, node.start + 1, node.end - 1)
  return ranges
    .filter(({ start, end }) => !isMark(text.slice(start, end)))
    .map(({ start, end }) => ({
      start: offsets[start] ?? node.start,
      end: offsets[end] ?? node.end,
      rule: name,
      quoted: false,
    }))
}

/** The nodes and all below them, each once. */
function belowAll(nodes: readonly Node[]): ReadonlySet<Node> {
  const found = new Set(nodes)
  for (const node of found) for (const child of node.children) found.add(child)
  return found
}
