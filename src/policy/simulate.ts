import { compilePolicy, type Decide } from "./decide.ts"
import type { Attributes, Decision, Level, Policy } from "./policy.ts"
import { formatResource } from "./request-text.ts"
import type { Cell, Tally } from "./traffic.ts"
import { impliedTallies, isEarlier, sendsBody, weigh } from "./weigh.ts"

/** What one policy would have made of recorded traffic. */
export type Outcome = {
  readonly events: number
  readonly bytes: number
  /** By rule, in their order; a row without `rule` is what no rule matches. Rules without traffic have zeros. */
  readonly rules: readonly RuleCost[]
  /** Why `bytes` may be off, and by how much of it. */
  readonly guessed: Guessed
}

export type RuleCost = {
  readonly rule?: number
  readonly level: Level
  readonly events: number
  readonly bytes: number
}

export type Guessed = {
  /** Events of earlier stages that the recording left out; their bytes are those of the last stage without its ending. */
  readonly impliedEvents: number
  /** Bodies that were recorded too low to know, their size taken from requests alike that were recorded with theirs. */
  readonly likenedBodies: number
  readonly likenedBytes: number
  /** Bodies nothing in the traffic says the size of: they are in no figure, so `bytes` is too low by them. */
  readonly unknownBodies: number
  readonly unknownOf: readonly string[]
}

/** Kinds of requests whose bodies are averaged; clients can name any number of resources. */
const KINDS_MAX = 10_000
const UNKNOWN_SHOWN_MAX = 10
const OTHER = "other"

type Mean = { events: number; bytes: number }
type Unseen = { requests: number; responses: number; readonly verb: string }
type Cost = {
  events: number
  bytes: number
  readonly unseen: Map<string, Unseen>
  /** By stage, recorded level, verb and resource. */
  readonly implied: Map<string, Implied>
}
/** Events of a stage that ended requests must have had, and how many were recorded of it. */
type Implied = { events: number; bytes: number; recorded: number }

/** Takes cells as they come, in memory that does not grow with them; `outcome` is asked for at the end. */
export class Simulation {
  readonly #policy: Policy
  readonly #decide: Decide
  readonly #costs = new Map<number | undefined, Cost>()
  readonly #bodies: Bodies
  #implied = 0

  /** `bodies` is shared by simulations over the same cells, and must have seen them before `outcome` is asked for. */
  constructor(policy: Policy, bodies: Bodies) {
    this.#policy = policy
    this.#decide = compilePolicy(policy)
    this.#bodies = bodies
  }

  /**
   * `whole`: no other part of this cell comes. A part alone does not say whether a stage was left out or stands in another
   * part, so parts are compared only when all have come, with those of other cells of their kind.
   */
  add(cell: Cell, whole: boolean): void {
    const { attributes, tallies } = cell
    const decision = this.#decide(attributes)
    const cost = this.#costOf(decision.rule)
    const take = (tally: Tally): number => {
      const { events, bytes, unseenRequests, unseenResponses } = weigh(tally, attributes, decision)
      cost.events += events
      cost.bytes += bytes
      if (unseenRequests + unseenResponses > 0) {
        const { verb } = attributes
        const unseen = entryOf(cost.unseen, kindOf(attributes), () => ({ requests: 0, responses: 0, verb }))
        unseen.requests += unseenRequests
        unseen.responses += unseenResponses
      }
      return events
    }
    for (const tally of tallies) take(tally)
    if (whole) for (const tally of impliedTallies(cell)) this.#implied += take(tally)
    else this.#noteParts(cell, decision, cost)
  }

