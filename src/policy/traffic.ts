import type { Micros } from "../base/time.ts"
import { timeText } from "./event-time.ts"
import { attributesOf } from "./request-info.ts"
import type { Attributes, Level, Stage } from "./policy.ts"
import type { Actor, ResourceRef, Sighting, Sizes } from "./sighting.ts"
import { Telling, type ToldApart } from "./told-apart.ts"

/**
 * Recorded events, summed up by what a policy can tell apart: requests that every policy treats alike are one cell, so
 * that a policy decides once per cell and not once per event.
 */
export type Cell = {
  readonly attributes: Attributes
  /** By stage and recorded level. */
  readonly tallies: readonly Tally[]
}

export type Tally = {
  readonly stage: Stage
  /** As recorded; undefined where the events do not say. */
  readonly level: Level | undefined
  readonly events: number
  readonly bytes: Sizes
  /** Events that have a requestObject, and a responseObject. */
  readonly requests: number
  readonly responses: number
  /** Infinite, first behind last, where no event says its time. */
  readonly first: Micros
  readonly last: Micros
  /** auditIDs of the first few. */
  readonly examples: readonly string[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Sum = Mutable<Omit<Tally, "bytes" | "examples">> & {
  readonly bytes: Mutable<Sizes>
  readonly examples: string[]
}
type Open = { readonly attributes: Attributes; readonly tallies: Sum[] }

export type TrafficOptions = {
  readonly onCells: TakeCells
  /** Requests that differ in nothing that is told apart are one cell; its attributes are those of one of them. */
  readonly apart: ToldApart
  readonly cellsMax?: number
}

/**
 * Told of cells when there are too many to hold, and of all the others at the end. `whole`: nothing else was told or will be of
 * any of them; else a cell may come in several parts.
 */
export type TakeCells = (cells: readonly Cell[], whole: boolean) => void

export type Seen = {
  readonly events: number
  readonly bytes: number
  /** Of the earliest and the latest event; "" where none says its time. */
  readonly first: string
  readonly last: string
}

/** Cells held at a time, some 1 KB each. Clients choose names and paths: without a limit they would choose the memory. */
export const CELLS_MAX = 50_000
export const EXAMPLES_MAX = 3

/** By what a policy can tell apart, one after the other: strings that came before are found without making a longer one. */
type By<T> = Map<string | undefined, T>
type Actors = By<By<Open>>

export class Traffic {
  readonly #options: TrafficOptions
  readonly #telling: Telling
  /** By group, resource, subresource, verb, namespace, name, then who. */
  readonly #resources: By<By<By<By<By<By<Actors>>>>>> = new Map()
  /** By verb and path, then who. */
  readonly #paths: By<By<Actors>> = new Map()
  #cells: Open[] = []
  #whole = true
  #events = 0
  #bytes = 0
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#telling = new Telling(options.apart)
  }

  /** What was seen so far. */
  get seen(): Seen {
    const [first, last] = [timeText(this.#first), timeText(this.#last)]
    return { events: this.#events, bytes: this.#bytes, first, last }
  }

  add(sighting: Sighting): void {
    const { at, size } = sighting
    addTo(tallyOf(this.#cellOf(sighting), sighting), sighting)
    this.#events++
    this.#bytes += size.whole
    if (at < this.#first) this.#first = at
    if (at > this.#last) this.#last = at
  }

  flush(): void {
    this.#options.onCells(this.#cells, this.#whole)
    this.#cells = []
    this.#resources.clear()
    this.#paths.clear()
  }

  #cellOf(sighting: Sighting): Open {
    const { user: name = "", groupsKey, groups: among } = sighting.actor
    const [user, groups] = [this.#telling.user(name), this.#telling.groups(groupsKey, among)]
    const known = into(this.#actorsOf(sighting), groups).get(user)
    if (known !== undefined) return known
    if (this.#cells.length >= (this.#options.cellsMax ?? CELLS_MAX)) {
      this.#whole = false
      this.flush()
    }
    const { actor, resource } = sighting
    const cell = { attributes: attributesFor(sighting, actor, resource), tallies: [] }
    this.#cells.push(cell)
    into(this.#actorsOf(sighting), groups).set(user, cell)
    return cell
  }

  #actorsOf(sighting: Sighting): Actors {
    const { verb, resource: ref, requestURI } = sighting
    const telling = this.#telling
    if (ref === undefined) {
      const uri = requestURI()
      return into(
        into(this.#paths, verb),
        telling.path(pathText(uri), () => decodedPath(uri)),
      )
    }
    const { apiGroup, resource, subresource } = ref
    const verbs = into(into(into(this.#resources, apiGroup), resource), subresource)
    const namespaces = into(into(verbs, verb), telling.namespace(namespaceAsked(sighting, ref)))
    return into(namespaces, telling.tellsNames ? telling.name(nameAsked(verb, ref)) : undefined)
  }
}

function into<T>(outer: By<By<T>>, key: string | undefined): By<T> {
  const known = outer.get(key)
  if (known !== undefined) return known
  const made: By<T> = new Map()
  outer.set(key, made)
  return made
}

function tallyOf({ tallies }: Open, { stage, level }: Sighting): Sum {
  for (const tally of tallies) if (tally.stage === stage && tally.level === level) return tally
  const bytes = {
    ...{ whole: 0, request: 0, response: 0, patches: 0, ending: 0 },
    ...{ requestManaged: 0, responseManaged: 0 },
  }
  const made: Sum = {
    ...{ stage, level, events: 0, bytes, requests: 0, responses: 0 },
    ...{ first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY, examples: [] },
  }
  tallies.push(made)
  return made
}

function addTo(sum: Sum, { size, at, auditId }: Sighting): void {
  sum.events++
  if (size.request > 0) sum.requests++
  if (size.response > 0) sum.responses++
  sum.bytes.whole += size.whole
  sum.bytes.request += size.request
  sum.bytes.response += size.response
  sum.bytes.patches += size.patches
  sum.bytes.requestManaged += size.requestManaged
  sum.bytes.responseManaged += size.responseManaged
  sum.bytes.ending += size.ending
  if (at < sum.first) sum.first = at
  if (at > sum.last) sum.last = at
  if (sum.examples.length < EXAMPLES_MAX) sum.examples.push(auditId())
}

function pathText(requestURI: string): string {
  const question = requestURI.indexOf("?")
  return question < 0 ? requestURI : requestURI.slice(0, question)
}

/**
 * The server completes objectRef from the request's body later on: a policy never saw the name of an object that is created, nor
 * a namespace that is not in the path.
 */
function isCompleted(verb: string, { subresource }: ResourceRef): boolean {
  return verb === "create" && subresource === ""
}

function namespaceAsked(
  { verb, requestURI }: Pick<Sighting, "verb" | "requestURI">,
  ref: ResourceRef,
): string {
  return isCompleted(verb, ref) && !requestURI().includes("/namespaces/") ? "" : ref.namespace
}

function nameAsked(verb: string, ref: ResourceRef): string {
  return isCompleted(verb, ref) ? "" : ref.name()
}

function decodedPath(requestURI: string): string {
  return attributesOf("GET", requestURI).path
}

/** What the policy was asked when the event was made. */
function attributesFor(
  request: Pick<Sighting, "verb" | "requestURI">,
  { user, groups }: Actor,
  resource: ResourceRef | undefined,
): Attributes {
  const { verb, requestURI } = request
  const who = user === undefined ? {} : { user, groups }
  const uri = requestURI()
  if (resource === undefined) {
    const path = decodedPath(uri)
    const nothing = { apiGroup: "", apiVersion: "", namespace: "", resource: "", subresource: "", name: "" }
    return { isResourceRequest: false, path, verb, ...nothing, ...who }
  }
  return {
    ...{ isResourceRequest: true, path: pathText(uri), verb, apiVersion: "" },
    ...{ apiGroup: resource.apiGroup, resource: resource.resource, subresource: resource.subresource },
    namespace: namespaceAsked(request, resource),
    name: nameAsked(verb, resource),
    ...who,
  }
}

/** The attributes of one sighting alone. */
export function attributesSeen(sighting: Sighting): Attributes {
  return attributesFor(sighting, sighting.actor, sighting.resource)
}
