import { toBytes, utf8 } from "../base/bytes.ts"
import type { Micros } from "../base/time.ts"
import { createMemo, type Memo, PLACES_MANY, recall } from "../event/memo.ts"
import { createNames, stringAt } from "../event/names.ts"
import { microsIn } from "./event-time.ts"
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
 * and level it was recorded, and how many of its bytes each level would leave out. Some 2 µs per KB; one reader serves
 * a whole stream, and its one sighting is good until it reads the next event.
 */
export type Sighting = {
  readonly actor: Actor
  readonly verb: string
  /** Like auditId and an object's name, made into a string only where it is needed. */
  readonly requestURI: () => string
  /** Undefined where the request is for no resource. */
  readonly resource: ResourceRef | undefined
  readonly stage: Stage
  /** Undefined where the event does not say it. */
  readonly level: Level | undefined
  readonly auditId: () => string
  /** NaN where the event does not say it. */
  readonly at: Micros
  readonly size: Sizes
  /** Whether the server says that it cut the event. */
  readonly isTruncated: () => boolean
}

/** No user at all is a failed authentication. */
export type Actor = {
  readonly user: string | undefined
  readonly groups: readonly string[]
  /** The same for the same groups. */
  readonly groupsKey: string
}

export type ResourceRef = {
  readonly apiGroup: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
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
const USER_KEYS = ["username", "groups"]
const EVENT = createNames(EVENT_KEYS)
const USER = createNames(USER_KEYS)
const REF = createNames(REF_KEYS)
const [QUOTE, OPEN_OBJECT] = [0x22, 0x7b]
const MANAGED_FIELDS = createKey("managedFields")
const TRUNCATED = toBytes('"audit.k8s.io/truncated"')
const PATCH_OF_WEBHOOK = toBytes('"patch.webhook.admission.k8s.io/')

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads events one after the other, each `body[from, to)`; undefined for what is no event of a known stage. */
export type ReadSighting = (body: Uint8Array, from?: number, to?: number) => Sighting | undefined

export function createSightingReader(): ReadSighting {
  const reader = new SightingReader()
  return (body, from = 0, to = body.length) => {
    try {
      return reader.read(body, from, to)
    } catch (error) {
      // Brackets that close are not yet JSON: a string or the user may still be malformed.
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }
}

type Groups = Pick<Actor, "groups" | "groupsKey">
const NO_GROUPS: Groups = { groups: [], groupsKey: "" }

class SightingReader {
  readonly #event = createSpans(EVENT_KEYS.length)
  readonly #ref = createSpans(REF_KEYS.length)
  readonly #user = createSpans(USER_KEYS.length)
  readonly #users = createMemo(stringAt, PLACES_MANY)
  readonly #groups = createMemo(groupsOf, PLACES_MANY)
  readonly #stages = createMemo((bytes) => STAGES.find((stage) => stage === stringAt(bytes)))
  readonly #levels = createMemo((bytes) => LEVELS.find((level) => level === stringAt(bytes)))
  readonly #texts = createMemo(stringAt)
  #body: Uint8Array = new Uint8Array()

  /** Made once: a stream has millions of events, and what is made for each costs as much as reading it. */
  readonly #resource: Writable<ResourceRef> = {
    ...{ apiGroup: "", resource: "", subresource: "", namespace: "" },
    name: () => this.#once(this.#ref, 4),
  }
  readonly #size: Writable<Sizes> = {
    ...{ whole: 0, request: 0, response: 0, patches: 0 },
    ...{ requestManaged: 0, responseManaged: 0, ending: 0 },
  }
  readonly #actor: Writable<Actor> = { user: undefined, ...NO_GROUPS }
  readonly #sighting: Writable<Sighting> = {
    ...{
      actor: this.#actor,
      verb: "",
      resource: undefined,
      stage: "Panic",
      level: undefined,
      at: Number.NaN,
    },
    requestURI: () => this.#once(this.#event, AT.requestURI),
    auditId: () => this.#once(this.#event, AT.auditID),
    isTruncated: () => this.#annotated(TRUNCATED) > 0,
    size: this.#size,
  }

  read(body: Uint8Array, from: number, to: number): Sighting | undefined {
    const event = this.#event
    this.#body = body
    if (from >= to || body[from] !== OPEN_OBJECT) return undefined
    if (walkMembers(body, { at: from, limit: to }, EVENT, event) < 0) return undefined
    const stage = isText(body, event, AT.stage) ? ofMemo(this.#stages, body, event, AT.stage) : undefined
    if (stage === undefined) return undefined
    const sighting = this.#sighting
    sighting.stage = stage
    sighting.level = isText(body, event, AT.level) ? ofMemo(this.#levels, body, event, AT.level) : undefined
    if (!this.#readActor()) return undefined
    sighting.verb = this.#known(event, AT.verb)
    sighting.resource = this.#refOf()
    sighting.at = this.#timeOf()
    this.#measure(to - from)
    return sighting
  }

  /**
   * Name and groups alone: what else is there (uids, the pod and the token that a service account came with) differs for nearly
   * every client, and no policy looks at it. False where it is no JSON.
   */
  #readActor(): boolean {
    const { from, to } = this.#event
    const at = from[AT.user] as number
    const limit = to[AT.user] as number
    const isObject = limit !== 0 && this.#body[at] === OPEN_OBJECT
    if (isObject && walkMembers(this.#body, { at, limit }, USER, this.#user) < 0) return false
    const named = isObject && isText(this.#body, this.#user, 0)
    this.#actor.user = named ? ofMemo(this.#users, this.#body, this.#user, 0) : undefined
    const { groups, groupsKey } = named ? ofMemo(this.#groups, this.#body, this.#user, 1) : NO_GROUPS
    this.#actor.groups = groups
    this.#actor.groupsKey = groupsKey
    return true
  }

  #timeOf(): Micros {
    const { from, to } = this.#event
    const at = to[AT.stageTimestamp] === 0 ? AT.requestReceivedTimestamp : AT.stageTimestamp
    if (!isText(this.#body, this.#event, at)) return Number.NaN
    return microsIn(this.#body, from[at] as number, to[at] as number)
  }

  /** Texts that come again and again, like verbs and resources. */
  #known(spans: Spans, at: number): string {
    return isText(this.#body, spans, at) ? ofMemo(this.#texts, this.#body, spans, at) : ""
  }

  /** Texts that hardly come twice; "" for what is no JSON. */
  #once(spans: Spans, at: number): string {
    if (!isText(this.#body, spans, at)) return ""
    try {
      return stringAt(this.#body.subarray(spans.from[at], spans.to[at]))
    } catch (error) {
      if (error instanceof SyntaxError) return ""
      throw error
    }
  }

  #refOf(): ResourceRef | undefined {
    const { from, to } = this.#event
    const at = from[AT.objectRef] as number
    const limit = to[AT.objectRef] as number
    if (limit === 0 || this.#body[at] !== OPEN_OBJECT) return undefined
    walkMembers(this.#body, { at, limit }, REF, this.#ref)
    const resource = this.#resource
    resource.apiGroup = this.#known(this.#ref, 0)
    resource.resource = this.#known(this.#ref, 1)
    resource.subresource = this.#known(this.#ref, 2)
    resource.namespace = this.#known(this.#ref, 3)
    return resource
  }

  /** Bytes of the members of `annotations` whose quoted name begins so. */
  #annotated(prefix: Uint8Array): number {
    const { from, to } = this.#event
    const limit = to[AT.annotations] as number
    return limit === 0
      ? 0
      : bytesOfPrefixed(this.#body, { at: from[AT.annotations] as number, limit }, prefix)
  }

  #measure(whole: number): void {
    const size = this.#size
    size.whole = whole
    size.request = this.#costOf(AT.requestObject)
    size.response = this.#costOf(AT.responseObject)
    size.patches = this.#annotated(PATCH_OF_WEBHOOK)
    size.requestManaged = this.#managedIn(AT.requestObject)
    size.responseManaged = this.#managedIn(AT.responseObject)
    size.ending = this.#costOf(AT.responseStatus) + this.#costOf(AT.annotations)
  }

  #costOf(at: number): number {
    return this.#event.to[at] === 0 ? 0 : (this.#event.cost[at] as number)
  }

  #managedIn(at: number): number {
    const { from, to } = this.#event
    return to[at] === 0 ? 0 : bytesOfMembers(this.#body, from[at] as number, to[at] as number, MANAGED_FIELDS)
  }
}

function isText(body: Uint8Array, spans: Spans, at: number): boolean {
  return spans.to[at] !== 0 && body[spans.from[at] as number] === QUOTE
}

function ofMemo<T>(memo: Memo<T>, body: Uint8Array, { from, to }: Spans, at: number): T {
  return recall(memo, body, to[at] === 0 ? 0 : (from[at] as number), to[at] as number)
}

/** From the bytes of `user.groups`; a service account on its own may have none. */
function groupsOf(bytes: Uint8Array): Groups {
  const value: unknown = bytes.length === 0 ? [] : JSON.parse(utf8(bytes) ?? "[]")
  const groups = Array.isArray(value) ? value.filter((group) => typeof group === "string") : []
  return { groups, groupsKey: JSON.stringify(groups) }
}