  #noteParts({ attributes, tallies }: Cell, decision: Decision, { implied }: Cost): void {
    const kind = kindOf(attributes)
    const entryFor = ({ stage, level }: Tally): Implied =>
      entryOf(implied, `${stage} ${level} ${kind}`, () => ({ events: 0, bytes: 0, recorded: 0 }))
    for (const tally of tallies) if (isEarlier(tally)) entryFor(tally).recorded += tally.events
    const ended = tallies.filter((tally) => !isEarlier(tally))
    for (const tally of impliedTallies({ attributes, tallies: ended })) {
      const { events, bytes } = weigh(tally, attributes, decision)
      const entry = entryFor(tally)
      entry.events += events
      entry.bytes += bytes
    }
  }

  /** What the recorded events of earlier stages do not account for. */
  #addImplied(): void {
    for (const cost of this.#costs.values()) {
      for (const { events, bytes, recorded } of cost.implied.values()) {
        const left = Math.max(0, events - recorded)
        if (left === 0) continue
        cost.events += left
        cost.bytes += (bytes / events) * left
        this.#implied += left
      }
      cost.implied.clear()
    }
  }

  outcome(): Outcome {
    this.#addImplied()
    const tally = { likenedBodies: 0, likenedBytes: 0, unknownBodies: 0 }
    const unknownOf = new Set<string>()
    const rowOf = (rule: number | undefined): RuleCost => {
      const { events, bytes, unseen } = this.#costOf(rule)
      let likened = 0
      for (const [kind, { requests, responses, verb }] of unseen) {
        for (const [side, count] of [
          ["request", requests],
          ["response", responses],
        ] as const) {
          const mean = count === 0 ? 0 : this.#bodies.mean(side, kind, verb)
          if (mean === undefined) {
            tally.unknownBodies += count
            unknownOf.add(kind)
          } else if (count > 0) {
            tally.likenedBodies += count
            likened += mean * count
          }
        }
      }
      tally.likenedBytes += likened
      const level = rule === undefined ? "None" : (this.#policy.rules[rule]?.level ?? "None")
      return { ...(rule === undefined ? {} : { rule }), level, events, bytes: Math.round(bytes + likened) }
    }
    const unmatched = this.#costs.has(undefined) ? [rowOf(undefined)] : []
    const rules = [...this.#policy.rules.map((_, rule) => rowOf(rule)), ...unmatched]
    return {
      events: rules.reduce((sum, { events }) => sum + events, 0),
      bytes: rules.reduce((sum, { bytes }) => sum + bytes, 0),
      rules,
      guessed: {
        impliedEvents: this.#implied,
        ...{ ...tally, likenedBytes: Math.round(tally.likenedBytes) },
        unknownOf: [...unknownOf].sort().slice(0, UNKNOWN_SHOWN_MAX),
      },
    }
  }

  #costOf(rule: number | undefined): Cost {
    return entryOf(this.#costs, rule, () => ({ events: 0, bytes: 0, unseen: new Map(), implied: new Map() }))
  }
}

/** How large bodies are, by verb and resource, from those that were recorded. */
export class Bodies {
  readonly #means = new Map<string, Mean>()

  add({ attributes, tallies }: Cell): void {
    const kind = kindOf(attributes)
    for (const { stage, level, events, bytes } of tallies) {
      if (stage !== "ResponseComplete" || attributes.verb === "watch") continue
      if (level === "RequestResponse") this.#learn("response", kind, attributes.verb, events, bytes.response)
      if ((level === "Request" || level === "RequestResponse") && sendsBody(attributes.verb))
        this.#learn("request", kind, attributes.verb, events, bytes.request + bytes.patches)
    }
  }

  /** Of the same verb and resource; else of the verb, whatever the resource; else nobody knows. */
  mean(side: "request" | "response", kind: string, verb: string): number | undefined {
    const known = this.#means.get(`${side} ${kind}`) ?? this.#means.get(`${side} ${verb}`)
    return known === undefined || known.events === 0 ? undefined : known.bytes / known.events
  }

  #learn(side: "request" | "response", kind: string, verb: string, events: number, bytes: number): void {
    for (const key of [`${side} ${kind}`, `${side} ${verb}`]) {
      const mean = entryOf(this.#means, key, () => ({ events: 0, bytes: 0 }))
      mean.events += events
      mean.bytes += bytes
    }
  }
}

/** `create pods/exec`: requests whose bodies are alike. */
function kindOf({ verb, apiGroup, resource, subresource }: Attributes): string {
  return `${verb} ${formatResource({ resource, subresource, apiGroup })}`
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  if (map.size >= KINDS_MAX && typeof key === "string" && key !== OTHER) return entryOf(map, OTHER as K, make)
  const made = make()
  map.set(key, made)
  return made
}
