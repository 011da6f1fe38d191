import type { Range } from "../base/regexp.ts"
import { createNames, findName } from "./names.ts"

/**
 * Query parameters of Kubernetes' own API that never carry a credential. Any other name, also one written in
 * an odd way, sends the event down the careful path of redaction, so a name missing here costs microseconds,
 * never a secret.
 */
const HARMLESS = createNames([
  "allowWatchBookmarks",
  "container",
  "continue",
  "dryRun",
  "exact",
  "export",
  "fieldManager",
  "fieldSelector",
  "fieldValidation",
  "follow",
  "force",
  "gracePeriodSeconds",
  "ignoreStoreReadErrorWithClusterBreakingPotential",
  "includeObject",
  "includeUninitialized",
  "labelSelector",
  "limit",
  "limitBytes",
  "orphanDependents",
  "previous",
  "pretty",
  "propagationPolicy",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "shardSelector",
  "sinceSeconds",
  "sinceTime",
  "stderr",
  "stdin",
  "stdout",
  "stream",
  "tailLines",
  "timeout",
  "timeoutSeconds",
  "timestamps",
  "tty",
  "verbose",
  "watch",
])

/**
 * Whether every parameter in the query of `body[start, end)`, a JSON string with its quotes, has a harmless
 * name.
 */
export function isPlainQuery(body: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end && body[at] !== 0x3f) at++
  let name = at + 1
  for (at = name; at < end; at++) {
    const byte = body[at]
    if (byte === 0x3d && name > 0) {
      if (findName(HARMLESS, body, name, at) < 0) return false
      name = 0 // within its value now: another "=" belongs to the value
    } else if (byte === 0x26) name = at + 1
    // Separators to some readers.
    else if (byte === 0x3b || byte === 0x3f) return false
    else if (byte === 0x5c) {
      // Go's encoder writes "&" as \u0026; any other escape is odd here.
      if (!isEscapedAmpersand(body, at)) return false
      at += 5
      name = at + 1
    }
  }
  return true
}

function isEscapedAmpersand(body: Uint8Array, at: number): boolean {
  return (
    body[at + 1] === 0x75 &&
    body[at + 2] === 0x30 &&
    body[at + 3] === 0x30 &&
    body[at + 4] === 0x32 &&
    body[at + 5] === 0x36
  )
}

const SENSITIVE = ["secret", "token"].map((word) =>
  Uint8Array.from(word, (character) => character.charCodeAt(0)),
)

/**
 * Whether `body[start, end)` mentions neither secrets nor tokens. Only asked for events without objectRef.
 */
export function isPlainPath(body: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    for (const word of SENSITIVE)
      if (word.every((byte, i) => byte === ((body[at + i] ?? 0) | 0x20))) return false
  }
  return true
}

export type NameTest = { test(text: string): boolean }

/** Of longer names only the end is looked at. */
const NAME_CHARS_MAX = 1000

/**
 * Values in the query of `uri` whose parameters have a name that matches, percent-encoded or not. `valueEnd`
 * is what else ends a value, in text that is more than a URI.
 */
export function parameterRanges(uri: string, name: NameTest, valueEnd?: RegExp): readonly Range[] {
  const found: Range[] = []
  const first = uri.indexOf("?")
  if (first < 0) return found
  const take = (start: number, end: number) => {
    const part = uri.slice(start, end)
    const equals = start + part.indexOf("=")
    if (equals < start) return
    const value = uri.slice(equals + 1, end)
    const stop = valueEnd === undefined ? -1 : value.search(valueEnd)
    const size = stop < 0 ? value.length : stop
    const key = uri.slice(Math.max(start, equals - NAME_CHARS_MAX), equals)
    if (size > 0 && name.test(percentDecode(key))) found.push({ start: equals + 1, end: equals + 1 + size })
  }
  let start = first + 1
  for (const separator of uri.slice(start).matchAll(SEPARATOR)) {
    const end = first + 1 + separator.index
    take(start, end)
    start = end + separator[0].length
  }
  take(start, uri.length)
  return found
}

/** The last is how Go writes "&" in JSON, for text whose escapes are not undone. */
const SEPARATOR = /[&;?]|\\u0026/g

/** Byte by byte, whatever the bytes are: names of credentials are ASCII. */
function percentDecode(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}
