import { toBytes, utf8 } from "../base/bytes.ts"
import { type ActorKind, actorKind } from "./actor.ts"
import { createMemo, PLACES_MANY, recall } from "./memo.ts"
import { createNames, findKey, isExactly, type Names, stringAt } from "./names.ts"
import type { QuarantineCode } from "./quarantine.ts"
import { byteAt, FAULT, failAt, type Scan, SIGNS, scanKey, scanValue, skipWhite } from "./scan.ts"
import { isPlainPath, isPlainQuery } from "./uri.ts"

/**
 * What is cheap to know of an event while its bytes are scanned: enough for bounded metrics and for redaction
 * to decide that there is nothing to do. Strings are as they stand in the bytes, escapes undone; "" where
 * absent.
 */
export type Hints = {
  readonly stage: string
  readonly level: string
  readonly verb: string
  readonly resource: string
  readonly subresource: string
  /** responseStatus.code, 0 where absent. */
  readonly code: number
  readonly username: string
  readonly actor: ActorKind
  /** requestObject or responseObject is there and not null. */
  readonly hasBody: boolean
  /** Bits of SIGNS over the whole event. */
  readonly signs: number
}

/** What one value is allowed to begin with. null is as good as absent: Go writes it for a zero time. */
type Shape = "string" | "object" | "array" | "number" | "any"

const EVENT = {
  kind: "string",
  apiVersion: "string",
  level: "string",
  auditID: "string",
  stage: "string",
  requestURI: "string",
  verb: "string",
  user: "object",
  impersonatedUser: "object",
  sourceIPs: "array",
  userAgent: "string",
  objectRef: "object",
  responseStatus: "object",
  requestObject: "any",
  responseObject: "any",
  requestReceivedTimestamp: "string",
  stageTimestamp: "string",
  annotations: "object",
  authenticationMetadata: "object",
} as const satisfies Readonly<Record<string, Shape>>
const USER = { username: "string", uid: "string", groups: "array", extra: "object" } as const
const OBJECT_REF = {
  resource: "string",
  namespace: "string",
  name: "string",
  uid: "string",
  apiGroup: "string",
  apiVersion: "string",
  resourceVersion: "string",
  subresource: "string",
} as const
const STATUS = { code: "number", status: "string", reason: "string", message: "string" } as const

/**
 * A level of names that is looked into: where its captures begin, and which of its names are levels
 * themselves.
 */
type Level = {
  readonly names: Names
  readonly offset: number
  /** By index of name: the byte each value must begin with, 0 for any, 1 for a number. */
  readonly first: Uint8Array
  readonly inner: readonly (Level | undefined)[]
}

const FIRST = { string: 0x22, object: 0x7b, array: 0x5b, number: 1, any: 0 } as const

function createLevel(
  shapes: Readonly<Record<string, Shape>>,
  offset: number,
  inner: Readonly<Record<string, Level>> = {},
): Level {
  const names = Object.keys(shapes)
  return {
    names: createNames(names),
    offset,
    first: Uint8Array.from(names, (name) => FIRST[shapes[name] ?? "any"]),
    inner: names.map((name) => inner[name]),
  }
}

const EVENT_SIZE = Object.keys(EVENT).length
const USER_SIZE = Object.keys(USER).length
const REF_SIZE = Object.keys(OBJECT_REF).length
const USER_AT = EVENT_SIZE
const REF_AT = USER_AT + USER_SIZE
const STATUS_AT = REF_AT + REF_SIZE
const CAPTURES = STATUS_AT + Object.keys(STATUS).length

const EVENT_LEVEL = createLevel(EVENT, 0, {
  user: createLevel(USER, USER_AT),
  objectRef: createLevel(OBJECT_REF, REF_AT),
  responseStatus: createLevel(STATUS, STATUS_AT),
})

const nameAt = (shapes: object, name: string, offset = 0) => offset + Object.keys(shapes).indexOf(name)
const KIND = nameAt(EVENT, "kind")
const API_VERSION = nameAt(EVENT, "apiVersion")
const LEVEL = nameAt(EVENT, "level")
const AUDIT_ID = nameAt(EVENT, "auditID")
const STAGE = nameAt(EVENT, "stage")
const URI = nameAt(EVENT, "requestURI")
const VERB = nameAt(EVENT, "verb")
const REQUEST = nameAt(EVENT, "requestObject")
const RESPONSE = nameAt(EVENT, "responseObject")
const USERNAME = nameAt(USER, "username", USER_AT)
const GROUPS = nameAt(USER, "groups", USER_AT)
const RESOURCE = nameAt(OBJECT_REF, "resource", REF_AT)
const SUBRESOURCE = nameAt(OBJECT_REF, "subresource", REF_AT)
const CODE = nameAt(STATUS, "code", STATUS_AT)

/**
 * Where the values of known keys stand in the event that was scanned last. One per body, used again for each
 * item.
 */
export type Captures = {
  readonly from: Int32Array
  readonly to: Int32Array
  twice: boolean
  mistyped: boolean
}

export function createCaptures(): Captures {
  return { from: new Int32Array(CAPTURES), to: new Int32Array(CAPTURES), twice: false, mistyped: false }
}

/**
 * Scans the object whose "{" is at `at`, noting where the known keys of an event have their values. Returns
 * the offset after its "}", or FAULT. Every byte is validated, known or not.
 */
export function scanEvent(scan: Scan, captures: Captures, at: number): number {
  captures.from.fill(0)
  captures.to.fill(0)
  captures.twice = false
  captures.mistyped = false
  return scanMembers(scan, captures, EVENT_LEVEL, at, 1)
}

