import { setPriority } from "node:os"
import { type ScrubState, scrub } from "../seal/scrub.ts"
import type { Verdict } from "../seal/verdict.ts"

/** What the server asks: a check of what is new, or of everything. */
export type ScrubAsked = {
  readonly dir: string
  readonly keys: readonly string[]
  readonly full: boolean
  readonly now: number
}
export type ScrubAnswer = { readonly verdict: Verdict } | { readonly failed: string }

/** Below everything else that wants the processor. */
const NICE = 10

setPriority(NICE)
let state: ScrubState | undefined

process.on("message", (asked: ScrubAsked) => {
  const since = asked.full ? undefined : state
  scrub({ dir: asked.dir, keys: asked.keys, since, now: asked.now }).then(
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
