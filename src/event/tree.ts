import { assert } from "../base/assert.ts"
import { createMemo, recall } from "./memo.ts"
import { stringAt } from "./names.ts"
import { createScan, scanString, scanValue } from "./scan.ts"

/**
 * A JSON value with the place of everything in it, duplicate keys included: for looking at bytes that will be
 * changed in place. Some 100 bytes of memory per value; only the careful path of redaction reads it.
 */
export type Node = {
  readonly kind: "object" | "array" | "string" | "scalar"
  /** Where the value stands, quotes and brackets included: `bytes[start, end)`. */
  readonly start: number
  end: number
  readonly parent: Node | undefined
  /** Its decoded key in an object; undefined in an array and at the root. */
  readonly key: string | undefined
  readonly children: readonly Node[]
}

const NO_CHILDREN: readonly Node[] = []

/**
 * `bytes` must be one well-formed JSON value, at most `depthMax` deep, with nothing but white space around
 * it.
 */
export function readTree(bytes: Uint8Array, depthMax: number): Node {
  const scan = createScan(bytes, depthMax)
  const { body, end } = scan
  let parent: (Node & { children: Node[] }) | undefined
  let key: string | undefined
  let root: Node | undefined
  const add = <T extends Node>(node: T): T => {
    if (parent === undefined) root ??= node
    else parent.children.push(node)
    key = undefined
    return node
  }
  for (let at = 0; at < end; ) {
    const byte = body[at] as number
    if (byte === 0x22) {
      const close = scanString(scan, at + 1)
      assert(close > 0, "a tree is read of well-formed JSON")
      if (parent?.kind === "object" && key === undefined) key = recall(keys, body, at, close)
      else add({ kind: "string", start: at, end: close, parent, key, children: NO_CHILDREN })
      at = close
    } else if (byte === 0x7b || byte === 0x5b) {
      const kind = byte === 0x7b ? "object" : "array"
      parent = add({ kind, start: at, end: at, parent, key, children: [] as Node[] })
      at++
    } else if (byte === 0x7d || byte === 0x5d) {
      assert(parent !== undefined, "a tree is read of well-formed JSON")
      parent.end = ++at
      parent = parent.parent as typeof parent
    } else if (byte <= 0x20 || byte === 0x2c || byte === 0x3a) at++
    else {
      const close = scanValue(scan, at, 0)
      assert(close > 0, "a tree is read of well-formed JSON")
      add({ kind: "scalar", start: at, end: close, parent, key, children: NO_CHILDREN })
      at = close
    }
  }
  assert(root !== undefined, "a tree is read of well-formed JSON")
  return root
}

/** Keys repeat. */
const keys = createMemo(stringAt)

const texts = createMemo(stringAt)

/** What a string node stands for; undefined for other nodes. */
export function textOf(bytes: Uint8Array, node: Node): string | undefined {
  return node.kind === "string" ? recall(texts, bytes, node.start, node.end) : undefined
}

/** All children under that key: a key may stand several times. */
export function childrenAt(node: Node, key: string): readonly Node[] {
  return node.kind === "object" ? node.children.filter((child) => child.key === key) : NO_CHILDREN
}

/** The node and everything below it, in no order that matters. */
export function everyNode(node: Node): readonly Node[] {
  const found: Node[] = [node]
  for (let i = 0; i < found.length; i++)
    for (const child of found[i]?.children ?? NO_CHILDREN) found.push(child)
  return found
}
