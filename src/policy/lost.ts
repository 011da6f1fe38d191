import { QUESTIONS } from "../query/questions/index.ts"
import { coverageOf } from "./coverage.ts"
import { compilePolicy, type Decide } from "./decide.ts"
import { LEVELS, type Level, type Policy } from "./policy.ts"
import { isProtected, PROTECTED, type Protected, protectedName } from "./protected.ts"
import type { Cell } from "./traffic.ts"

/** Something that needs records: a saved question, a detection, a line of a control list. */
export type Need = { readonly name: string; readonly needs: readonly Protected[] }

/** What a policy would no longer serve. */
export type Lost = {
  readonly need: string
  readonly resource: string
  readonly verbs: readonly string[]
  readonly needed: Level
  /** The lowest level that its requests would be recorded at. */
  readonly reached: Level
  readonly why: string
  /** Whether the policy in force serves it; undefined where that policy is not known. */
  readonly before: boolean | undefined
  /** Events in the recorded traffic that it would no longer find. */
  readonly events: number
  readonly example: string
}

/** The saved questions, each with what it reads. */
export const QUESTION_NEEDS: readonly Need[] = QUESTIONS.map(({ name, title, needs }) => ({
  name: `question ${name}`,
  needs: needs.map((need) => ({ ...need, why: title })),
}))

/** The questions, and the protected resources, each as a need of its own. */
export const NEEDS_DEFAULT: readonly Need[] = [
  ...QUESTION_NEEDS,
  ...PROTECTED.map((line) => ({ name: line.why, needs: [line] })),
]

/** Collects, over recorded traffic, what each need would lose under a policy. */
export class Losses {
  readonly #policy: Policy
  readonly #decide: Decide
  readonly #needs: readonly Need[]
  readonly #lines: readonly Protected[]
  /** By the resource's name within its line. */
  readonly #lost = new Map<Protected, Map<string, number>>()

  constructor(policy: Policy, needs: readonly Need[] = NEEDS_DEFAULT) {
    this.#policy = policy
    this.#decide = compilePolicy(policy)
    this.#needs = needs
    this.#lines = [...new Set(needs.flatMap((need) => need.needs))]
  }

  add({ attributes, tallies }: Cell): void {
    if (!attributes.isResourceRequest) return
    const { level } = this.#decide(attributes)
    for (const line of this.#lines) {
      if (!isProtected(line, attributes) || rank(level) >= rank(line.level)) continue
      const events = tallies
        .filter(({ stage }) => stage !== "RequestReceived")
        .reduce((sum, tally) => sum + tally.events, 0)
      const counts = this.#lost.get(line) ?? new Map<string, number>()
      const { resource, subresource } = attributes
      const text = subresource === "" ? resource : `${resource}/${subresource}`
      const name = protectedName(line.group, line.resources.includes(text) ? text : "*")
      this.#lost.set(line, counts.set(name, (counts.get(name) ?? 0) + events))
    }
  }

  /** Needs that the policy does not serve, and `current` does or may. */
  found(current: Policy | undefined): readonly Lost[] {
    return this.#needs.flatMap(({ name, needs }) =>
      needs.flatMap((line) => {
        const before = current === undefined ? undefined : coverageOf(current, [line])
        return coverageOf(this.#policy, [line]).flatMap((covered, i): readonly Lost[] => {
          const served = before?.[i]?.verdict
          if (covered.verdict !== "below" || served === "below") return []
          return [
            {
              ...{ need: name, resource: covered.name, verbs: covered.verbs, why: covered.why },
              ...{ needed: line.level, reached: covered.lowest },
              before: served === undefined ? undefined : true,
              events: this.#lost.get(line)?.get(covered.name) ?? 0,
              example: covered.witnesses[0]?.request ?? "",
            },
          ]
        })
      }),
    )
  }
}

const rank = (level: Level): number => LEVELS.indexOf(level)
