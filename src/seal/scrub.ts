import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Micros } from "../base/time.ts"
import type { Checkpoint } from "../tlog/checkpoint.ts"
import { checkpointOf } from "./remember.ts"
import type { Verdict } from "./verdict.ts"
import { larger, verifyLedger } from "./verify.ts"
import type { ControlsDone } from "./verify-job.ts"

/** What one run hands to the next. In memory: a process that starts anew begins with a full run. */
export type ScrubState = {
  /** Every record below was held to its block and was whole. */
  readonly records: number
  /** The log must go on from here. */
  readonly checkpoint: Checkpoint | undefined
  /** The ledger's own records in segments, by the segment's name. */
  readonly known: Map<string, ControlsDone>
}

export type ScrubRequest = {
  /** The ledger's directory. A server may be writing to it. */
  readonly dir: string
  /** Verifier keys of the ledger, from the configuration and not from its files. */
  readonly keys: readonly string[]
  /** The run before: only what came since is read again, and the whole log. Undefined: everything is. */
  readonly since: ScrubState | undefined
  /** The largest checkpoint known of this ledger outside it: one that was replaced by an older copy is not fine. */
  readonly remembered?: Checkpoint | undefined
  readonly now: Micros
  readonly stop?: AbortSignal
}

export type Scrubbed = {
  readonly verdict: Verdict
  /** For the next run; that before where this one found something. */
  readonly state: ScrubState | undefined
}

/**
 * `verify` as a check that runs now and then beside the server, with one reader: one core at most, in a process of its
 * own. Incremental with `since`; a full run finds what happens to old segments and is due less often.
 */
export async function scrub({ dir, keys, since, remembered, now, stop }: ScrubRequest): Promise<Scrubbed> {
  const known = since?.known ?? new Map<string, ControlsDone>()
  for (const name of known.keys()) if (!existsSync(join(dir, "segments", name))) known.delete(name)
  const { verdict, signed } = await verifyLedger({
    dir,
    keys,
    remembered: larger(since?.checkpoint, remembered),
    now,
    readers: 1,
    known,
    recordsFrom: since?.records ?? 0,
    ...(stop === undefined ? {} : { stop }),
  })
  if (verdict.answer !== "fine" || signed === undefined) return { verdict, state: since }
  return { verdict, state: { records: verdict.records, checkpoint: checkpointOf(signed), known } }
}