function scanMembers(scan: Scan, captures: Captures, level: Level, at: number, depth: number): number {
  const { body } = scan
  at++
  if (byteAt(scan, at) <= 0x20) at = skipWhite(scan, at)
  if (byteAt(scan, at) === 0x7d) return at + 1
  for (;;) {
    const key = at
    at = scanKey(scan, at)
    if (at < 0) return FAULT
    const index = findKey(level.names, body, key)

    const start = at
    const inner = index < 0 ? undefined : level.inner[index]
    if (inner !== undefined && byteAt(scan, at) === 0x7b)
      at = scanMembers(scan, captures, inner, at, depth + 1)
    else at = scanValue(scan, at, depth)
    if (at < 0) return FAULT
    if (index >= 0) capture(captures, level, index, body, start, at)

    if (byteAt(scan, at) <= 0x20) at = skipWhite(scan, at)
    const mark = byteAt(scan, at)
    if (mark === 0x7d) return at + 1
    if (mark !== 0x2c) return failAt(scan, at)
    at++
    if (byteAt(scan, at) <= 0x20) at = skipWhite(scan, at)
  }
}

function capture(
  captures: Captures,
  level: Level,
  index: number,
  body: Uint8Array,
  start: number,
  end: number,
): void {
  const place = level.offset + index
  if (captures.to[place] !== 0) captures.twice = true
  captures.from[place] = start
  captures.to[place] = end
  const first = body[start] as number
  const wanted = level.first[index] as number
  if (wanted === first || wanted === 0 || first === 0x6e) return // n: null
  if (wanted === 1 && (first === 0x2d || (first >= 0x30 && first <= 0x39))) return
  captures.mistyped = true
}

/** Why what was captured is no event to be understood; undefined when it is one. */
export function judge(scan: Scan, captures: Captures): QuarantineCode | undefined {
  const { from, to } = captures
  const { body } = scan
  if (isThere(captures, body, KIND) && !isExactly(body, from[KIND] as number, to[KIND] as number, KIND_TEXT))
    return "kind"
  if (isThere(captures, body, API_VERSION)) {
    if (!isExactly(body, from[API_VERSION] as number, to[API_VERSION] as number, VERSION_TEXT))
      return "version"
  }
  if (!isThere(captures, body, AUDIT_ID) || !isThere(captures, body, STAGE)) return "notEvent"
  if (captures.twice) return "ambiguous"
  return captures.mistyped ? "type" : undefined
}

const KIND_TEXT = toBytes('"Event"')
const VERSION_TEXT = toBytes('"audit.k8s.io/v1"')

/** A value that is null counts as absent. */
function isThere({ from, to }: Captures, body: Uint8Array, place: number): boolean {
  return to[place] !== 0 && body[from[place] as number] !== 0x6e
}

/** `scan.signs` must be those of this event alone. */
export function hintsOf(scan: Scan, captures: Captures): Hints {
  const { body } = scan
  const { from, to } = captures
  const { username, actor } = actorOf(body, captures)
  const resource = textOf(body, captures, RESOURCE)
  const hasBody = isThere(captures, body, REQUEST) || isThere(captures, body, RESPONSE)
  let signs = scan.signs
  if (!isPlainQuery(body, from[URI] as number, to[URI] as number)) signs |= SIGNS.query
  // Bodies of requests the API server itself could not name: their path decides what they may hold.
  if (hasBody && resource === "" && !isPlainPath(body, from[URI] as number, to[URI] as number))
    signs |= SIGNS.secret
  return {
    stage: textOf(body, captures, STAGE),
    level: textOf(body, captures, LEVEL),
    verb: textOf(body, captures, VERB),
    resource,
    subresource: textOf(body, captures, SUBRESOURCE),
    code: codeOf(body, captures),
    username,
    actor,
    hasBody,
    signs,
  }
}

const texts = createMemo(stringAt)

function textOf(body: Uint8Array, { from, to }: Captures, place: number): string {
  const start = from[place] as number
  return body[start] === 0x22 && to[place] !== 0 ? recall(texts, body, start, to[place] as number) : ""
}

function codeOf(body: Uint8Array, { from, to }: Captures): number {
  let code = 0
  for (let i = from[CODE] as number; i < (to[CODE] as number); i++) {
    const digit = (body[i] as number) - 0x30
    if (digit < 0 || digit > 9 || code > 99_999) return 0
    code = code * 10 + digit
  }
  return code
}

type Actor = { readonly username: string; readonly actor: ActorKind }

/** From the bytes between the value of username and that of groups, whichever comes first, both included. */
const actorsNameFirst = createMemo((bytes) => readActor(`{"username":${utf8(bytes) ?? '""'}}`), PLACES_MANY)
const actorsGroupsFirst = createMemo((bytes) => readActor(`{"groups":${utf8(bytes) ?? "[]"}}`))
const NOBODY: Actor = { username: "", actor: actorKind("", []) }

function actorOf(body: Uint8Array, captures: Captures): Actor {
  const { from, to } = captures
  const hasName = isThere(captures, body, USERNAME)
  const hasGroups = isThere(captures, body, GROUPS)
  const [name, groups] = [from[USERNAME] as number, from[GROUPS] as number]
  if (!hasName && !hasGroups) return NOBODY
  if (!hasGroups) return recall(actorsNameFirst, body, name, to[USERNAME] as number)
  if (!hasName) return recall(actorsGroupsFirst, body, groups, to[GROUPS] as number)
  if (name < groups) return recall(actorsNameFirst, body, name, to[GROUPS] as number)
  return recall(actorsGroupsFirst, body, groups, to[USERNAME] as number)
}

function readActor(user: string): Actor {
  const { username, groups }: { username?: unknown; groups?: unknown } = JSON.parse(user)
  const name = typeof username === "string" ? username : ""
  const names = Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : []
  return { username: name, actor: actorKind(name, names) }
}
