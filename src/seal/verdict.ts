import type { Micros } from "../base/time.ts"

/** What happened to something, as far as the bytes tell. */
export type Cause =
  | "changed"
  | "missing"
  | "reordered"
  | "inserted"
  | "truncated"
  | "forked"
  | "bad signature"
  | "unknown key"
  | "unreadable"

/** Of what a damage speaks. `first` and `last` count records for records, blocks for everything of the log. */
export type DamagedThing =
  | "checkpoint"
  | "tile"
  | "bundle"
  | "block"
  | "record"
  | "source"
  | "segment"
  | "column"
  | "journal"
  | "catalogue"
  | "bloom"

/** One thing that is not as it was sealed, with its exact range. */
export type Damage = {
  readonly thing: DamagedThing
  readonly cause: Cause
  readonly first?: number
  readonly last?: number
  /** File, relative to the ledger's directory. */
  readonly path?: string
  readonly detail: string
}

/** Records whose bodies were destroyed by rule; the destruction is itself a sealed record. */
export type PurgedRange = { readonly first: number; readonly last: number; readonly reason: string }

/**
 * The judgement over a ledger. `answer` is `tampered` when there is any damage; else `unknown` when there is any
 * reason in `doubts`; else `fine`.
 */
export type Verdict = {
  readonly answer: "fine" | "tampered" | "unknown"
  readonly origin: string
  /** Blocks under the signed checkpoint, and records in them. */
  readonly blocks: number
  readonly records: number
  /** Journalled but not sealed yet: real, and not provable. */
  readonly unsealed: number
  readonly segments: number
  readonly damages: readonly Damage[]
  /** Why the answer could not be `fine` although nothing is damaged. */
  readonly doubts: readonly string[]
  /** Worth knowing, changes nothing: leftovers of a crash, decided blocks without checkpoint. */
  readonly notes: readonly string[]
  readonly purged: readonly PurgedRange[]
  /** `remembered size N`, `cosigned by W at T`; empty when it rests on the key alone. */
  readonly restsOn: readonly string[]
  /** When the newest block was sealed; undefined without blocks. */
  readonly newest: Micros | undefined
}

/** The doubt about a ledger in which nothing happened yet. */
export const NO_EVENT =
  "it holds no event, only what the ledger says of itself: a new ledger, or one in the place of another"

export function answerOf(damages: readonly Damage[], doubts: readonly string[]): Verdict["answer"] {
  if (damages.length > 0) return "tampered"
  return doubts.length > 0 ? "unknown" : "fine"
}

/**
 * Joins ranges that touch or overlap and have the same thing, cause, path and detail, so that 10,000 records are one line, in
 * whatever order a segment has them.
 */
export function joinDamages(damages: readonly Damage[]): Damage[] {
  const alike = Map.groupBy(damages, ({ thing, cause, path, detail }) =>
    [thing, cause, path, detail].join("\t"),
  )
  return [...alike.values()].flatMap((group) => {
    const joined: Damage[] = []
    for (const damage of group.toSorted((a, b) => (a.first ?? -1) - (b.first ?? -1))) {
      const last = joined.at(-1)
      const touch = damage.last !== undefined && (damage.first ?? Infinity) <= (last?.last ?? -Infinity) + 1
      if (last?.last === undefined || damage.last === undefined || !touch) joined.push(damage)
      else joined[joined.length - 1] = { ...last, last: Math.max(last.last, damage.last) }
    }
    return joined
  })
}
