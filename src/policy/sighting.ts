import { toBytes, utf8 } from "../base/bytes.ts"
import { createMemo, type Memo, recall } from "../event/memo.ts"
import { createNames, stringAt } from "../event/names.ts"
import {
  bytesOfMembers,
  bytesOfPrefixed,
  createKey,
  createSpans,
  type Spans,
  walkMembers,
} from "./event-walk.ts"
import { LEVELS, type Level, STAGES, type Stage } from "./policy.ts"

/**
 * What a policy's cost depends on, read out of one event's bytes without parsing it: who asked for what, at which stage
 * and level it was recorded, and how many of its bytes each level would leave out. Some 1 µs per KB; one reader serves
 * a whole stream, and each event overwrites the one before.
 */
export type Sighting = {
  readonly actor: Actor
  readonly verb: string
  /** Good until the next event is read, like auditId: made into strings only where they are needed. */
  readonly requestURI: () => string
  /** Undefined where the request is for no resource. */
  readonly resource: ResourceRef | undefined
  readonly stage: Stage
  /** Undefined where the event does not say it. */
  readonly level: Level | undefined
  readonly auditId: () => string
  readonly time: string
  readonly size: Sizes
  /** Whether the server says that it cut the event. Good until the next event is read. */
  readonly isTruncated: () => boolean
}

/** `key` is the same for the same name and groups. No user at all is a failed authentication. */
export type Actor = {
  readonly key: string
  readonly user: string | undefined
  readonly groups: readonly string[]
}

export type ResourceRef = {
  readonly apiGroup: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  /** Good until the next event is read. */
  readonly name: () => string
}

/** Bytes of the event, and of the members that a lower level or an earlier stage would not have, each with its key. */
export type Sizes = {
  readonly whole: number
  readonly request: number
  readonly response: number
  /** Annotations with patches of admission webhooks, which exist from Request on. */
  readonly patches: number
  /** metadata.managedFields within the request's object and within the response's. */
  readonly requestManaged: number
  readonly responseManaged: number
  /** responseStatus and annotations: not there yet when a request is received. */
  readonly ending: number
}

const AT = {
  ...{ level: 0, auditID: 1, stage: 2, requestURI: 3, verb: 4, user: 5, objectRef: 6, stageTimestamp: 7 },
  ...{
    responseStatus: 8,
    annotations: 9,
    requestObject: 10,
    responseObject: 11,
    requestReceivedTimestamp: 12,
  },
} as const
const EVENT_KEYS = Object.keys(AT)
const REF_KEYS = ["apiGroup", "resource", "subresource", "namespace", "name"]
const EVENT = createNames(EVENT_KEYS)
const REF = createNames(REF_KEYS)
const [QUOTE, OPEN_OBJECT] = [0x22, 0x7b]
const MANAGED_FIELDS = createKey("managedFields")
const TRUNCATED = toBytes('"audit.k8s.io/truncated"')
const PATCH_OF_WEBHOOK = toBytes('"patch.webhook.admission.k8s.io/')

/** Reads events one after the other; undefined for what is no event of a known stage. */
export function createSightingReader(): (body: Uint8Array) => Sighting | undefined {
  const event = createSpans(EVENT_KEYS.length)
  const ref = createSpans(REF_KEYS.length)
  const actors = createMemo(actorOf)
  const stages = createMemo((bytes) => STAGES.find((stage) => stage === stringAt(bytes)))
  const levels = createMemo((bytes) => LEVELS.find((level) => level === stringAt(bytes)))
  const texts = createMemo(stringAt)

  function read(body: Uint8Array): Sighting | undefined {
    if (body[0] !== OPEN_OBJECT || walkMembers(body, 0, EVENT, event) < 0) return undefined
    const stage = isText(body, event, AT.stage) ? ofMemo(stages, body, event, AT.stage) : undefined
    if (stage === undefined) return undefined
    const level = isText(body, event, AT.level) ? ofMemo(levels, body, event, AT.level) : undefined
    return {
      actor: ofMemo(actors, body, event, AT.user),
      verb: known(body, event, AT.verb),
      requestURI: () => once(body, event, AT.requestURI),
      resource: refOf(body),
      stage,
      level,
      auditId: () => once(body, event, AT.auditID),
      time: once(
        body,
        event,
        event.to[AT.stageTimestamp] === 0 ? AT.requestReceivedTimestamp : AT.stageTimestamp,
      ),
      size: sizesOf(body, event),
      isTruncated: () => annotates(body, TRUNCATED),
    }
  }

  function annotates(body: Uint8Array, prefix: Uint8Array): boolean {
    return (
      event.to[AT.annotations] !== 0 &&
      bytesOfPrefixed(body, event.from[AT.annotations] as number, prefix) > 0
    )
  }

  /** Texts that come again and again, like verbs and resources. */
  function known(body: Uint8Array, spans: Spans, at: number): string {
    return isText(body, spans, at) ? ofMemo(texts, body, spans, at) : ""
  }

  /** Texts that hardly come twice. */
  function once(body: Uint8Array, spans: Spans, at: number): string {
    return isText(body, spans, at) ? stringAt(body.subarray(spans.from[at], spans.to[at])) : ""
  }

  function refOf(body: Uint8Array): ResourceRef | undefined {
    const from = event.from[AT.objectRef] as number
    if (event.to[AT.objectRef] === 0 || body[from] !== OPEN_OBJECT) return undefined
    walkMembers(body, from, REF, ref)
    return {
      apiGroup: known(body, ref, 0),
      resource: known(body, ref, 1),
      subresource: known(body, ref, 2),
      namespace: known(body, ref, 3),
      name: () => once(body, ref, 4),
    }
  }

  return (body) => {
    try {
      return read(body)
    } catch (error) {
      // Brackets that close are not yet JSON: a string or the user may still be malformed.
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }
}

function isText(body: Uint8Array, spans: Spans, at: number): boolean {
  return spans.to[at] !== 0 && body[spans.from[at] as number] === QUOTE
}

function ofMemo<T>(memo: Memo<T>, body: Uint8Array, { from, to }: Spans, at: number): T {
  return recall(memo, body, to[at] === 0 ? 0 : (from[at] as number), to[at] as number)
}

function sizesOf(body: Uint8Array, { from, to, cost }: Spans): Sizes {
  const costOf = (at: number): number => (to[at] === 0 ? 0 : (cost[at] as number))
  const managedIn = (at: number): number =>
    to[at] === 0 ? 0 : bytesOfMembers(body, from[at] as number, to[at] as number, MANAGED_FIELDS)
  const annotated = to[AT.annotations] !== 0
  return {
    whole: body.length,
    request: costOf(AT.requestObject),
    response: costOf(AT.responseObject),
    patches: annotated ? bytesOfPrefixed(body, from[AT.annotations] as number, PATCH_OF_WEBHOOK) : 0,
    requestManaged: managedIn(AT.requestObject),
    responseManaged: managedIn(AT.responseObject),
    ending: costOf(AT.responseStatus) + costOf(AT.annotations),
  }
}

/** From the bytes of `user`; a failed authentication has `{}`. */
function actorOf(bytes: Uint8Array): Actor {
  const value: unknown = bytes.length === 0 ? {} : JSON.parse(utf8(bytes) ?? "{}")
  const { username, groups }: { username?: unknown; groups?: unknown } = Object(value)
  if (typeof username !== "string") return { key: "", user: undefined, groups: [] }
  const names = Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : []
  return { key: JSON.stringify([username, ...names]), user: username, groups: names }
}
