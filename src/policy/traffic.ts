import { attributesOf } from "./request-info.ts"
import type { Attributes, Level, Stage } from "./policy.ts"
import type { Actor, ResourceRef, Sighting, Sizes } from "./sighting.ts"

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
  readonly first: string
  readonly last: string
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
  /** Told of cells when there are too many to hold, and of all the others at the end: a cell may come in several parts. */
  readonly onCells: (cells: readonly Cell[]) => void
  /** Whether a policy looks at names: then requests for different objects are different cells. */
  readonly names: boolean
  readonly cellsMax?: number
}

/** Cells held at a time, some 1 KB each. Clients choose names and paths: without a limit they would choose the memory. */
const CELLS_MAX = 50_000
const EXAMPLES_MAX = 3

export class Traffic {
  readonly #options: TrafficOptions
  readonly #cells = new Map<string, Open>()
  readonly #actors = new Map<string, number>()
  #events = 0
  #bytes = 0
  #first = ""
  #last = ""

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** What was seen so far. Times are those of the events, as text; "" before the first. */
  get seen() {
    return { events: this.#events, bytes: this.#bytes, first: this.#first, last: this.#last }
  }

  add(sighting: Sighting): void {
    const { time, size } = sighting
    const key = this.#keyOf(sighting)
    addTo(tallyOf(this.#cells.get(key) ?? this.#open(key, sighting), sighting), sighting)
    this.#events++
    this.#bytes += size.whole
    if (time !== "" && (this.#first === "" || time < this.#first)) this.#first = time
    if (time > this.#last) this.#last = time
  }

  flush(): void {
    this.#options.onCells([...this.#cells.values()])
    this.#cells.clear()
    this.#actors.clear()
  }

  #open(key: string, sighting: Sighting): Open {
    if (this.#cells.size >= (this.#options.cellsMax ?? CELLS_MAX)) {
      this.flush()
      key = this.#keyOf(sighting)
    }
    const { actor, resource } = sighting
    const cell = { attributes: attributesFor(sighting, actor, resource), tallies: [] }
    this.#cells.set(key, cell)
    return cell
  }

  /** What a policy can tell apart; good until the next flush. */
  #keyOf({ actor, verb, resource, requestURI }: Sighting): string {
    const who = this.#numberOf(actor)
    if (resource === undefined) return `path ${who} ${verb}\n${pathText(requestURI())}`
    const name = this.#options.names ? resource.name() : ""
    const { apiGroup, namespace, subresource } = resource
    return `resource ${who} ${verb}\n${resource.resource}/${subresource}\n${apiGroup}\n${namespace}\n${name}`
  }

  /** Names and groups are long, and a key is made for every event: a number stands for them. */
  #numberOf({ key }: Actor): number {
    const known = this.#actors.get(key)
    if (known !== undefined) return known
    const number = this.#actors.size
    this.#actors.set(key, number)
    return number
  }
}

function tallyOf({ tallies }: Open, { stage, level, time }: Sighting): Sum {
  const found = tallies.find((tally) => tally.stage === stage && tally.level === level)
  if (found !== undefined) return found
  const bytes = {
    ...{ whole: 0, request: 0, response: 0, patches: 0, ending: 0 },
    ...{ requestManaged: 0, responseManaged: 0 },
  }
  const made: Sum = {
    ...{ stage, level, events: 0, bytes, requests: 0, responses: 0 },
    ...{ first: time, last: time, examples: [] },
  }
  tallies.push(made)
  return made
}

function addTo(sum: Sum, { size, time, auditId }: Sighting): void {
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
  if (time < sum.first) sum.first = time
  if (time > sum.last) sum.last = time
  if (sum.examples.length < EXAMPLES_MAX) sum.examples.push(auditId())
}

function pathText(requestURI: string): string {
  const question = requestURI.indexOf("?")
  return question < 0 ? requestURI : requestURI.slice(0, question)
}

/**
 * What the policy was asked when the event was made. The server completes objectRef from the request's body later on: a
 * policy never saw the name of an object that is created, nor a namespace that is not in the path.
 */
function attributesFor(
  { verb, requestURI }: Pick<Sighting, "verb" | "requestURI">,
  { user, groups }: Actor,
  resource: ResourceRef | undefined,
): Attributes {
  const who = user === undefined ? {} : { user, groups }
  const uri = requestURI()
  if (resource === undefined) {
    const { path } = attributesOf("GET", uri)
    const nothing = { apiGroup: "", apiVersion: "", namespace: "", resource: "", subresource: "", name: "" }
    return { isResourceRequest: false, path, verb, ...nothing, ...who }
  }
  const completed = verb === "create" && resource.subresource === ""
  const placed = uri.includes("/namespaces/")
  return {
    ...{ isResourceRequest: true, path: pathText(uri), verb, apiVersion: "" },
    ...{ apiGroup: resource.apiGroup, resource: resource.resource, subresource: resource.subresource },
    namespace: completed && !placed ? "" : resource.namespace,
    name: completed ? "" : resource.name(),
    ...who,
  }
}

/** The attributes of one sighting alone. */
export function attributesSeen(sighting: Sighting): Attributes {
  return attributesFor(sighting, sighting.actor, sighting.resource)
}
