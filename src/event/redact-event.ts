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
  /** `secrets`, and with subresource `serviceaccounts/token`. */
  readonly resources: ReadonlySet<string>
  /** Every string that is a value. */
  readonly strings: readonly Text[]
}

/**
 * The careful path: everything the rules find in `bytes`, which must be JSON at most DEPTH_MAX deep. An `event` has its
 * bodies and its objectRef at the top, and nowhere else: what a client puts into a body cannot make rules apply. In
 * `anything` they count wherever they stand.
 */
export function findEdits(bytes: Uint8Array, { rules }: Rules, shape: "event" | "anything"): readonly Edit[] {
  const root = readTree(bytes, DEPTH_MAX)
  const nodes = shape === "event" ? root.children : everyNode(root)
  const bodies = nodes.filter(({ key }) => key === "requestObject" || key === "responseObject")
  if (shape === "anything") bodies.push(root)
  const subject: Subject = {
    bytes,
    root,
    bodies,
    resources: resourcesOf(bytes, nodes),
    strings: everyNode(root).flatMap((node) => {
      const text = textOf(bytes, node)
      return text === undefined ? [] : [{ node, text }]
    }),
  }
  const mayApply = (rule: Rule) => rule.resources === undefined || appliesTo(rule.resources, subject)
  return rules.flatMap((rule) => editsOf(rule, subject, mayApply(rule)))
}

/** By objectRef; where there is none, by every part of the path that requestURI has. */
function resourcesOf(bytes: Uint8Array, nodes: readonly Node[]): ReadonlySet<string> {
  const found = new Set<string>()
  const textsAt = (node: Node, key: string) =>
    childrenAt(node, key).flatMap((child) => textOf(bytes, child) ?? [])
  for (const node of nodes) {
    if (node.key !== "objectRef") continue
    for (const resource of textsAt(node, "resource")) {
      found.add(resource)
      for (const subresource of textsAt(node, "subresource")) found.add(`${resource}/${subresource}`)
    }
  }
  if (found.size > 0) return found
  for (const node of nodes) {
    const uri = node.key === "requestURI" ? textOf(bytes, node) : undefined
    for (const part of uri?.split(/[/?]/) ?? []) found.add(part)
    if (uri !== undefined && /\/serviceaccounts\/[^/]+\/token/.test(uri)) found.add("serviceaccounts/token")
  }
  return found
}

function appliesTo(resources: readonly string[], subject: Subject): boolean {
  return resources.some((resource) => subject.resources.has(resource))
}

function editsOf(rule: Rule, subject: Subject, applies: boolean): readonly Edit[] {
  const { what } = rule
  switch (what.kind) {
    case "objects":
      return objectsOf(rule, subject, applies).flatMap((object) =>
        leafEdits(rule, object, subject, what.paths),
      )
    case "places":
      return applies
        ? placesOf(subject, what.paths).flatMap((node) => takeOut(rule, subject.bytes, node))
        : []
    case "parameters":
      return applies ? parameterEdits(rule, what.name, subject) : []
    case "pattern":
      return applies ? patternEdits(rule, subject) : []
  }
}

/** An API object, or what a patch puts into one: `pointer` is where. */
type Target = { readonly node: Node; readonly pointer: readonly string[] }

/** The objects a rule is about: by the event's resource the bodies, by kind whatever says so. */
function objectsOf({ kinds }: Rule, { bytes, bodies }: Subject, applies: boolean): readonly Target[] {
  const byResource = applies
    ? bodies.flatMap((body) => [...membersOf(body), ...patchTargets(bytes, body)])
    : []
  if (kinds.length === 0) return byResource
  const byKind = bodies.flatMap(everyNode).flatMap((node) => {
    const names = childrenAt(node, "kind").flatMap((child) => textOf(bytes, child) ?? [])
    if (!names.some((name) => kinds.some((kind) => name === kind || name === `${kind}List`))) return []
    return membersOf(node)
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

/** What the operations of a JSON patch (RFC 6902) put where. */
function patchTargets(bytes: Uint8Array, body: Node): readonly Target[] {
  if (body.kind !== "array") return []
  return body.children.flatMap((operation) => {
    const pointers = childrenAt(operation, "path").flatMap((path) => textOf(bytes, path) ?? [])
    const values = childrenAt(operation, "value")
    return pointers.flatMap((pointer) => values.map((node) => ({ node, pointer: parsePointer(pointer) })))
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
  { bytes }: Subject,
  paths: readonly Path[],
): readonly Edit[] {
  // Where an object should be there is text: perhaps a patch in another notation.
  if (node.kind === "string" && pointer.length === 0) return takeOut(rule, bytes, node)
  return paths
    .flatMap((path) => selectNodes(node, path, pointer))
    .flatMap((found) => takeOut(rule, bytes, found))
}

/** Places within the event; within a body that is a JSON patch, also where its operations lead. */
function placesOf({ bytes, root }: Subject, paths: readonly Path[]): readonly Node[] {
  return paths.flatMap((path) => {
    const [first] = path
    const key = first?.kind === "key" ? first.key : undefined
    const inPatch = (key === undefined ? [] : childrenAt(root, key)).flatMap((body) =>
      patchTargets(bytes, body).flatMap(({ node, pointer }) => selectNodes(node, path.slice(1), pointer)),
    )
    return [...selectNodes(root, path), ...inPatch]
  })
}

/** All values at or below `node`; null says nothing and stays, as do keys. */
function takeOut({ name }: Rule, bytes: Uint8Array, node: Node): readonly Edit[] {
  return everyNode(node).flatMap((leaf) => {
    if (leaf.kind === "object" || leaf.kind === "array") return []
    if (leaf.kind === "scalar" && bytes[leaf.start] === 0x6e) return []
    if (isMark(textOf(bytes, leaf) ?? "")) return []
    return [{ start: leaf.start, end: leaf.end, rule: name, quoted: true }]
  })
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
  const only = what.paths.length === 0 ? undefined : new Set(placesOf(subject, what.paths).flatMap(everyNode))
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
