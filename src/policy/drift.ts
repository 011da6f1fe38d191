import type { Micros } from "../base/time.ts"
import { compilePolicy, type Decide } from "./decide.ts"
import { timeText } from "./event-time.ts"
import { EXPECTED, type ExpectedTraffic } from "./expected-traffic.ts"
import type { Level, Policy, Stage } from "./policy.ts"
import { formatRequest } from "./request-text.ts"
import type { Cell, Tally } from "./traffic.ts"

/**
 * Events that the declared policy would not have produced, and events it should have and that never came. The policy in
 * force cannot be asked of an API server; what it writes can be held against the one it is said to have.
 */
export type Drift = {
  /** `recorded`: no event was due. `stage`: not at this stage. `level`: at another level. `missing`: due, and not there. `flags`: not with these flags. */
  readonly kind: "recorded" | "stage" | "level" | "missing" | "flags"
  /** Index of the declared rule that decides; absent where none matches. */
  readonly rule?: number
  readonly expected: string
  readonly seen: string
  readonly events: number
  /** Times of the first and last such event. */
  readonly since: string
  readonly until: string
  /** auditIDs; none for what never came. */
  readonly examples: readonly string[]
  readonly request: string
  /** What the conclusion rests on, where it is not the events themselves. */
  readonly because?: string
}

/** With fewer requests, a stage that never came may be chance: a stream that begins or ends between two stages. */
const REQUESTS_MIN = 20
/** An expected request is due when it should have come so many times. */
const PERIODS_MIN = 10
const EXAMPLES_MAX = 3

type Times = { first: Micros; last: Micros }
type Found = Times & {
  events: number
  readonly drift: Omit<Drift, "events" | "since" | "until" | "examples">
  readonly examples: string[]
}
type StageCount = Times & { received: number; ended: number; readonly request: string }

export class DriftSearch {
  readonly #policy: Policy
  readonly #decide: Decide
  /** By rule, kind, stage and level: their number does not grow with the traffic. */
  readonly #found = new Map<string, Found>()
  readonly #stages = new Map<number, StageCount>()
  readonly #came = new Set<ExpectedTraffic>()

  constructor(policy: Policy) {
    this.#policy = policy
    this.#decide = compilePolicy(policy)
  }

  add({ attributes, tallies }: Cell): void {
    const decision = this.#decide(attributes)
    for (const expected of EXPECTED) if (expected.matches(attributes)) this.#came.add(expected)
    for (const tally of tallies) {
      const { level } = decision
      const at = tally.level ?? "an unknown level"
      const seen = `${tally.stage} at ${at}`
      if (level === "None") this.#note("recorded", tally, { decision, attributes }, "no event", seen)
      else if (decision.omitStages.includes(tally.stage))
        this.#note("stage", tally, { decision, attributes }, `no ${tally.stage}`, seen)
      else if (tally.level !== undefined && tally.level !== level)
        this.#note("level", tally, { decision, attributes }, level, seen)
    }
    if (decision.rule !== undefined && attributes.user !== undefined)
      this.#countStages(decision.rule, { attributes, tallies })
  }

  /** Everything found, most events first. `seconds` is how long the traffic lasted. */
  found(seconds: number): readonly Drift[] {
    const drifts = [...this.#found.values()]
      .sort((a, b) => b.events - a.events)
      .map(({ drift, events, examples, ...times }) => ({ ...drift, events, ...textsOf(times), examples }))
    return [...drifts, ...this.#missingStages(), ...this.#missingTraffic(seconds)]
  }

  #note(
    kind: Drift["kind"],
    tally: Tally,
    { decision, attributes }: { decision: ReturnType<Decide>; attributes: Cell["attributes"] },
    expected: string,
    seen: string,
  ): void {
    const { rule } = decision
    const key = `${rule} ${kind} ${expected} ${seen}`
    let found = this.#found.get(key)
    if (found === undefined) {
      const numbered = rule === undefined ? {} : { rule }
      const { first, last } = tally
      const drift = { kind, ...numbered, expected, seen, request: formatRequest(attributes) }
      found = { drift, events: 0, first, last, examples: [] }
      this.#found.set(key, found)
    }
    found.events += tally.events
    widen(found, tally)
    const room = EXAMPLES_MAX - found.examples.length
    if (room > 0) found.examples.push(...tally.examples.slice(0, room))
  }

  #countStages(rule: number, { attributes, tallies }: Cell): void {
    const request = formatRequest(attributes)
    for (const { stage, events, first, last } of tallies) {
      const count = this.#stages.get(rule) ?? { received: 0, ended: 0, request, first, last }
      this.#stages.set(rule, count)
      if (stage === "RequestReceived") count.received += events
      else if (stage !== "ResponseStarted") count.ended += events
      widen(count, { first, last })
    }
  }

  *#missingStages(): Generator<Drift> {
    for (const [rule, { received, ended, request, ...times }] of this.#stages) {
      const due = (stage: Stage, come: number, others: number): boolean =>
        come === 0 && others >= REQUESTS_MIN && !this.#omits(rule).includes(stage)
      const none = { seen: "none", events: 0, examples: [] }
      const missing = { kind: "missing" as const, rule, ...none, ...textsOf(times) }
      if (due("RequestReceived", received, ended))
        yield {
          ...{ ...missing, expected: "RequestReceived", request },
          because: `${ended} requests of this rule ended, and none was ever received`,
        }
      if (due("ResponseComplete", ended, received))
        yield {
          ...{ ...missing, expected: "ResponseComplete", request },
          because: `${received} requests of this rule were received, and none ended`,
        }
    }
  }

  #omits(rule: number): readonly Stage[] {
    return [...this.#policy.omitStages, ...(this.#policy.rules[rule]?.omitStages ?? [])]
  }

  *#missingTraffic(seconds: number): Generator<Drift> {
    for (const expected of EXPECTED) {
      const { level, rule, omitStages }: { level: Level; rule?: number; omitStages: readonly Stage[] } =
        this.#decide(expected.request)
      const isDue = level !== "None" && !omitStages.includes("ResponseComplete")
      if (!isDue || this.#came.has(expected) || seconds < expected.everySeconds * PERIODS_MIN) continue
      yield {
        ...{
          kind: "missing",
          ...(rule === undefined ? {} : { rule }),
          expected: expected.name,
          seen: "none",
        },
        ...{ events: 0, since: "", until: "", examples: [], request: formatRequest(expected.request) },
        because: expected.because,
      }
    }
  }
}

function widen(times: Times, { first, last }: Readonly<Times>): void {
  if (first < times.first) times.first = first
  if (last > times.last) times.last = last
}

function textsOf({ first, last }: Readonly<Times>): Pick<Drift, "since" | "until"> {
  return { since: timeText(first), until: timeText(last) }
}
