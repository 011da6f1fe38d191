import { setPriority } from "node:os"
import { checkpointOf } from "../seal/remember.ts"
import { type ScrubState, scrub } from "../seal/scrub.ts"
import type { Verdict } from "../seal/verdict.ts"

/** What the server asks: a check of what is new, or of everything. */
export type ScrubAsked = {
  readonly dir: string
  readonly keys: readonly string[]
  readonly full: boolean
  /** The signed checkpoint that is remembered of this ledger. */
  readonly remembered: string | undefined
  readonly now: number
}
export type ScrubAnswer = { readonly verdict: Verdict } | { readonly failed: string }

/** Below everything else that wants the processor. */
const NICE = 10

setPriority(NICE)
let state: ScrubState | undefined

process.on("message", (asked: ScrubAsked) => {
  const since = asked.full ? undefined : state
  const { dir, keys, now } = asked
  const remembered = asked.remembered === undefined ? undefined : checkpointOf(asked.remembered)
  scrub({ dir, keys, since, remembered, now }).then(
    (done) => {
      state = done.state
      process.send?.({ verdict: done.verdict } satisfies ScrubAnswer)
    },
    (error: unknown) => {
      process.send?.({ failed: error instanceof Error ? error.message : String(error) } satisfies ScrubAnswer)
    },
  )
})
process.on("disconnect", () => process.exit(0))
